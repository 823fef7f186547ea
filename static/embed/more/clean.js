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

// Deletes the cookies of services that are not allowed, and says whether there were any.
//
// Takes COOKIES (service → names), PURPOSES, SERVICES and consent.

function deleteCookies() {
  const granted = consent.get().services;
  const matches = (pattern, name) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  const usedBy = (name, wanted) =>
    Object.keys(COOKIES).some((service) =>
      (granted[service] ?? true) === wanted && COOKIES[service].some((pattern) => matches(pattern, name)));
  let names = [];
  try {
    names = main.jar.get.call(document).split("; ").map((pair) => pair.split("=")[0]);
  } catch {
    // A sandboxed page has none.
  }
  const refused = names.filter((name) => usedBy(name, false) && !usedBy(name, true));
  refused.forEach(deleteCookie);
  return !!refused[0];
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
