// Microsoft Clarity's consent API, version 2. Its capitals are its own.
// https://learn.microsoft.com/en-us/clarity/setup-and-installation/consent-api-v2
//
// Takes signals.js; CLARITY (consent type → what has to be granted). A denial deletes the session's cookie, and a grant
// after it begins a session (clarity-js 0.8.70): so what still waits for Clarity's script is replaced.

window.clarity ||= function () {
  (clarity.q ||= []).push(arguments);
};

let toldClarity;

main.signals.push(() => {
  const types = mapKeys(CLARITY, (type) => granted(CLARITY[type]));
  const told = JSON.stringify(types);
  if (told === toldClarity) return;
  toldClarity = told;
  const waiting = Array.isArray(clarity.q) && clarity.q.find((each) => each[0] === "consentv2");
  if (waiting) waiting[1] = types;
  else clarity("consentv2", types);
});
