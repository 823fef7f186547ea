// The Meta pixel's consent. Its base code makes fbq, so whoever lets that run ungated has to revoke there.
//
// Takes main; META (pairs of a purpose and a service, all of which have to be granted). A grant that waits in the
// queue of the base code behind a revoke is lost, and nothing is ever sent (fbevents.js 2.9.49 to 2.9.243). So it is
// told once Meta's script is there.

let toldMeta;

main.signals.push(() => {
  const told = META.every((pair) => main.isGranted(...pair)) ? "grant" : "revoke";
  if (!window.fbq || told === toldMeta || (told === "grant" && !fbq.callMethod)) return;
  toldMeta = told;
  fbq("consent", told);
});
document.addEventListener("load", ({ target }) => target.localName === "script" && main.signal(), true);
