// The Meta pixel's consent. Its base code makes fbq, so whoever lets that run ungated has to revoke there.
//
// Takes signals.js.

let toldMeta;

main.signals.push(() => {
  const told = agrees("meta") ? "grant" : "revoke";
  if (!window.fbq || told === toldMeta) return;
  toldMeta = told;
  fbq("consent", told);
});
