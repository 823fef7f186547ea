// Stands in for Microsoft's UET (bat.js, as seen on 2026-11-27): what it stores, and where it finds its ids again. It keeps
// each id twice, as a cookie and in the local storage, there with an entry of its own for when it ends, and takes either.
(() => {
  const HOUR = 3600;
  const keep = (name, seconds) => {
    const cookie = document.cookie.split("; ").find((each) => each.startsWith(name + "="))?.slice(name.length + 1);
    const entry = Date.parse(localStorage[name + "_exp"]) > Date.now() && localStorage[name];
    const id = cookie || entry || crypto.randomUUID().replaceAll("-", "");
    document.cookie = `${name}=${id};path=/;max-age=${seconds};samesite=lax`;
    localStorage[name] = id;
    localStorage[name + "_exp"] = new Date(Date.now() + seconds * 1000).toUTCString();
    return id;
  };
  window.uetIds = [keep("_uetsid", 24 * HOUR), keep("_uetvid", 390 * 24 * HOUR)];
})();
