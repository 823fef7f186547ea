// Before any tag: nothing is granted. Then, if a choice is stored, that.
const layer = (window[LAYER] = window[LAYER] || []);
window.gtag =
  window.gtag ||
  function () {
    layer.push(arguments);
  };
// Type → what has to be granted: a purpose, or pairs of it and a service.
const types = TYPES;
const names = Object.keys(types);
const consent = {};
for (const type of names) consent[type] = types[type][0] ? "denied" : "granted";
gtag("consent", "default", { ...consent, wait_for_update: WAIT });
for (const name of COMMANDS) gtag("set", name, true);
try {
  const now = Date.now() / 1000;
  let latest;
  // The fields that static/embed/choice.js describes, read by the same rule.
  for (const found of document.cookie.matchAll(COOKIE)) {
    const field = found[1].split("~");
    if (now - field[1] < LIFETIME && !(latest?.[1] > field[1])) latest = field;
  }
  // Who was on the privacy pages may have chosen anew there: the embed script asks.
  if (latest && !(latest[9] && latest[6] && (now - latest[6] < 86400 || now - latest[7] > 86400))) {
    const given = {};
    for (const group of (latest[3] + "." + latest[4]).split(".")) {
      group.split(":").forEach((key, at, all) => at && (given[key] = all[0].length > 1));
    }
    for (const type of names) consent[type] = types[type].every((any) => given[any[1]] ?? given[any[0]]) ? "granted" : "denied";
    gtag("consent", "update", consent);
  }
} catch {}
