// Tells the server of this page view, once the page is seen: which page, and from where. Nothing is stored or read.
//
// Takes choice.js, gate.js, banner.js; HITS, the purposes that have to be granted; TAGS, what campaigns.js found. Signals follow every change of the
// page, and that it is seen (handover.js), and so does this: an application may change its address without loading.

let counted;
let referrer = document.referrer;

main.signals.push(() => {
  const path = location.pathname;
  if (!main.begun || optsOut || document.hidden || path === counted || !HITS.every(isGranted)) return;
  navigator.sendBeacon?.(`${main.BASE}/hits`, JSON.stringify({ path: path + TAGS, referrer, banner: isShown() && main.language }));
  referrer = location.origin + (counted = path);
});
