// In a preview, before the banner's script: it finds all it looks for on a website, and leaves nothing behind. No cookie
// is stored and no request is sent, whatever is pressed.
"use strict";

const { address, settings, show } = JSON.parse(document.getElementById("preview").textContent);

let cookie = "";
Object.defineProperty(document, "cookie", { get: () => cookie, set: (text) => (cookie = text.split(";")[0]) });
Object.defineProperty(document, "currentScript", { get: () => ({ src: address, dataset: {} }) });
navigator.sendBeacon = () => true;
window.fetch = async (url) => {
  if (String(url).endsWith("/settings")) return new Response(settings);
  throw new TypeError("A preview sends nothing.");
};

// The second script is in the page already.
document.documentElement.append = (script) => {
  window.loadMore();
  script.onload();
};

// Whoever types in a form beside the preview goes on typing there.
const { focus } = HTMLElement.prototype;
HTMLElement.prototype.focus = function (options) {
  if (document.hasFocus()) focus.call(this, options);
};

addEventListener("load", () => show === "settings" && window.consent.open());
