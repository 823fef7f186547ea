// What every signal asks: whether all that obeys it is granted. A signal is one for the whole page, so of several
// services that obey it, one refusal counts for all.
//
// Takes main; OBEYS (service → signal). TYPES says which purpose each of Google's consent types follows, "" for none.

function agrees(to, purpose) {
  const own = Object.keys(main.SERVICES).filter((key) =>
    main.SERVICES[key] === (purpose ?? main.SERVICES[key]) && OBEYS[key] === to);
  return own[0] ? own.every(isServiceGranted) : main.isGranted(purpose);
}

const granted = (to, purpose) => (agrees(to, purpose) ? "granted" : "denied");
