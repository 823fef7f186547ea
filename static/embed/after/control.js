// The control that stays after a choice. What it opens has the way to withdraw first.
//
// Takes main; CONTROL ("icon", "words" or "none"), STYLE, WORDS (language → words).

const hasChanged = ([key, given]) => given !== "0" && given !== main.PURPOSES[main.SERVICES[key] || key];

// Something granted that has changed its meaning. A refusal is not asked again.
const mustAsk = () => main.choice && Object.entries({ ...main.choice.p, ...main.choice.s }).some(hasChanged);

// On a page that nobody sees, a frame may never come.
const nextPaint = () =>
  new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 150);
  });

// `decided`: upon a choice, which is confirmed. `focused`: with the focus, which was in what stood here.
async function settle({ decided, focused } = {}) {
  // What a page shows first is its own, and what a choice starts comes first: to lay the page out now for the control's
  // sake would hold them up.
  if (!mustAsk()) await nextPaint();
  // A site that asks for nothing has nothing to show.
  if (!document.body || !Object.keys(main.PURPOSES)[0]) return;
  // Somebody was quicker, and looks at the settings already, or at a banner that there is again.
  if (main.host && (main.isAsking() || main.root.querySelector("dialog[open]"))) return;
  if (mustAsk()) return main.showBanner();
  if (CONTROL !== "none" || decided) main.show("banner", STYLE, `<div data-consent-tab part=tab>${inside(main.words)}</div>`);
  if (decided) main.say(WORDS[main.language].saved);
  if (focused) main.root.querySelector("button")?.focus();
}

// The settings were closed without a choice: back to where the visitor was, in the page or on the button that stands
// where theirs stood.
async function leave(dialog, opener) {
  if (!dialog.isConnected) return; // a choice was made
  await main.begin();
  const again = main.host?.querySelector("[data-consent-choose]") || main.root.querySelector("[data-consent-reopen]");
  (opener.isConnected && opener !== document.body ? opener : again)?.focus();
}

// Two sliders.
const ICON =
  "<svg viewBox='0 0 24 24' aria-hidden=true><path d='M3 6h8.2a3 3 0 0 1 5.6 0H21v2h-4.2a3 3 0 0 1-5.6 0H3zm0 10h2.2a3 3 0 0 1 5.6 0H21v2H10.8a3 3 0 0 1-5.6 0H3z'/></svg>";

// The first button of the settings; beside their own with `control = "words"`.
const withdrawal = () =>
  grantsAnything() ? `<button data-consent-withdraw>${WORDS[main.language].withdraw}</button>` : "";

function inside(words) {
  if (CONTROL === "none") return "";
  if (CONTROL === "icon") return `<button data-consent-reopen title="${words.settings}" aria-label="${words.settings}">${ICON}</button>`;
  return (
    `<button data-consent-reopen>${words.settings}</button>` + withdrawal()
  );
}
