// The choice: where it is kept, what it means, and how it is changed.
//
// Takes from the server: SITE, VERSION, LIFETIME (seconds), PURPOSES (name → fingerprint of what it means), WITHHELD (the
// purposes that stay off for a browser that asks not to be tracked), SERVICES (key → purpose), WORDS
// (language → texts, the default first).
//
// The cookie `consent` is twelve fields between "~":
//   1 the form, v version, t seconds since 1970, i id of the decision,
//   p purposes, each with the fingerprint it was granted with, 0 if refused, "?" if it has changed since,
//   s the same for services that were decided otherwise than their purpose,
//   d whether cookies of what is refused may be left, r when the privacy pages were last opened from here,
//   c when the server was last asked for a newer choice,
//   u what else the server has to be told of the decision, until it was: language.action.source.took,
//   k the visitor's token once there is one, h where the server keeps the cookie if it does (after/keep.js).
// p and s are in groups, so that any number fits: fingerprint:name:name.0:name. No field needs an escape, and nothing
// that a page does to JSON, arrays or objects changes one.

// Global Privacy Control, and its older sister.
const optsOut = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
const withheld = optsOut ? WITHHELD : [];
const seconds = () => Math.floor(Date.now() / 1000);

// Where another's cookie of that name cannot be written over, it has a name of its own.
const OWN = "consent-" + SITE;
const COOKIE = RegExp(`(?:^|; )(?:consent|${OWN})=1~([^;]*)`, "g");
const FIELDS = "vtipsdrcukh";
// A form of that name hides document.cookie, and pages wrap it; MooTools has a Document of its own.
const jar = Object.getOwnPropertyDescriptor(document.__proto__.__proto__, "cookie");

// The latest that is known. Where no cookie can be kept or read, a choice holds as long as the page; and a browser may
// show a page older cookies than its own (Firefox, while frames load).
function readChoice() {
  let latest = main.choice;
  try {
    for (const [, text] of jar.get.call(document).matchAll(COOKIE)) {
      const found = parse(text.split("~"));
      if (found && !(latest?.t > found.t)) latest = found;
    }
  } catch {
    // A sandboxed page may read none.
  }
  return latest;
}

// By the clock of now, a choice may be of the future: clocks are set back. The browser keeps it no longer for that.
function parse(field) {
  const found = {};
  [...FIELDS].forEach((name, at) => (found[name] = field[at]));
  found.p = unpack(found.p);
  found.s = unpack(found.s);
  return seconds() - found.t < LIFETIME && found;
}

function unpack(text = "") {
  const given = {};
  for (const group of text.split(".")) group.split(":").forEach((key, at, all) => at && (given[key] = all[0]));
  return given;
}

function pack(given) {
  const groups = {};
  for (const key of Object.keys(given)) groups[given[key]] = (groups[given[key]] || given[key]) + ":" + key;
  return Object.values(groups).join(".");
}

// Where the name is taken, the next one has to do. What Firefox and Safari show is no proof of what they keep:
// after/send.js looks closer.
function writeChoice(names = ["consent", OWN]) {
  const age = LIFETIME + Math.min(main.choice.t - seconds(), 0);
  const field = { ...main.choice, p: pack(main.choice.p), s: pack(main.choice.s) };
  const value = `=1~${[...FIELDS].map((name) => field[name]).join("~")}`;
  try {
    names.some((name) => {
      jar.set.call(document, `${name}${value};path=/;max-age=${age};samesite=lax${location.protocol[5] ? ";secure" : ""}`);
      return jar.get.call(document).includes(name + value);
    });
  } catch {
    // As in readChoice.
  }
}

// A grant counts only while the purpose still means what it meant when it was given.
function isGranted(purpose, service) {
  if (purpose === "necessary") return true;
  const given = main.choice?.s[service] ?? main.choice?.p[purpose];
  return given + "" === PURPOSES[purpose]; // a text, as what every object has is none
}

const isServiceGranted = (service) => isGranted(SERVICES[service], service);

const grantsAnything = () => Object.keys(PURPOSES).some((purpose) => isGranted(purpose)) || Object.keys(SERVICES).some(isServiceGranted);

const mapKeys = (object, value) => Object.fromEntries(Object.keys(object).map((key) => [key, value(key)]));

function state() {
  return {
    decided: !!main.choice,
    version: main.choice && +main.choice.v,
    purposes: { necessary: true, ...mapKeys(PURPOSES, (purpose) => isGranted(purpose)) },
    services: mapKeys(SERVICES, isServiceGranted),
  };
}

// Remembers a choice, and applies it as soon as the visitor sees that it was heard. One that grants nothing is a refusal
// or a withdrawal.
function decide(action, source, purposes, services = {}) {
  if (!Object.values({ ...purposes, ...services }).includes(true)) action = grantsAnything() ? "withdraw" : "refuse";
  main.after?.keepUnsent();
  const keep = (granted, purpose) => (granted ? PURPOSES[purpose] : "0");
  const differs = (key) => services[key] !== purposes[SERVICES[key]];
  const before = readChoice(); // another tab may have received a token meanwhile
  main.choice = {
    ...before,
    v: VERSION,
    // Later than the one before, whatever the clock says.
    t: Math.max(seconds(), before?.t - -1 || 0),
    // Of this and the time, after/send.js makes a UUID. crypto.randomUUID would need a secure context.
    i: crypto.getRandomValues(new Uint32Array(3)).join("."),
    p: mapKeys(PURPOSES, (purpose) => keep(purposes[purpose], purpose)),
    s: Object.fromEntries(Object.keys(services).filter(differs).map((key) => [key, keep(services[key], SERVICES[key])])),
    d: 1,
    u: [main.language, action, source].join("."),
  };
  writeChoice();
  main.held = true;
  const focused = main.host?.contains(document.activeElement);
  hide();
  afterPaint(() => {
    main.held = false;
    apply();
    // Focus that was in here stays in here: moving it takes a layout, which can wait until the banner is seen to go.
    after("settle", { decided: true, focused });
  });
}

// On a page that nobody sees, a frame may never come.
function afterPaint(then) {
  const now = () => then && (then(), (then = null));
  requestAnimationFrame(() => setTimeout(now));
  setTimeout(now, 150);
}

// With a browser that asks not to be tracked, "all" is all the others: what it refused is agreed to by name only.
const decideAll = (granted, source) =>
  decide(
    withheld[0] ? "choose" : "accept",
    source,
    mapKeys(PURPOSES, (purpose) => granted && !withheld.includes(purpose)),
  );
