// What stands in a frame that waits: whose it is, who would get what, and two buttons. It is drawn into the
// frame's own empty document, so the frame keeps its size whatever the page's styles say, and nothing moves.
//
// Takes main, settings.js; SERVICES, PLACEHOLDER_STYLE.

async function placeholders() {
  const isWaiting = (frame) => !main.after.isFilled(frame);
  if (!main.after.all("iframe[data-consent]").some(isWaiting)) return;
  const html = await loadText();
  if (!html) return;
  const texts = document.createElement("template");
  texts.innerHTML = html;
  for (const frame of main.after.all("iframe[data-consent]").filter(isWaiting)) {
    const find = (name, value) => texts.content.querySelector(`[data-consent-${name}="${CSS.escape(value)}"]`);
    const text = find("placeholder", frame.dataset.consentService) || find("placeholder-of", frame.dataset.consent);
    if (!text) continue;
    main.after.open(frame);
    if (frame.contentDocument) draw(frame, text.content);
  }
}

function draw(frame, text) {
  const inside = frame.contentDocument;
  if (inside.querySelector("[data-consent-once]") && inside.documentElement.lang === main.language) return;
  // Firefox puts a new empty document in the place of the first one, once.
  frame.onload = () => main.after.isFilled(frame) || (frame.contentDocument && draw(frame, text));
  inside.documentElement.lang = main.language;
  inside.dir = main.words.dir || "";
  inside.title = frame.title;
  try {
    const sheet = new frame.contentWindow.CSSStyleSheet();
    sheet.replaceSync(PLACEHOLDER_STYLE);
    inside.adoptedStyleSheets = [sheet];
  } catch {
    inside.head.append(Object.assign(inside.createElement("style"), { textContent: PLACEHOLDER_STYLE }));
  }
  inside.body.replaceChildren(inside.importNode(text, true));
  if (frame.title) inside.querySelector("h2").before(Object.assign(inside.createElement("p"), { textContent: frame.title }));
  inside.querySelector("[data-consent-once]").onclick = () => {
    main.after.once.push(frame);
    main.after.fill(frame);
    frame.focus();
  };
  inside.querySelector("[data-consent-always]").onclick = () => {
    const service = frame.dataset.consentService;
    if (Object.hasOwn(SERVICES, service)) consent.set({}, { [service]: true }, "placeholder");
    else consent.set({ [frame.dataset.consent]: true }, {}, "placeholder");
  };
}
