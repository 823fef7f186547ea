// What pages may use: window.consent, and attributes.
//
// Takes choice.js, gate.js, settings.js.

const api = {
  open: openSettings,
  get: state,
  set(purposes, services = {}) {
    const wanted = mapKeys(CONFIG.purposes, (purpose) =>
      purpose in purposes ? purposes[purpose] === true : isGranted(purpose));
    const single = keptServices(wanted);
    for (const service in services) {
      if (Object.hasOwn(CONFIG.services, service)) single[service] = services[service] === true;
    }
    decide("choose", "settings", wanted, single);
  },
  on: (name, listener) => name === "change" && listeners.push(listener),
  withdraw: () => decideAll(false, "settings"),
};

addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-consent-open]")) return;
  event.preventDefault();
  openSettings();
});

addEventListener("keydown", (event) => event.key === "Escape" && dismiss());
