// Tells the server of this page view, once the page is seen: which page, and from where. Nothing is stored or read.
// When it may: hits/always.js, hits/analytics.js.
//
// Takes choice.js, banner.js; TAGS, what campaigns.js found. Signals follow every change of the page, and that it is
// seen (start.js), and so does this: an application may change its address without loading.

let counted;

function count() {
  const path = location.pathname;
  // Loaded again, or gone back to, the page is not viewed once more.
  if (!main.begun || optsOut || document.hidden || path === (counted ??= performance.navigation.type && path)) return;
  const banner = isAsking() && main.host.checkVisibility?.() !== false && main.language;
  const referrer = counted ? location.origin + counted : document.referrer;
  navigator.sendBeacon?.(`${main.BASE}/hits`, JSON.stringify({ path: path + TAGS, referrer, banner }));
  counted = path;
}
