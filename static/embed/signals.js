// What every signal asks: whether all that obeys it is granted. A signal is one for the whole page, so of several
// services that obey it, one refusal counts for all.
//
// Takes choice.js. TYPES says which purpose each of Google's consent types follows, "" for none.

function agrees(to, purpose) {
  const own = Object.keys(SERVICES).filter((key) =>
    SERVICES[key][0] === (purpose ?? SERVICES[key][0]) && SERVICES[key][1] === to);
  return own[0] ? own.every(isServiceGranted) : isGranted(purpose);
}

const granted = (to, purpose) => (agrees(to, purpose) ? "granted" : "denied");
