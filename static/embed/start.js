// Begins, when all parts are there.

// A page of the site in a frame of another one: that asks, and this follows.
let outer;
try {
  outer = parent !== self && parent.document.querySelector(OURS);
} catch {
  // Of another origin.
}

function begin() {
  if (outer || !document.body) return;
  // What the browser has refused already is not asked. Whether a choice holds: after/control.js.
  if (main.choice || Object.keys(PURPOSES).every((purpose) => withheld.includes(purpose))) return after("settle");
  // The sentence for browsers that ask not to be tracked comes with the second script.
  if (withheld[0]) return ask("getNote").then(showBanner);
  showBanner();
}

// Follows what was chosen in another tab or frame, when the page is looked at again.
function catchUp() {
  if (document.hidden) return;
  signal(); // somebody sees a page that was loaded in advance
  const before = main.choice?.i;
  main.choice = readChoice();
  if (main.choice?.i !== before) {
    hide();
    begin();
    apply();
  }
}

// Once more after document.open(), which takes all listeners away; the same one twice is one.
function listen() {
  addEventListener("click", onClick, true);
  addEventListener("keydown", onKey);
  addEventListener("focus", catchUp);
  document.addEventListener("visibilitychange", catchUp);
  document.addEventListener("toggle", onToggle, true);
  if (outer) outer.ownerDocument.addEventListener("consent:change", catchUp);
}

// Something else in the top layer.
const onToggle = ({ target }) => target.popover && target !== main.host && after("raise");

// What has something to show, or can be kept from others, before a choice.
const DRAWN = "[data-consent]:not(script),[data-consent-notice],[data-consent-cookies],:not(:defined,[popover]),dialog[open]";
const has = (node) => node.matches?.(DRAWN) || node.querySelector?.(DRAWN);

// Of what comes into the page, that is all that is looked for: after/watch.js looks closer.
function look(records) {
  if (main.host && !main.host.isConnected) {
    // Another body is in the place of ours, or another document.
    hide();
    listen();
    begin();
  }
  if (main.choice || main.after || records.some((record) => record.attributeName || [...record.addedNodes].some(has))) after("look", records);
  signal();
}

// Before anything gated runs, which may want it.
window.consent = api;

// Chromium looks up where in the source each function on the stack stands when a cookie is read, and parses them again
// for it. In a task of its own, which is still before any other script, this function is all that there is on the stack.
queueMicrotask(() => {
  main.choice = readChoice();
  // Nothing starts on a choice that may have been withdrawn on the privacy pages.
  main.held = main.choice?.r > 0;
  api.ready = Promise.resolve(main.choice && after("begin")).then(state);
  signal();
  listen();
  // Not before the page has been parsed: an application that takes it over would find more in it than it knows. Unless
  // that takes long.
  const start = (late) => {
    if (main.begun || (document.readyState === "loading" && late !== 1)) return;
    main.begun = true;
    begin();
    look([{ addedNodes: [document] }]);
  };
  document.addEventListener("readystatechange", start);
  setTimeout(start, 1000, 1);
  start();
  new MutationObserver(look).observe(document, {
    childList: true,
    subtree: true,
    attributeFilter: ["lang", "inert", "aria-hidden", "open"],
  });
});
