// Lets the server know of decisions. What could not be sent stays in the cookie until it could; when another choice is
// made before that, it moves to the local storage, a line each.
//
// Takes main, keep.js; RELOADS, whether a withdrawal loads the page again.

let lines = [];
let sending = false;

// JSON, for which no page can have put methods of its own into objects.
const asJson = (given) => `{${Object.keys(given).map((key) => `"${key}":${given[key] !== "0"}`)}}`;

// UUIDv7 (RFC 9562): of the same choice always the same.
function idOf({ i, t }) {
  if (!i.includes(".")) return i;
  const random = i.split(".").map((part) => (+part).toString(16).padStart(8, "0")).join("");
  const time = (t * 1000).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-b${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

function lineOf({ t, i, v, p, s, u }) {
  const said = u.split(".");
  return (
    `{"id":"${idOf({ i, t })}","version":${v},"language":"${said[0]}","action":"${said[1]}","source":"${said[2]}",` +
    `"purposes":${asJson(p)},"services":${asJson(s)},"gpc":${navigator.globalPrivacyControl === true},"dnt":${navigator.doNotTrack === "1"},"took":${said[3] || null}}`
  );
}

// Those of earlier pages and other tabs, and those of this one where nothing may be stored. They go before the choice
// does, so that when it has gone there are none, and the storage need not be read, which takes longer than all else here.
function unsent() {
  if (!main.choice?.u && !lines[0]) return lines;
  try {
    lines = [...new Set([...(localStorage[main.OWN] || "").split("\n"), ...lines])];
  } catch {
    // Blocked.
  }
  return (lines = lines.filter((line) => line[0] === "{"));
}

function store(wanted) {
  lines = wanted;
  try {
    if (lines[0]) localStorage[main.OWN] = lines.join("\n");
    else delete localStorage[main.OWN];
  } catch {
    // As above.
  }
}

const refusesAnything = () => Object.values({ ...main.choice.p, ...main.choice.s }).includes("0");

// How long the question was there, by the clock that nobody sets.
function addTime() {
  if (!main.choice.u || main.choice.u.split(".")[3] !== undefined) return;
  main.choice.u += "." + (main.since ? Math.floor((performance.now() - main.since) / 1000) : "");
  main.since = 0;
  // Of whoever agrees to all there is nothing to delete.
  if (!refusesAnything()) main.choice.d = "";
  main.writeChoice();
}

function keepUnsent() {
  if (main.choice?.u) store([...unsent(), lineOf(main.choice)]);
  retire();
}

// Firefox and Safari show a page what it wrote, though they may have kept another's cookie of that name (one that
// scripts cannot see). The cookie store knows.
async function makeSure() {
  const kept = await window.cookieStore?.getAll?.().catch(() => null);
  if (kept && !kept.some(({ name, value }) => (name === "consent" || name === main.OWN) && value.startsWith("1~"))) {
    main.writeChoice([main.OWN]);
  }
}

async function send() {
  if (sending) return;
  const line = unsent()[0] || (main.choice?.u && lineOf(main.choice));
  if (!line) return;
  sending = true;
  const token = main.choice?.k;
  const body = token ? line.slice(0, -1) + `,"token":"${token}"}` : line;
  const address = main.BASE + "/decisions";
  let retry = false;
  try {
    // A string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
    const answer = await fetch(address, { method: "POST", body, keepalive: true, credentials });
    const received = answer.ok && (await answer.json());
    // Somebody may have chosen while we waited, here or in another tab.
    const choice = (main.choice = main.readChoice() || main.choice);
    let ended = answer.ok;
    const isOfNow = line.includes(idOf(choice));
    if (received?.cookie && isOfNow) await adopt(received.cookie);
    else if (received) choice.k = received.token ?? choice.k;
    // A token that no longer holds: the same decision is sent without it.
    else if (token && [401, 403].includes(answer.status)) choice.k = "";
    // It will never be accepted, so keeping it would help nobody.
    else if ([400, 409, 413, 422].includes(answer.status)) ended = true;
    else throw answer.status;
    if (ended) {
      store(unsent().filter((each) => each !== line));
      if (isOfNow) choice.u = "", choice.i = idOf(choice);
    }
    // A grant that nobody can prove is none.
    const isUnproved = ended && !answer.ok && isOfNow;
    if (isUnproved) choice.p = mapKeys(main.PURPOSES, () => "0"), choice.s = {}, choice.d = 1;
    if (main.choice === choice) {
      main.writeChoice();
      makeSure();
    }
    if (isUnproved) main.apply();
    // Taken back on this page: what runs here ends with it.
    if (RELOADS && answer.ok && isOfNow && isOfHere(choice) && line.includes('"action":"withdraw"')) location.reload();
    retry = true;
  } catch (error) {
    // Offline, or the server is: the next page view tries again. Or the page has put another fetch there.
    if (error.message) navigator.sendBeacon?.(address, body);
  }
  sending = false;
  if (retry) send();
}
