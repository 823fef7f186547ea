// Begins, when all parts are there. As soon as there is a body, whichever way the script was loaded.

function begin() {
  // A site that asks for nothing has nothing to show.
  if (!Object.keys(PURPOSES)[0]) return;
  if (mustAsk()) showBanner();
  else showReopen();
}

// Some scripts put a new body in the place of the old one; what is ours moves along.
function watch() {
  if (document.body) begin();
  if (!choice) follow(); // with one, it is applied first
  new MutationObserver(() => {
    if (!document.body) return;
    if (!host) begin();
    else if (!host.isConnected) {
      document.querySelector("consent-banner")?.remove(); // a copy from somebody's cache of pages
      document.body.prepend(host);
    }
    follow();
    signal();
  }).observe(document, { childList: true, subtree: true });
}

// Before anything gated runs, which may want it.
window.consent = api;

// Chromium looks up where in the source each function on the stack stands when a cookie is read, and parses them again
// for it. In a task of its own, which is still before any other script, this function is all that there is on the stack.
queueMicrotask(() => {
  choice = readChoice();
  // Nothing starts on a choice that may have been withdrawn elsewhere.
  held = mayHaveChanged();
  const before = choice?.i;
  api.ready = bringUpToDate().then(() => {
    held = false;
    if (choice?.i !== before && host) begin();
    if (choice) apply();
    return state();
  });

  // What has changed its meaning is off at once, for the lines in the page's head too.
  if (choice && mustAsk()) ask("markChanged", choice).then((marked) => marked && readChoice()?.i === choice.i && writeChoice());
  // The sentence for browsers that ask not to be tracked comes with the second script.
  if (withheld[0] && mustAsk()) loadMore().then(watch);
  else watch();
  signal();
  send();
});
