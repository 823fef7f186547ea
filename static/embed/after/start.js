// Hands over what this script holds, and looks at what is in the page already.

// On a page of somebody who has chosen before.
async function begin() {
  const choice = main.choice;
  // What has changed its meaning is off at once, for the lines in the page's head too.
  if (mustAsk()) main.ask("markChanged", choice).then((marked) => marked && main.readChoice()?.i === choice.i && main.writeChoice());
  await bringUpToDate();
  main.held = false;
  if (main.choice?.i !== choice.i) restart();
  else await main.apply();
}

main.after = { begin, onKey, follow, look, raise, settle, leave, set, keepUnsent, withdrawal, all, fill, isFilled, open, once };
// What they have not been told, before anything starts.
main.signal();
watcher.observe(document, { subtree: true, attributeFilter: WATCHED.attributeFilter });
// In a task of its own: for each script that is asked for, Chromium looks up where in the source each function on the
// stack stands, and parses them again.
queueMicrotask(() => look([{ addedNodes: [document] }]));
