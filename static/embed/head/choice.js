// The choice that is stored, if it still stands: by the rule of static/embed/choice.js. Nothing where it may have been
// changed on the privacy pages: the embed script asks.
let given;
try {
  const now = Date.now() / 1000;
  let latest;
  for (const found of document.cookie.matchAll(COOKIE)) {
    const field = found[1].split("~");
    if (now - field[1] < LIFETIME && !(latest?.[1] > field[1])) latest = field;
  }
  if (latest && !(latest[9] && latest[6] && (now - latest[6] < 86400 || now - latest[7] > 86400))) {
    const all = {};
    for (const group of (latest[3] + "." + latest[4]).split(".")) {
      group.split(":").forEach((key, at, parts) => at && (all[key] = parts[0].length > 1));
    }
    given = all;
  }
} catch {}
// Takes what has to be granted: a purpose, or pairs of it and a service.
const granted = (pairs) => (pairs.every((pair) => given?.[pair[1]] ?? given?.[pair[0]]) ? "granted" : "denied");
