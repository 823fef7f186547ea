// The choice: where it is kept, what it means, and how it is changed.
//
// Takes from the server: SITE, VERSION, MONTHS, PURPOSES (name → fingerprint of what it means), WITHHELD (the
// purposes that stay off for a browser that asks not to be tracked), SERVICES (key → [purpose, signal]), WORDS
// (language → texts, the default first).
//
// The cookie `consent` is URI-encoded JSON:
//   v version, t seconds since 1970, i id of the decision, k the visitor's token once there is one,
//   p purpose → fingerprint it was granted with, 0 if refused, "?" if it has changed since,
//   s the same for services decided apart,
//   q decisions not yet received by the server, d whether cookies of what is refused may be left,
//   r when the privacy pages were last opened from here, c when the server was last asked for a newer choice.

const DAY = 86400;
const LIFETIME = MONTHS * 30.7 * DAY;
// Global Privacy Control, and its older sister.
const gpc = navigator.globalPrivacyControl === true;
const dnt = navigator.doNotTrack === "1";
const withheld = gpc || dnt ? WITHHELD : [];
const seconds = () => Math.floor(Date.now() / 1000);

let choice; // read in start.js

function readChoice() {
  // An exception takes longer than all the rest, so the common case throws none.
  const cookie = document.cookie.match(/(?:^|; )consent=([^;]*)/);
  try {
    const found = cookie && JSON.parse(decodeURIComponent(cookie[1]));
    if (!found) return null;
    const age = seconds() - found.t;
    return Object.keys(found.p) && Object.keys(found.s) && found.q.map && age < LIFETIME && age > -DAY ? found : null;
  } catch {
    return null; // not ours
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
  return !!given && Object.hasOwn(PURPOSES, purpose) && given === PURPOSES[purpose];
}

const isServiceGranted = (service) => isGranted(SERVICES[service][0], service);

const grantsAnything = () =>
  Object.keys(PURPOSES).some((purpose) => isGranted(purpose)) ||
  Object.keys(SERVICES).some(isServiceGranted);

const hasChanged = ([key, given]) => given && given !== PURPOSES[SERVICES[key]?.[0] || key];

// Nothing chosen yet, or something granted that has changed its meaning. A refusal is not asked again, nor
// is what the browser has refused already.
const mustAsk = () =>
  choice
    ? Object.entries({ ...choice.p, ...choice.s }).some(hasChanged)
    : Object.keys(PURPOSES).some((purpose) => !withheld.includes(purpose));

const mapKeys = (object, value) => Object.fromEntries(Object.keys(object).map((key) => [key, value(key)]));

function state() {
  return {
    decided: !!choice,
    version: choice?.v,
    purposes: { necessary: true, ...mapKeys(PURPOSES, (purpose) => isGranted(purpose)) },
    services: mapKeys(SERVICES, isServiceGranted),
  };
}

// UUIDv7 (RFC 9562). crypto.randomUUID would need a secure context, which a test site may not be.
const uuid = () =>
  ("0" + Date.now().toString(16)).replace(/.{4}$/, "-$&") + // the 0 holds until the year 2527
  "-7xxx-bxxx-xxxxxxxxxxxx".replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16));

// Remembers a choice, lets the server know, and applies it as soon as the visitor sees that it was heard.
function decide(action, source, purposes, services = {}) {
  if (action === "refuse" && grantsAnything()) action = "withdraw";
  if (action !== "choose") once.length = 0;
  const id = uuid();
  const post = {
    id,
    version: VERSION,
    language,
    action,
    source,
    purposes,
    services,
    gpc,
    dnt,
    // How long the question was there.
    took: since && seconds() - since,
  };
  since = null;
  const keep = (granted, purpose) => (granted ? PURPOSES[purpose] : 0);
  choice = {
    ...readChoice(), // another tab may have received a token meanwhile
    v: VERSION,
    t: seconds(),
    i: id,
    d: Object.values({ ...purposes, ...services }).includes(false),
    p: mapKeys(PURPOSES, (purpose) => keep(purposes[purpose], purpose)),
    s: mapKeys(services, (service) => keep(services[service], SERVICES[service][0])),
  };
  choice.q = [...(choice.q || []), post];
  writeChoice();
  held = true;
  const focus = closeAll();
  afterPaint(() => {
    focus();
    send();
    held = false;
    apply();
  });
}

// A hidden page paints nothing.
const afterPaint = (then) => (document.hidden ? then() : requestAnimationFrame(() => setTimeout(then)));

// With a browser that asks not to be tracked, "all" is all the others: what it refused is agreed to by name only.
const decideAll = (granted, source) =>
  decide(
    granted ? (withheld[0] ? "choose" : "accept") : "refuse",
    source,
    mapKeys(PURPOSES, (purpose) => granted && !withheld.includes(purpose)),
  );
