// The way to the privacy pages and back. Any link of the page to them takes the visitor's token along, in
// the fragment, which is sent to no server. As the choice may be changed there, the pages of the next day
// ask whether it was, and later ones once a day. Who never went there is never asked for.
//
// Takes choice.js, gate.js, more.js.

function handOver(event) {
  const link = event.composedPath()[0].closest?.("a[href]");
  if (!choice?.k || !String(link?.href).startsWith(NOTICE)) return;
  catchUp();
  if (!choice?.k) return;
  link.hash = "token=" + choice.k;
  choice.r = seconds();
  writeChoice();
}

addEventListener("click", handOver, true);
addEventListener("auxclick", handOver, true); // the middle button

const mayHaveChanged = () =>
  choice?.k && choice.r && (seconds() - choice.r < DAY || seconds() - (choice.c || 0) > DAY);

async function bringUpToDate() {
  if (!mayHaveChanged()) return;
  await send();
  const known = choice;
  const newer = await ask("fetchNewer", known);
  choice = readChoice();
  // Whoever chose here while we asked chose last.
  if (!newer || choice?.i !== known.i || choice.q[0]) return;
  choice = { ...choice, ...newer };
  writeChoice();
}

// Follows what was chosen in another tab.
function catchUp(before = choice?.i) {
  choice = readChoice();
  if (choice?.i === before) return;
  begin();
  apply();
}

// So does a page that is looked at again; and what was chosen on the privacy pages.
async function lookAgain() {
  if (document.hidden) return;
  signal(); // somebody sees a page that was loaded in advance
  catchUp();
  const before = choice?.i;
  await bringUpToDate();
  catchUp(before);
}

addEventListener("focus", lookAgain);
document.addEventListener("visibilitychange", lookAgain);
