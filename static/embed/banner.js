// The first layer, and the control that stays after it.
//
// Takes choice.js, more.js; TAB_STYLE, STYLE (the banner's), NOTICE. The frame and its styles are in a shadow root; texts
// and buttons are slotted into it, because programs that answer banners for people see nothing inside a shadow root.
// `::slotted` rules that are important win over the page's styles.
//
// WORDS are HTML: the browser's parser builds all this faster than a script does, and leaves less of it in memory.

const pick = (tag) => {
  const wanted = tag.toLowerCase().split("-")[0];
  return Object.keys(WORDS).find((known) => known === (wanted === "no" ? "nb" : wanted));
};
const language =
  pick(document.documentElement.lang) || navigator.languages.map(pick).find(Boolean) || Object.keys(WORDS)[0];
const words = WORDS[language];

let host;
let root;
const sheets = {};

// Constructed sheets need no permission for inline styles, which a strict policy (CSP) does not give.
function addStyle(style) {
  try {
    if (sheets[style]) return;
    (sheets[style] = new CSSStyleSheet()).replaceSync(style);
    root.adoptedStyleSheets = Object.values(sheets);
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: style }));
  }
}

function show(inside, slotted = "") {
  if (!document.body) return; // start.js calls again when there is one
  if (!host) {
    // First in the page, so that the keyboard comes there first.
    document.body.insertAdjacentHTML(
      "afterbegin",
      `<consent-banner id=consent-banner lang=${language} dir=${words.dir || "ltr"} role=region aria-label="${words.title}">`,
    );
    host = document.body.firstChild;
    root = host.attachShadow({ mode: "open" });
    root.addEventListener("click", press);
    root.addEventListener("pointerover", ({ target }) => target.closest(OPENS) && loadMore());
  }
  root.innerHTML = inside;
  host.innerHTML = slotted;
  host.toggleAttribute("data-consent-box", !!slotted);
  addStyle(TAB_STYLE);
  if (slotted) addStyle(STYLE);
}

const isAsking = () => host?.hasAttribute("data-consent-box");

// The settings are fetched while the pointer is on its way to the click.
const OPENS = "[data-consent-choose],[data-consent-reopen]";

// What is pressed may lie in a button: a browser that translates a page puts elements around its words.
function press({ target }) {
  const is = (name) => target.closest(`[data-consent-${name}]`);
  if (target.closest(OPENS)) openSettings();
  else if (is("accept") || is("refuse") || is("withdraw")) decideAll(!!is("accept"), isAsking() ? "banner" : "settings");
}

const button = (name) => `<button data-consent-${name} slot=b>${words[name]}</button>`;

let since;

function showBanner() {
  since ||= seconds();
  show(
    "<section part=box><div><slot></slot></div><div><slot name=b></slot></div></section>",
    `<h2>${words.title}</h2><p>${words.text} ${samtykke.more?.note || ""}</p>` +
      `<a href="${NOTICE}?lang=${language}" target=_blank>${words.notice}</a>` +
      ["refuse", "accept", "choose"].map(button).join(""),
  );
}

// Consent is withdrawn with one click, as it was given.
function showReopen() {
  show(`<div data-consent-tab part=tab>${button("reopen")}${grantsAnything() ? button("withdraw") : ""}</div>`);
}

// After a choice. Focus that was in here stays in here, as soon as the function that is returned is called:
// moving it takes a layout, which can wait until the visitor has seen the banner go.
function closeAll() {
  const focused = host?.contains(document.activeElement);
  showReopen();
  return () => focused && root.querySelector("button")?.focus();
}
