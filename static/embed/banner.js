// The first layer, and the control that stays after it.
//
// Takes choice.js; STYLE and BASE. Everything lives in one shadow root, so that the page's styles do not
// reach it, nor its styles the page.

const pick = (tag) => {
  const wanted = tag.toLowerCase().split("-")[0];
  return Object.keys(CONFIG.words).find((known) => known === (wanted === "no" ? "nb" : wanted));
};
const language =
  [document.documentElement.lang, ...navigator.languages].map(pick).find((found) => found) ||
  Object.keys(CONFIG.words)[0];
const words = CONFIG.words[language];

let root;
let shown; // what is on screen: the banner, the settings or the reopen control

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.onclick = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function show(element) {
  if (!document.body) return; // start.js calls again when there is one
  if (!root) {
    const host = make("consent-banner", { id: "consent-banner", lang: language });
    root = host.attachShadow({ mode: "open" });
    try {
      // Needs no permission for inline styles, which a strict policy (CSP) does not give.
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(make("style", {}, STYLE));
    }
    document.body.append(host);
  }
  shown?.remove();
  shown = element;
  root.append(element);
}

const noticeLink = () =>
  make("a", { href: NOTICE + "?lang=" + language, target: "_blank", rel: "noopener" }, words.notice);

const answers = (source) => [
  make("button", { "data-consent-refuse": "", onclick: () => decideAll(false, source) }, words.refuse),
  make("button", { "data-consent-accept": "", onclick: () => decideAll(true, source) }, words.accept),
];

function showBanner() {
  show(
    make(
      "section",
      { "data-consent-box": "", "aria-labelledby": "title" },
      make("h2", { id: "title" }, words.title),
      make("p", {}, words.text + " ", noticeLink()),
      make(
        "div",
        {},
        ...answers("banner"),
        make("button", { "data-consent-choose": "", onclick: openSettings }, words.choose),
      ),
    ),
  );
  (window.requestIdleCallback || setTimeout)(loadSettings);
}

function showReopen() {
  show(make("button", { "data-consent-reopen": "", onclick: openSettings }, words.reopen));
}

// Leaves everything refused and stores nothing.
const dismiss = () => shown?.matches("section") && showReopen();

// After a choice. Focus that was in here stays in here.
function closeAll() {
  const focused = root?.activeElement;
  if (shown?.matches("dialog")) shown.close();
  showReopen();
  if (focused) shown.focus();
}
