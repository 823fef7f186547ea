// The first layer, and the control that stays after it.
//
// Takes choice.js; STYLE and BASE. The frame and its styles are in a shadow root; texts and buttons are
// slotted into it, because programs that answer banners for people see nothing inside a shadow root.
// `::slotted` rules that are important win over the page's styles.

const pick = (tag) => {
  const wanted = tag.toLowerCase().split("-")[0];
  return Object.keys(WORDS).find((known) => known === (wanted === "no" ? "nb" : wanted));
};
const language =
  [document.documentElement.lang, ...navigator.languages].map(pick).find((found) => found) ||
  Object.keys(WORDS)[0];
const words = WORDS[language];

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

const button = (name, text, onclick) => make("button", { ["data-consent-" + name]: "", slot: "b", onclick }, text);

function addStyle(root, style) {
  try {
    // Needs no permission for inline styles, which a strict policy (CSP) does not give.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets.push(sheet);
  } catch {
    root.append(make("style", {}, style));
  }
}

function show(element, ...slotted) {
  if (!document.body) return; // start.js calls again when there is one
  if (!root) {
    const host = make("consent-banner", {
      id: "consent-banner",
      lang: language,
      dir: words.dir || "ltr",
      role: "region",
      "aria-label": words.title,
    });
    root = host.attachShadow({ mode: "open" });
    addStyle(root, STYLE);
    host.onpointerover = loadMore;
    // First in the page, so that the keyboard comes there first.
    document.body.prepend(host);
  }
  shown?.remove();
  shown = element;
  root.append(element);
  root.host.replaceChildren(...slotted);
  root.host.toggleAttribute("data-consent-box", !!slotted[0]);
}

function showBanner() {
  show(
    make("section", { part: "box" }, make("div", {}, make("slot", {})), make("div", {}, make("slot", { name: "b" }))),
    make("h2", {}, words.title),
    make("p", {}, `${words.text} ${samtykke.more?.note || ""}`),
    make("a", { href: NOTICE + "?lang=" + language, target: "_blank" }, words.notice),
    button("refuse", words.refuse, () => decideAll(false, "banner")),
    button("accept", words.accept, () => decideAll(true, "banner")),
    button("choose", words.choose, openSettings),
  );
}

// Consent is withdrawn with one click, as it was given.
function showReopen() {
  show(
    make(
      "div",
      { "data-consent-tab": "", part: "tab" },
      button("reopen", words.reopen, openSettings),
      ...(grantsAnything() ? [button("withdraw", words.withdraw, () => decideAll(false, "settings"))] : []),
    ),
  );
}

const isAsking = () => shown?.matches("section");

// After a choice. Focus that was in here stays in here, as soon as the function that is returned is called:
// moving it takes a layout, which can wait until the visitor has seen the banner go.
function closeAll() {
  const focused = root?.host.contains(document.activeElement);
  showReopen();
  return () => focused && shown.firstChild.focus();
}
