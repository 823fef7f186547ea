// Scripts that waited: run as an ordinary page would have run them, as far as that can still be.

// Those that run: copies of what waits, which stays where it is and as it is. So whatever made the page finds its
// elements, and what keeps copies of pages (Turbo) keeps none that run without asking.
const mine = new WeakSet();
const started = new WeakSet();
// What exchanges pages without loading them runs a script of the head that is there already no second time; Astro none
// at all that it has seen, and marks it.
const ran = new Set();
const keyOf = (script) => script.dataset.src || script.text;
const isKnown = (script) => (script.closest("head") || "astroExec" in script.dataset) && ran.has(keyOf(script));

const isDeferred = (script) =>
  script.dataset.type === "module" || (script.hasAttribute("defer") && "src" in script.dataset);

const isScriptWaiting = (script) =>
  script.type === "text/plain" &&
  !started.has(script) &&
  (document.readyState !== "loading" || !isDeferred(script)) &&
  !isKnown(script);

function startScript(element) {
  started.add(element);
  ran.add(keyOf(element));
  return run(element, element.dataset.src, element.dataset.type);
}

// Only where browsers agree that what was fetched is what is run: some take one with a hash twice.
function fetchAhead(element) {
  const src = element.dataset.src;
  if (element.localName !== "script" || !src || element.dataset.type === "module" || element.integrity) return;
  const link = document.createElement("link");
  link.rel = "preload";
  link.as = "script";
  for (const name of ["crossorigin", "referrerpolicy"]) {
    if (element.hasAttribute(name)) link.setAttribute(name, element.getAttribute(name));
  }
  link.nonce = element.nonce;
  link.onload = link.onerror = () => link.remove();
  link.href = src;
  document.head.append(link);
}

// Runs a copy of a script, and resolves when it has run; one that never answers does not hold up the others for ever.
function run(element, source, type) {
  standIn();
  const script = document.createElement("script");
  for (const attribute of element.attributes) {
    if (attribute.name !== "type" && attribute.name !== "data-src") script.setAttribute(attribute.name, attribute.value);
  }
  script.nonce = element.nonce;
  if (type) script.type = type;
  mine.add(script);
  const onload = window.onload;
  return new Promise((done) => {
    const end = () => {
      // One with an address can still be found by it, where no application owns what is around it.
      if (source) document.head.append(script);
      else script.remove();
      if (window.onload !== onload && hasFired.load()) setTimeout(() => window.onload?.(new Event("load")));
      setTimeout(() => finishWriting(script).then(done));
    };
    if (source) {
      script.onload = script.onerror = end;
      script.src = source;
      // One with async holds up nobody.
      setTimeout(done, element.hasAttribute("async") ? 0 : 5000);
    } else {
      script.text = element.text;
    }
    // Where it stands, which it may ask; if it cannot matter, out of everybody's way.
    if (source && (element.hasAttribute("async") || isDeferred(element))) document.head.append(script);
    else element.after(script);
    if (!source) end();
  });
}

// What a script that comes late may still expect of the page: that it can write where it stands, and that it is told
// when the page is there, which it has been for long.
const timing = () => performance.getEntriesByType("navigation")[0] || {};
const hasFired = {
  DOMContentLoaded: () => timing().domContentLoadedEventStart > 0,
  load: () => timing().loadEventStart > 0,
};
let isStandingIn = false;

function standIn() {
  if (isStandingIn) return;
  isStandingIn = true;
  for (const name of ["write", "writeln"]) {
    const original = document[name];
    document[name] = function (...texts) {
      const script = document.currentScript;
      if (!mine.has(script)) return original.apply(document, texts);
      write(script, texts.join("") + (name === "write" ? "" : "\n"));
    };
  }
  for (const target of [document, window]) {
    const original = target.addEventListener;
    target.addEventListener = function (type, listener, ...options) {
      original.call(this, type, listener, ...options);
      if (!mine.has(document.currentScript) || !Object.hasOwn(hasFired, type) || !hasFired[type]()) return;
      setTimeout(() => (listener.handleEvent ? listener.handleEvent(new Event(type)) : listener.call(this, new Event(type))));
    };
  }
}

// What each script has written so far, and the nodes that this is in the page: written in pieces, it is read anew with
// each of them.
const written = new Map();

function write(script, text) {
  const before = written.get(script) || { text: "", nodes: [] };
  const template = document.createElement("template");
  template.innerHTML = before.text + text;
  for (const node of before.nodes) node.remove();
  const nodes = [...template.content.childNodes];
  script.before(...nodes);
  written.set(script, { text: before.text + text, nodes });
}

// Scripts in what was written run last, one after the other.
async function finishWriting(script) {
  const nodes = written.get(script)?.nodes || [];
  written.delete(script);
  for (const node of nodes) {
    if (node.nodeType !== 1) continue;
    for (const each of node.matches("script") ? [node] : node.querySelectorAll("script")) {
      if (each.type !== "text/plain") await run(each, each.getAttribute("src"), each.type);
    }
  }
}
