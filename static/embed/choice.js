// The choice: where it is kept, what it means, and how it is changed.
//
// Takes CONFIG from the server: site, version, months, hits, purposes (name → fingerprint of what it
// means), services (key → [purpose, cookie names]), words (language → texts, the default first).
//
// The cookie `consent` is URI-encoded JSON:
//   v version, t seconds since 1970, i id of the decision, k the visitor's token once there is one,
//   p purpose → fingerprint it was granted with, or 0; s the same for services decided apart,
//   q decisions not yet received by the server, r when the privacy pages were last opened from here, c when
//   the server was last asked for a newer choice.

const DAY = 86400;
const LIFETIME = CONFIG.months * 30.5 * DAY;
const seconds = () => Math.floor(Date.now() / 1000);

let choice = readChoice();

function readChoice() {
  try {
    const found = JSON.parse(decodeURIComponent(document.cookie.match(/(?:^|; )consent=([^;]*)/)[1]));
    const age = seconds() - found.t;
    return Object(found.p) === found.p && Object(found.s) === found.s && found.q.map && age < LIFETIME && age > -DAY
      ? found
      : null;
  } catch {
    return null; // no cookie, or one that is not ours
  }
}

// A cookie holds 4 kB, and a browser drops a longer one without a word: of choices made one upon another
// while offline, the latest are kept.
function writeChoice() {
  const age = Math.ceil(choice.t + LIFETIME - seconds());
  const secure = location.protocol === "https:" ? ";secure" : "";
  do {
    document.cookie =
      "consent=" + encodeURIComponent(JSON.stringify(choice)) + `;path=/;max-age=${age};samesite=lax${secure}`;
  } while (choice.q[1] && readChoice()?.i !== choice.i && choice.q.shift());
}

// A grant counts only while the purpose still means what it meant when it was given.
function isGranted(purpose, service) {
  if (purpose === "necessary") return true;
  const given = choice?.s[service] ?? choice?.p[purpose];
  return !!given && Object.hasOwn(CONFIG.purposes, purpose) && given === CONFIG.purposes[purpose];
}

const isServiceGranted = (service) => isGranted(CONFIG.services[service][0], service);

const grantsAnything = () =>
  Object.keys(CONFIG.purposes).some((purpose) => isGranted(purpose)) ||
  Object.keys(CONFIG.services).some(isServiceGranted);

// Nothing chosen yet, or something granted that has changed its meaning. A refusal is not asked again.
const mustAsk = () =>
  !choice ||
  Object.entries({ ...choice.p, ...choice.s }).some(([key, given]) =>
    given && given !== CONFIG.purposes[CONFIG.services[key]?.[0] || key]);

const mapKeys = (object, value) => Object.fromEntries(Object.keys(object).map((key) => [key, value(key)]));

function state() {
  return {
    decided: !!choice,
    version: choice?.v,
    purposes: { necessary: true, ...mapKeys(CONFIG.purposes, (purpose) => isGranted(purpose)) },
    services: mapKeys(CONFIG.services, isServiceGranted),
  };
}

// UUIDv7 (RFC 9562). crypto.randomUUID would need a secure context, which a test site may not be.
function uuid() {
  const time = Date.now().toString(16).padStart(12, "0");
  const noise = [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${noise.slice(0, 3)}-b${noise.slice(3, 6)}-${noise.slice(6, 18)}`;
}

// Applies a choice at once, remembers it, and lets the server know.
function decide(action, source, purposes, services = {}) {
  if (action === "refuse" && grantsAnything()) action = "withdraw";
  const id = uuid();
  const post = {
    id,
    version: CONFIG.version,
    language,
    action,
    source,
    purposes,
    services,
    gpc: navigator.globalPrivacyControl === true,
  };
  const keep = (granted, purpose) => (granted ? CONFIG.purposes[purpose] : 0);
  choice = {
    ...readChoice(), // another tab may have received a token meanwhile
    v: CONFIG.version,
    t: seconds(),
    i: id,
    p: mapKeys(CONFIG.purposes, (purpose) => keep(purposes[purpose], purpose)),
    s: mapKeys(services, (service) => keep(services[service], CONFIG.services[service][0])),
  };
  choice.q = [...(choice.q || []), post];
  writeChoice();
  send();
  closeAll();
  apply();
}

// A choice about purposes leaves alone what was decided about single services of a purpose that stays.
function keptServices(purposes) {
  const kept = {};
  for (const service in choice?.s) {
    const purpose = CONFIG.services[service]?.[0];
    if (purpose && isGranted(purpose) === purposes[purpose]) kept[service] = isServiceGranted(service);
  }
  return kept;
}

const decideAll = (granted, source) =>
  decide(granted ? "accept" : "refuse", source, mapKeys(CONFIG.purposes, () => granted));
