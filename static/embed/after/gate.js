// The gate: starts what the choice allows, in document order, and undoes what it no longer allows.
//
// Takes main (what api.js hands over), scripts.js, elements.js, send.js, watch.js; STORES, whether a service stores anything
// but cookies.

let starting = false;
// Frames that a visitor loaded without deciding anything.
const once = [];

const isAllowed = ({ dataset }) => main.isGranted(dataset.consent, dataset.consentService);
const isScript = (element) => element.localName === "script";
const mayStart = (element) => isAllowed(element) && (isScript(element) ? isScriptWaiting(element) : isWaiting(element));

// One after the other, each in a task of its own: a script that loads holds up those after it, as in an
// ordinary page.
async function startAllowed() {
  if (starting) return;
  starting = true;
  let wanted;
  let any = false;
  try {
    while (!main.held && (wanted = all("[data-consent]").filter(mayStart))[0]) {
      for (const element of wanted) {
        if (main.held || !isAllowed(element) || !element.isConnected) continue;
        any = true;
        await (isScript(element) ? startScript(element) : fill(element));
        main.signal();
      }
    }
  } finally {
    starting = false;
    if (any) stopForbidden(); // what was under way when the choice changed may have left something behind
  }
}

// What has run cannot be stopped; frames can be emptied, and what it stored can be deleted, until a page finds
// nothing left.
function stopForbidden() {
  for (const element of all("[data-consent]:not(script)")) {
    if (!isAllowed(element) && !once.includes(element)) empty(element);
  }
  const of = main.choice;
  if (!of?.d || !(STORES || hasOtherCookies())) return;
  main.ask("clean").then((found) => {
    if (starting || found !== false || main.readChoice()?.i !== of.i || main.choice.i !== of.i) return;
    main.choice.d = "";
    main.writeChoice();
  });
}

// One cookie is the choice itself.
function hasOtherCookies() {
  try {
    return main.jar.get.call(document).includes(";");
  } catch {
    return false; // a sandboxed page
  }
}

function follow() {
  if (main.choice) addTime();
  send();
  stopForbidden();
  if (main.choice) startAllowed();
  if (all("iframe[data-consent],[data-consent-notice],[data-consent-cookies]").some((each) => !isFilled(each))) main.ask("complete");
}

// Frames that others load.
document.addEventListener("load", ({ target }) => target.matches?.("iframe[data-consent]") && !isFilled(target) && stopForbidden(), true);
// Scripts that wait for the end of parsing.
document.addEventListener("readystatechange", () => main.choice && startAllowed());
