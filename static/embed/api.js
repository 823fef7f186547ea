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
    for (const service in SERVICES) {
      if (service in services) single[service] = services[service] === true;
      // What was decided about a single service stands until its purpose is named.
      else if (choice && service in choice.s && !(SERVICES[service][0] in purposes)) single[service] = isServiceGranted(service);
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
  api, once, BASE, language, withheld, addStyle, show, showBanner, showReopen, isAsking, mustAsk, isAllowed, start,
};
