// The first layer, and what every layer lies in.
//
// Takes main.js, choice.js, load.js; BASE_STYLE, BANNER_STYLE. The frame and its styles are in a shadow root; texts and
// buttons are slotted into it, because programs that answer banners for people see nothing inside a shadow root.
// `::slotted` rules that are important win over the page's styles.
//
// WORDS are HTML: the browser's parser builds all this faster than a script does, and leaves less of it in memory.

const pick = (tag) =>
  Object.keys(WORDS).find((known) => known === tag.toLowerCase().split(/[-_]/)[0].replace("no", "nb"));

function speak() {
  main.language =
    pick(document.documentElement.lang) || navigator.languages.map(pick).find(Boolean) || Object.keys(WORDS)[0];
  main.words = WORDS[main.language];
}

speak();

// Constructed sheets need no permission for inline styles, which a strict policy (CSP) does not give. Where a page
// swallows them, an element has to do.
function addStyle(style) {
  const root = main.root;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  if (!root.adoptedStyleSheets.includes(sheet)) root.lastChild.insertAdjacentHTML("beforebegin", `<style>${style}</style>`);
}

// What is opened on purpose lies in a host of another name: lists of filters hide banners.
function show(name, style, inside, slotted = "") {
  hide();
  // At the end, where an application that takes the whole page over (hydration) looks last.
  document.body.insertAdjacentHTML(
    "beforeend",
    `<consent-${name} id=samtykke-${name} popover=manual role=region aria-label="${main.words.title}" lang=${main.language} dir=${main.words.dir || "ltr"} ${slotted && "data-consent-box"}>${slotted}`,
  );
  main.host = document.body.lastChild;
  const root = (main.root = main.host.attachShadow({ mode: "open" }));
  root.innerHTML = inside + "<div role=status></div>";
  root.addEventListener("click", press);
  // What a click will want is fetched while the pointer is on its way.
  root.addEventListener("pointerover", () => load("after"));
  addStyle(BASE_STYLE + style);
  afterPaint(lift);
}

// Into the top layer, above all that is there already; not before it is seen, since the browser lays out the page for
// it at once. What comes there later, and modal dialogs: after/watch.js. Where browsers know none of it, the greatest
// z-index has to do.
const lift = () => main.host?.togglePopover?.(true);

// Or a copy that came with a page from somebody's cache.
function hide() {
  document.querySelector("consent-banner,consent-settings")?.remove();
  main.host = null;
}

// Read out by screen readers. It has to be there for a moment before it says something.
const say = (text) => setTimeout(() => main.host && (main.root.lastChild.textContent = text), 200);

const isAsking = () => main.host?.hasAttribute("data-consent-box");

// What is pressed may lie in a button: a browser that translates a page puts elements around its words.
function press({ target }) {
  const is = (name) => target.closest(`[data-consent-${name}]`);
  if (is("choose") || is("reopen")) openSettings();
  else if (is("close")) main.root.querySelector("dialog").close();
  else if (is("save")) save();
  else if (is("accept") || is("refuse") || is("withdraw")) decideAll(!!is("accept"), isAsking() ? "banner" : "settings");
}

const button = (name) => `<button data-consent-${name} slot=b>${main.words[name]}</button>`;

function showBanner(note = "") {
  main.since ||= performance.now();
  show(
    "banner",
    BANNER_STYLE,
    "<section part=box><div><slot></slot></div><div class=buttons><slot name=b></slot></div></section>",
    `<h2>${main.words.title}</h2><p>${main.words.text} ${note}</p><a href="${main.NOTICE}?lang=${main.language}">${main.words.notice}</a>` +
      ["refuse", "accept", "choose"].map(button).join(""),
  );
  say(main.words.title);
}
