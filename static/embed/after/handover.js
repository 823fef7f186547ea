// The way to the privacy pages and back. Any link of the page to them takes the visitor's token along, in
// the fragment, which is sent to no server. As the choice may be changed there, the pages of the next day
// ask whether it was, and later ones once a day. Who never went there is never asked for.
//
// Takes main.

const DAY = 86400;

const mayHaveChanged = ({ k, r, c } = main.choice || {}) =>
  k && r && (seconds() - r < DAY || seconds() - c > DAY);

function handOver(event) {
  const link = event.composedPath()[0].closest?.("a[href]");
  if (!main.choice?.k || !String(link?.href).startsWith(main.NOTICE)) return;
  main.catchUp();
  if (!main.choice?.k) return;
  link.hash = "token=" + main.choice.k;
  main.choice.r = seconds();
  main.writeChoice();
}

async function bringUpToDate() {
  if (!mayHaveChanged()) return;
  await send();
  const known = main.choice;
  const newer = await main.ask("fetchNewer", known);
  main.choice = main.readChoice();
  // Whoever chose here while we asked chose last.
  if (!newer || main.choice?.i !== known.i || unsent()[0] || main.choice.u) return;
  main.choice = { ...main.choice, ...newer };
  main.writeChoice();
}

function restart() {
  main.hide();
  main.begin();
  return main.apply();
}

// A page that is looked at again follows what was chosen on the privacy pages.
async function lookAgain() {
  if (document.hidden) return;
  const before = main.choice?.i;
  await bringUpToDate();
  if (main.choice?.i !== before) restart();
}

addEventListener("click", handOver, true);
addEventListener("auxclick", handOver, true); // the middle button
addEventListener("focus", lookAgain);
document.addEventListener("visibilitychange", lookAgain);
