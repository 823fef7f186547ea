// Looks at what comes into the page, there and in the open shadow roots there, and at what the page does around the
// banner.
//
// Takes main, gate.js.

// What waits for consent, or is filled in.
const WAITING = "[data-consent],[data-consent-notice],[data-consent-cookies]";
const WATCHED = { childList: true, subtree: true, attributeFilter: ["data-consent", "src"] };
const watcher = new MutationObserver(look);
let roots = [document];

function all(selector) {
  roots = roots.filter((each) => each.isConnected);
  return roots.flatMap((each) => [...each.querySelectorAll(selector)]);
}

function look(records) {
  // Out of place: somebody has put other elements around all that the page has.
  if (main.host && !main.host.parentNode.matches("body,dialog")) raise();
  let found = false;
  for (const record of records) {
    // A great many at once are asked for together.
    const came = record.addedNodes.length > 1000 ? [record.target] : record.addedNodes;
    if (!record.attributeName) for (const node of came) found = meet(node) || found;
    else found = notice(record.target, record.attributeName) || found;
  }
  if (found) follow();
}

function notice(target, name) {
  const page = document.documentElement;
  if (name === "open") raise();
  // What shuts out the rest of the page while a dialog of its own is there.
  else if (target === main.host && (name === "inert" || name === "aria-hidden")) target.removeAttribute(name);
  else if (target === page && name === "lang" && !main.choice) {
    main.speak();
    if (main.isAsking()) main.begin();
    return true;
  }
  return target.matches("[data-consent]");
}

// Whether there is anything to follow in what came. The whole document comes once only.
let hasMet = false;

function meet(node) {
  if (!node.querySelectorAll || node === main.host || mine.has(node) || (node === document && hasMet)) return false;
  if (node === document) hasMet = true;
  let found = node.matches?.(WAITING);
  if (node.matches?.(":not(:defined)")) awaitRoot(node);
  found = enter(node) || found;
  // Most of what comes has nothing within.
  if (!node.firstElementChild) return found;
  if (node.querySelector("dialog[open]")) raise();
  for (const each of node.querySelectorAll("*")) if (each.shadowRoot) found = enter(each) || found;
  node.querySelectorAll(":not(:defined)").forEach(awaitRoot);
  return node.querySelector(WAITING) || found;
}

function awaitRoot(element) {
  const defined = () => enter(element) && follow();
  customElements.whenDefined(element.localName).then(defined, () => {});
}

function enter({ shadowRoot }) {
  if (!shadowRoot || shadowRoot === main.root || roots.includes(shadowRoot)) return false;
  roots.push(shadowRoot);
  watcher.observe(shadowRoot, WATCHED);
  return meet(shadowRoot);
}

// Above all else in the top layer; from within a modal dialog of the page's, as nothing outside it can be used while it
// is open.
function raise() {
  const host = main.host;
  if (!host?.togglePopover) return;
  const home = [...document.querySelectorAll("dialog:modal")].pop() || document.body;
  if (host.parentNode !== home) home.append(host);
  host.togglePopover(false);
  host.togglePopover(true);
}

// Escape leaves everything refused and stores nothing. It is the page's where somebody is in the page.
function onKey({ key, target, defaultPrevented }) {
  const isOurs = main.host?.contains(target);
  if (key === "Escape" && !defaultPrevented && (isOurs || (target === document.body && !document.querySelector("dialog[open]")))) {
    main.hide();
    settle({ focused: isOurs });
  }
  // Whoever uses the keyboard wants to see the focus: more/focus.js.
  main.load("more");
}
