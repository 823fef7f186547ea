// What pages may use: window.consent, and attributes.
//
// Takes all parts but start.js.

const api = {
  open: openSettings,
  get: state,
  set(purposes, services = {}, source = "settings") {
    const wanted = mapKeys(PURPOSES, (purpose) =>
      purpose in purposes ? purposes[purpose] === true : isGranted(purpose));
    const single = {};
    // What was decided about a single service stands until its purpose is named.
    for (const service in choice?.s) {
      if (SERVICES[service] && !(SERVICES[service][0] in purposes)) single[service] = isServiceGranted(service);
    }
    for (const service in services) {
      if (Object.hasOwn(SERVICES, service)) single[service] = services[service] === true;
    }
    decide("choose", source, wanted, single);
  },
  on: (name, listener) => name === "change" && listeners.push(listener),
  withdraw: () => decideAll(false, "settings"),
};

addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-consent-open]")) return;
  event.preventDefault();
  openSettings();
});

// Escape leaves everything refused and stores nothing. Whoever uses the keyboard wants to see the focus: more/focus.js.
addEventListener("keydown", ({ key }) => isAsking() && (key === "Escape" ? showReopen() : loadMore()));

// What the parts in more/ take.
window.samtykke = {
  BASE, NOTICE, language, withheld,
  make, addStyle, show, showBanner, showReopen, mustAsk, decide, decideAll, isAllowed, start,
  get once() { return once; },
  get root() { return root; },
  get shown() { return shown; },
};
