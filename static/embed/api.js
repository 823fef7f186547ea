// What pages may use: window.consent, and attributes.
//
// Takes all parts but start.js.

const api = {
  open: openSettings,
  get: state,
  set: (...wanted) => after("set", ...wanted),
  on: (name, listener) => document.addEventListener("consent:" + name, ({ detail }) => listener(detail)),
  withdraw: () => decideAll(false, "settings"),
};

// At the window and before the page hears of it, for menus that tell nobody, and through open shadow roots.
function onClick(event) {
  if (event.composedPath().some((each) => each.matches?.("[data-consent-open]"))) {
    event.preventDefault();
    openSettings();
  }
}

function onKey(event) {
  if (!isAsking()) return;
  // The keyboard comes here first, and goes on into the page.
  if (event.key === "Tab" && event.target === document.body) document.body.prepend(main.host), lift();
  after("onKey", event);
}

// What the scripts in after/ and more/ take besides.
Object.assign(main, {
  api, jar, OWN, PURPOSES, SERVICES, withheld, addStyle, show, hide, say, begin, apply, signal, load, ask, boxes, decide, isAsking, speak,
  showBanner, isGranted, readChoice, writeChoice, parse, catchUp,
});
