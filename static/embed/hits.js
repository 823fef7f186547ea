// Tells the server of this page view, once: which page, and from where. Nothing is stored or read.
//
// Takes choice.js, gate.js.

let counted = gpc || dnt;

signals.push(() => {
  if (counted || (HITS === "analytics" && !isGranted("analytics"))) return;
  counted = true;
  navigator.sendBeacon(`${BASE}/hits`, JSON.stringify({ path: location.pathname, referrer: document.referrer }));
});
