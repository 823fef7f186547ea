// The way to the privacy pages and back. Any link of the page to them takes the visitor's token along, in
// the fragment, which is sent to no server. As the choice may be changed there, the pages of the next day
// ask whether it was.
//
// Takes choice.js, gate.js.

const ASK_FOR = 86400;

addEventListener(
  "click",
  (event) => {
    const link = event.composedPath()[0].closest?.("a[href]");
    if (!choice?.k || !link?.href.startsWith(NOTICE)) return;
    link.hash = "token=" + choice.k;
    choice.r = seconds() + ASK_FOR;
    writeChoice();
  },
  true,
);

// Brings in a newer choice than the one in the cookie, if there is one.
async function bringUpToDate() {
  choice = readChoice();
  if (!choice?.k || !(choice.r > seconds()) || choice.q.length) return;
  try {
    const answer = await fetch(HISTORY, {
      headers: { Authorization: "Bearer " + choice.k },
      signal: AbortSignal.timeout(2000),
    });
    const latest = (await answer.json()).decisions[0];
    if (latest.id === choice.i) return;
    const current = latest.version === CONFIG.version;
    // Granted under another version: "?" equals no fingerprint, so it is asked again.
    const keep = (granted, purpose) => (granted ? (current ? CONFIG.purposes[purpose] : "?") : 0);
    choice = {
      ...choice,
      v: latest.version,
      t: Math.floor(Date.parse(latest.decided_at) / 1000),
      i: latest.id,
      p: mapKeys(latest.purposes, (purpose) => keep(latest.purposes[purpose], purpose)),
      s: mapKeys(latest.services, (service) => keep(latest.services[service], CONFIG.services[service]?.[0])),
    };
    writeChoice();
    return true;
  } catch {
    // No answer: the choice in the cookie stands.
  }
}

document.addEventListener("visibilitychange", async () => {
  if (!document.hidden && (await bringUpToDate())) {
    closeAll();
    apply();
  }
});
