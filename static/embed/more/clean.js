// Marks what was granted and has changed its meaning since: "?" equals no fingerprint.
function markChanged(choice) {
  for (const given of [choice.p, choice.s]) {
    for (const key of Object.keys(given)) {
      if (given[key] !== "0" && given[key] !== PURPOSES[SERVICES[key] || key]) given[key] = "?";
    }
  }
  choice.d = 1;
  return true;
}

// Deletes what services have stored that are not allowed, and says whether there was anything.
//
// Takes COOKIES (service → names), STORED (kind → service → names), PURPOSES, SERVICES and consent.
async function clean() {
  const granted = consent.get().services;
  const found = [deleteCookies(granted)];
  for (const kind of Object.keys(STORED)) found.push(await DELETE[kind](isForeign(granted, STORED[kind])));
  return found.includes(true);
}

// A * stands for whatever differs.
const matches = (pattern, name) =>
  RegExp(`^${pattern.split("*").map((part) => part.replace(/\W/g, "\\$&")).join(".*")}$`, "s").test(name);

// Whether a name is used by services that are not allowed, and by no other. The choice itself is nobody's.
function isForeign(granted, namesOf) {
  const isUsed = (name, wanted) =>
    Object.keys(namesOf).some((service) => (granted[service] ?? true) === wanted && namesOf[service].some((pattern) => matches(pattern, name)));
  return (name) => name !== "consent" && name !== main.OWN && isUsed(name, false) && !isUsed(name, true);
}

// Each deletes what is foreign, and says whether there was anything. Where a browser lets nobody see, there is nothing.
const DELETE = {
  local: (isTheirs) => deleteEntries(() => localStorage, isTheirs),
  session: (isTheirs) => deleteEntries(() => sessionStorage, isTheirs),
  async indexeddb(isTheirs) {
    const found = (await quietly(() => indexedDB.databases())) || [];
    const theirs = found.map(({ name }) => name).filter(isTheirs);
    // One that a script of this page still holds open goes as the page does.
    for (const name of theirs) quietly(() => indexedDB.deleteDatabase(name));
    return !!theirs[0];
  },
  async cache(isTheirs) {
    const theirs = ((await quietly(() => caches.keys())) || []).filter(isTheirs);
    for (const name of theirs) await quietly(() => caches.delete(name));
    return !!theirs[0];
  },
};

async function quietly(ask) {
  try {
    return await ask();
  } catch {
    // Blocked, or not there.
  }
}

function deleteEntries(where, isTheirs) {
  try {
    const theirs = Object.keys(where()).filter(isTheirs);
    for (const name of theirs) where().removeItem(name);
    return !!theirs[0];
  } catch {
    return false;
  }
}

function deleteCookies(granted) {
  let names = [];
  try {
    names = main.jar.get.call(document).split("; ").map((pair) => pair.split("=")[0]);
  } catch {
    // A sandboxed page has none.
  }
  const theirs = names.filter(isForeign(granted, COOKIES));
  theirs.forEach(deleteCookie);
  return !!theirs[0];
}

// A page cannot see for which domain and path a cookie was set, so each that is possible is tried.
function deleteCookie(name) {
  const labels = location.hostname.split(".");
  const domains = ["", ...labels.map((_, index) => ";domain=" + labels.slice(index).join("."))];
  const expire = (where) => main.jar.set.call(document, `${name}=;max-age=0;${where}`);
  // Some names may be written only as secure, and a partitioned cookie lies in a jar of its own.
  for (const kind of ["", ";secure", ";secure;partitioned"]) {
    for (const domain of domains) {
      let path = "";
      for (const step of location.pathname.split("/")) {
        path += step;
        expire(`path=${path}${domain}${kind}`);
        path += "/";
        expire(`path=${path}${domain}${kind}`);
      }
    }
  }
}
