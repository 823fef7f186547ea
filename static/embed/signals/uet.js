// Microsoft Advertising (UET) consent mode.
//
// Takes signals.js.

window.uetq ||= [];
// The lines in the page's head may have set it. Once Microsoft's script is there, it is no list.
if (Array.isArray(uetq) && !uetq.includes("default")) uetq.push("consent", "default", { ad_storage: "denied" });

let toldUet;

main.signals.push(() => {
  const told = granted("uet", TYPES.ad_storage);
  if ((!main.choice && !toldUet) || told === toldUet) return;
  toldUet = told;
  uetq.push("consent", "update", { ad_storage: told });
});
