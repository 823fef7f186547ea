// Frames, and all other elements that load something: what waits is in `data-` attributes, and is put into their own
// when it may be loaded.

const NAMES = ["src", "srcset", "href", "data", "poster"];
const filled = new WeakSet();
const warned = new WeakSet();

// An element, and those within that load for it.
const partsOf = (element) => [element, ...element.querySelectorAll("source,img,track")].filter((part) => part === element || !part.dataset.consent);

// Libraries that load lazily know `data-src` too: from theirs it is put aside.
const isLazy = (part) => /laz|loz/i.test(part.className);

function addressesOf(part) {
  const found = {};
  for (const name of NAMES) {
    if (name in part.dataset && isLazy(part)) {
      part.setAttribute("data-consent-" + name, part.dataset[name]);
      part.removeAttribute("data-" + name);
    }
    const address = part.getAttribute("data-consent-" + name) ?? part.dataset[name];
    if (address !== undefined) found[name] = address;
  }
  return found;
}

const isFilled = (element) => filled.has(element);
const isWaiting = (element) => !isFilled(element) && partsOf(element).some((part) => Object.keys(addressesOf(part))[0]);

function fill(element) {
  filled.add(element);
  // Its sandbox was put aside for the placeholder.
  const sandbox = element.dataset.consentSandbox;
  change(element, () => {
    if (sandbox !== undefined) element.setAttribute("sandbox", sandbox);
    for (const part of partsOf(element)) {
      const addresses = addressesOf(part);
      for (const name of Object.keys(addresses)) part.setAttribute(name, addresses[name]);
    }
  });
  return new Promise(setTimeout);
}

function empty(element) {
  const wasOurs = filled.delete(element);
  let isEarly = false;
  let any = false;
  for (const part of partsOf(element)) {
    const addresses = addressesOf(part);
    for (const name of Object.keys(addresses)) {
      any = true;
      const isThere = part.getAttribute(name) === addresses[name];
      isEarly ||= isThere && !wasOurs;
      if (isThere || wasOurs) change(element, () => part.removeAttribute(name));
    }
  }
  // Some libraries load a frame without giving it an address.
  if (element.localName === "iframe" && !wasOurs && !isBlank(element)) {
    isEarly = true;
    change(element, () => element.removeAttribute("src"));
  }
  if (isEarly) warn(element, "was loaded by another script, without consent");
  if (!any) warn(element, "has nothing that waits: write data-src");
}

function isBlank(frame) {
  if (frame.hasAttribute("sandbox") && !frame.contentDocument) return true; // nobody can tell
  return frame.contentDocument?.URL === "about:blank";
}

// A frame that is taken out meanwhile and put back adds nothing to the history of the page.
function change(element, make) {
  const next = element.nextSibling;
  const parent = element.parentNode;
  const isFrame = element.localName === "iframe";
  const hasFocus = document.activeElement === element;
  if (isFrame) element.remove();
  make();
  if (isFrame) parent.insertBefore(element, next);
  if (hasFocus) element.focus();
  // Only theirs: MooTools gives every element a `load` that does something else.
  if (element instanceof HTMLMediaElement) element.load();
}

// Sandboxed, a frame is closed to the placeholder too: what shuts it is put aside until it loads.
function open(frame) {
  if (!frame.hasAttribute("sandbox")) return;
  change(frame, () => {
    frame.dataset.consentSandbox = frame.getAttribute("sandbox");
    frame.removeAttribute("sandbox");
  });
}

function warn(element, what) {
  if (warned.has(element)) return;
  warned.add(element);
  console.warn(`consent: <${element.localName} data-consent="${element.dataset.consent}"> ${what}`);
}
