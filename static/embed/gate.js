// The gate: starts what the choice allows, in document order, and undoes what it no longer allows.
//
// Takes choice.js.

const GATED = 'script[type="text/plain"][data-consent],iframe[data-src][data-consent]';
const listeners = [];
// Frames that a visitor loaded without deciding anything.
const once = [];
// What else follows the choice: each is called after every change, and tells only what it has not told yet.
const signals = [];
let starting = false;
// While a choice waits to be painted, or to be confirmed, nothing starts.
let held = false;

function isAllowed({ dataset }) {
  return isGranted(dataset.consent, dataset.consentService);
}

// A mistake of the page's must not stop what a visitor decided.
function call(listener, detail) {
  try {
    listener(detail);
  } catch (error) {
    reportError(error);
  }
}

const signal = () => held || signals.forEach(call);

// One after the other, each in a task of its own: a script that loads holds up those after it, as in an
// ordinary page.
async function startAllowed() {
  if (starting) return;
  starting = true;
  let next;
  let any;
  const find = (element) => isAllowed(element) && !element.hasAttribute("src");
  try {
    while (!held && (next = [...document.querySelectorAll(GATED)].find(find))) {
      await start((any = next));
      signal();
    }
  } finally {
    starting = false;
    if (any) stopForbidden(); // what was under way when the choice changed may have left something behind
  }
}

function start(element) {
  const source = element.dataset.src;
  return new Promise((done) => {
    let patience = 0;
    if (element.tagName === "IFRAME") {
      element.src = source;
    } else {
      // A script that was parsed as plain text never runs; a new one in its place does.
      const script = document.createElement("script");
      for (const { name, value } of element.attributes) {
        if (name !== "type" && name !== "data-src") script.setAttribute(name, value);
      }
      script.nonce = element.nonce;
      if (element.dataset.type) script.type = element.dataset.type;
      if (source) {
        script.onload = script.onerror = () => setTimeout(done);
        script.src = source;
        // One that never answers does not hold up the others for ever.
        if (!element.hasAttribute("async")) patience = 5000;
      } else {
        script.text = element.text;
      }
      element.replaceWith(script);
    }
    setTimeout(done, patience);
  });
}

// What arrives in the page, parsed or added by a script, passes the gate too.
function follow() {
  if (choice) startAllowed();
  if (document.querySelector("iframe[data-src][data-consent]:not([src]),[data-consent-notice],[data-consent-cookies]")) ask("complete");
}

// What has run cannot be stopped; frames can be emptied, and what it stored can be deleted, until a page finds
// nothing left.
function stopForbidden() {
  for (const frame of document.querySelectorAll("iframe[data-src][data-consent][src]")) {
    if (!isAllowed(frame) && !once.includes(frame)) frame.removeAttribute("src");
  }
  // One cookie is the choice itself.
  if (choice?.d && document.cookie.includes(";")) {
    const of = choice.i;
    ask("deleteCookies").then((found) => {
      if (starting || found !== false || readChoice()?.i !== of || choice.i !== of) return;
      choice.d = 0;
      writeChoice();
    });
  }
}

// Makes the page follow the choice, and tells whoever listens.
function apply() {
  stopForbidden();
  signal();
  const detail = state();
  for (const listener of listeners) call(listener, detail);
  document.dispatchEvent(new CustomEvent("consent:change", { detail }));
  follow();
}
