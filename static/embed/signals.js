// What Microsoft's signals are told, of all that obeys them: a signal is one for the whole page, so of several services
// that obey it, one refusal counts for all.
//
// Takes choice.js. `pairs`: a purpose, or pairs of it and a service.

const granted = (pairs) => (pairs.every((pair) => isGranted(...pair)) ? "granted" : "denied");
