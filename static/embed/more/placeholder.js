// What stands in a frame that waits: whose it is, who would get what, and two buttons. It is drawn into the
// frame's own empty document, so the frame keeps its size whatever the page's styles say, and nothing moves.
//
// Takes main, settings.js; SERVICES, PLACEHOLDER_STYLE.

let texts;

async function placeholders() {
  const frames = document.querySelectorAll("iframe[data-src][data-consent]:not([src])");
  if (!frames[0]) return;
  const html = texts || (await loadSettings());
  if (!html) return;
  if (!texts) {
    texts = document.createElement("template");
    texts.innerHTML = html;
  }
  for (const frame of frames) {
    const find = (name, value) => texts.content.querySelector(`[data-consent-${name}="${CSS.escape(value)}"]`);
    const text = find("placeholder", frame.dataset.consentService) || find("placeholder-of", frame.dataset.consent);
    // Sandboxed without allow-same-origin, a frame is closed to us too: it stays empty.
    if (text && frame.contentDocument && !main.isAllowed(frame)) fill(frame, text.content);
  }
}

function fill(frame, text) {
  const inside = frame.contentDocument;
  if (inside.querySelector("[data-consent-once]")) return;
  // Firefox puts a new empty document in the place of the first one, once.
  frame.onload = () => frame.hasAttribute("src") || fill(frame, text);
  inside.documentElement.lang = main.language;
  inside.dir = words.dir || "";
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
    main.once.push(frame);
    main.start(frame);
    frame.focus();
  };
  inside.querySelector("[data-consent-always]").onclick = () => {
    const service = frame.dataset.consentService;
    if (service in SERVICES) consent.set({}, { [service]: true }, "placeholder");
    else consent.set({ [frame.dataset.consent]: true }, {}, "placeholder");
  };
}
