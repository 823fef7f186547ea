// In a preview, before the banner's script: it finds all it looks for on a website, and leaves nothing behind. No cookie
// is stored and no request is sent, whatever is pressed.
"use strict";

const { show } = document.currentScript.dataset;

let cookie = "";
Object.defineProperty(Document.prototype, "cookie", {
  get: () => cookie,
  set(text) {
    cookie = text.split(";")[0];
  },
});
navigator.sendBeacon = () => true;
window.fetch = async () => {
  throw new TypeError("A preview sends nothing.");
};

// The other scripts are in the page already.
document.head.append = (script) => {
  window.others[script.src.match(/([^/]*)\.js$/)[1]]();
  script.onload();
};

// Whoever types in a form beside the preview goes on typing there.
const { focus } = HTMLElement.prototype;
HTMLElement.prototype.focus = function (options) {
  if (document.hasFocus()) focus.call(this, options);
};

addEventListener("load", () => show === "settings" && window.consent.open());
