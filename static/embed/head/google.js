// Before any tag: nothing is granted. Then, if a choice is stored, that.
window.dataLayer = window.dataLayer || [];
window.gtag =
  window.gtag ||
  function () {
    dataLayer.push(arguments);
  };
// Type → what has to be granted: pairs of a service and its purpose.
const types = TYPES;
const consent = {};
for (const type in types) consent[type] = types[type][0] ? "denied" : "granted";
gtag("consent", "default", { ...consent, wait_for_update: WAIT });
for (const name of COMMANDS) gtag("set", name, true);
try {
  const choice = JSON.parse(decodeURIComponent(document.cookie.match(/(?:^|; )consent=([^;]*)/)[1]));
  const now = Date.now() / 1000;
  // Who was on the privacy pages may have chosen anew there: the embed script asks.
  const mayHaveChanged = choice.k && choice.r && (now - choice.r < 86400 || now - (choice.c || 0) > 86400);
  if (!mayHaveChanged && now - choice.t < LIFETIME) {
    for (const type in types) {
      const isGranted = ([service, purpose]) => (choice.s[service] ?? choice.p[purpose])?.length > 1;
      consent[type] = types[type].every(isGranted) ? "granted" : "denied";
    }
    gtag("consent", "update", consent);
  }
} catch {}
