// What pages may use: window.consent, and attributes.
//
// Takes choice.js, gate.js, settings.js.

const api = {
  open: openSettings,
  get: state,
  set: (purposes, services) =>
    decide("choose", "settings", { ...mapKeys(CONFIG.purposes, (purpose) => isGranted(purpose)), ...purposes }, services),
  on: (name, listener) => name === "change" && listeners.push(listener),
  withdraw: () => decideAll(false, "settings"),
};

addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-consent-open]")) return;
  event.preventDefault();
  openSettings();
});

addEventListener("keydown", (event) => event.key === "Escape" && dismiss());
