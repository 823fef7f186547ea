// The way to the privacy pages and back. Any link of the page to them takes the visitor's token along, in
// the fragment, which is sent to no server. As the choice may be changed there, the pages of the next day
// ask whether it was, and later ones once a day. Who never went there is never asked for.
//
// Takes choice.js, gate.js.

function handOver(event) {
  const link = event.composedPath()[0].closest?.("a[href]");
  if (!choice?.k || !link?.href.startsWith(NOTICE)) return;
  link.hash = "token=" + choice.k;
  choice.r = seconds();
  writeChoice();
}

addEventListener("click", handOver, true);
addEventListener("auxclick", handOver, true); // the middle button

const mayHaveChanged = () =>
  choice?.k && choice.r && (seconds() - choice.r < DAY || seconds() - (choice.c || 0) > DAY);

// Brings in a newer choice than the one of this page: from the cookie, where another tab put it, or from the
// server.
async function bringUpToDate() {
  choice = readChoice();
  if (!mayHaveChanged()) return;
  await send();
  const known = choice.i;
  try {
    const answer = await fetch(HISTORY, {
      headers: { Authorization: "Bearer " + choice.k },
      signal: AbortSignal.timeout(2000),
    });
    const latest = (await answer.json()).decisions[0];
    choice = readChoice();
    // Somebody chose here while we asked: that is the latest.
    if (!choice || choice.i !== known || choice.q[0]) return;
    choice.c = seconds();
    // Granted under another version: "?" equals no fingerprint, so it is asked again.
    const keep = (granted, purpose) =>
      granted ? (latest.version === CONFIG.version ? CONFIG.purposes[purpose] : "?") : 0;
    if (latest.id !== known) choice = {
      ...choice,
      v: latest.version,
      t: Math.floor(Date.parse(latest.decided_at) / 1000),
      i: latest.id,
      p: mapKeys(latest.purposes, (purpose) => keep(latest.purposes[purpose], purpose)),
      s: mapKeys(latest.services, (service) => keep(latest.services[service], CONFIG.services[service]?.[0])),
    };
    writeChoice();
  } catch {
    // No answer: the choice in the cookie stands.
  }
}

// A page that is looked at again follows what was chosen elsewhere.
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return;
  const before = choice?.i;
  await bringUpToDate();
  if (choice?.i === before) return;
  closeAll();
  begin();
  apply();
});
