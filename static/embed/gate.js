// The gate: starts what the choice allows, in document order, and undoes what it no longer allows.
//
// Takes choice.js.

const GATED = 'script[type="text/plain"][data-consent],iframe[data-src][data-consent]';
const listeners = [];
let starting = false;

function isAllowed({ dataset }) {
  return isGranted(dataset.consent, dataset.consentService);
}

// One after the other: a script that loads holds up those after it, as in an ordinary page.
async function startAllowed() {
  if (starting) return;
  starting = true;
  let next;
  const find = (element) => isAllowed(element) && !element.hasAttribute("src");
  try {
    while (choice && (next = [...document.querySelectorAll(GATED)].find(find))) await start(next);
  } finally {
    starting = false;
    stopForbidden(); // what was under way when the choice changed may have left something behind
  }
}

function start(element) {
  const source = element.dataset.src;
  if (element.tagName === "IFRAME") {
    element.src = source;
    return;
  }
  // A script that was parsed as plain text never runs; a new one in its place does.
  const script = document.createElement("script");
  for (const { name, value } of element.attributes) {
    if (name !== "type" && name !== "data-src") script.setAttribute(name, value);
  }
  script.nonce = element.nonce;
  if (element.dataset.type) script.type = element.dataset.type;
  return new Promise((done) => {
    if (source) {
      script.onload = script.onerror = done;
      script.src = source;
    } else {
      script.text = element.text;
    }
    element.replaceWith(script);
    // One that never answers does not hold up the others for ever.
    setTimeout(done, source && !element.hasAttribute("async") ? 5000 : 0);
  });
}

// What has run cannot be stopped; what it stored can be deleted, and frames can be emptied.
function stopForbidden() {
  for (const frame of document.querySelectorAll("iframe[data-src][data-consent][src]")) {
    if (!isAllowed(frame)) frame.removeAttribute("src");
  }
  const named = Object.entries(CONFIG.services);
  const matches = (pattern, name) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  const usedBy = (name, granted) =>
    named.some(([service, [, cookies]]) =>
      isServiceGranted(service) === granted && cookies.some((pattern) => matches(pattern, name)));
  for (const pair of document.cookie.split("; ")) {
    const name = pair.split("=")[0];
    if (usedBy(name, false) && !usedBy(name, true)) deleteCookie(name);
  }
}

// A page cannot see for which domain and path a cookie was set, so each that is possible is tried.
function deleteCookie(name) {
  const labels = location.hostname.split(".");
  const domains = ["", ...labels.map((_, index) => ";domain=" + labels.slice(index).join("."))];
  for (const domain of domains) {
    let path = "";
    for (const step of location.pathname.split("/")) {
      path += step;
      document.cookie = `${name}=;max-age=0;path=${path}${domain}`;
      path += "/";
      document.cookie = `${name}=;max-age=0;path=${path}${domain}`;
    }
  }
}

// Makes the page follow the choice, and tells whoever listens.
function apply() {
  stopForbidden();
  const detail = state();
  for (const listener of listeners) {
    try {
      listener(detail);
    } catch (error) {
      console.error(error); // a page's mistake must not stop what a visitor decided
    }
  }
  document.dispatchEvent(new CustomEvent("consent:change", { detail }));
  startAllowed();
  if (CONFIG.hits === "analytics") sendHit();
}
