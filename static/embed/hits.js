// Tells the server of this page view, once: which page, and from where. Nothing is stored or read.
//
// Takes choice.js.

let counted = false;

function sendHit() {
  if (counted || navigator.globalPrivacyControl === true || navigator.doNotTrack === "1") return;
  if (CONFIG.hits === "analytics" && !isGranted("analytics")) return;
  counted = true;
  navigator.sendBeacon(`${BASE}/hits`, JSON.stringify({ path: location.pathname, referrer: document.referrer }));
}
