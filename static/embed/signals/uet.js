// Microsoft Advertising (UET) consent mode.
//
// Takes signals.js, apply.js; UET (what has to be granted). Once Microsoft's script is there, uetq is no list. Until then what waits
// is replaced: for each word the script sends a request of its own, to another host while it is denied (bat.js of 2026).

window.uetq ||= [];
// The lines in the page's head may have set it.
if (Array.isArray(uetq) && !uetq.includes("consent")) uetq.push("consent", "default", { ad_storage: "denied" });

let toldUet;

main.signals.push(() => {
  const ad_storage = granted(UET);
  if ((!main.choice && !toldUet) || ad_storage === toldUet) return;
  toldUet = ad_storage;
  const at = Array.isArray(uetq) ? uetq.lastIndexOf("consent") : -1;
  if (at < 0) uetq.push("consent", "update", { ad_storage });
  else uetq[at + 2] = { ad_storage };
});
