// Begins, when all parts are there. As soon as there is a body, whichever way the script was loaded.

// A site that asks for nothing has nothing to show.
const asks = Object.keys(CONFIG.purposes)[0];

function begin() {
  if (!asks) return;
  if (mustAsk()) showBanner();
  else showReopen();
}

// Parts of the page that arrive later, parsed or added by a script, pass the gate too. Some scripts put a new
// body in the place of the old one; what is ours moves along.
new MutationObserver(() => {
  if (!shown && document.body) begin();
  else if (root && document.body && !root.host.isConnected) document.body.append(root.host);
  if (choice) startAllowed();
}).observe(document, { childList: true, subtree: true });

// Before anything gated runs, which may want it.
window.consent = api;
api.ready = Promise.resolve().then(async () => {
  if (mayHaveChanged()) {
    const before = choice.i;
    starting = true; // nothing starts on a choice that may have been withdrawn
    await bringUpToDate();
    starting = false;
    if (choice?.i !== before && shown) begin();
  }
  if (choice) apply();
  return state();
});

if (document.body) begin();
if (CONFIG.hits !== "never") sendHit();
send();
