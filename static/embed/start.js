// Begins, when all parts are there. As soon as there is a body, whichever way the script was loaded.

function begin() {
  if (mustAsk()) showBanner();
  else showReopen();
}

// Parts of the page that arrive later, parsed or added by a script, pass the gate too.
new MutationObserver(() => {
  if (!shown && document.body) begin();
  if (choice) startAllowed();
}).observe(document, { childList: true, subtree: true });

api.ready = (async () => {
  if (choice?.r > seconds()) {
    starting = true; // nothing starts on a choice that may have been withdrawn
    const changed = await bringUpToDate();
    starting = false;
    if (changed && shown) begin();
  }
  if (choice) apply();
  return state();
})();

window.consent = api;
if (document.body) begin();
if (CONFIG.hits !== "never") sendHit();
send();
