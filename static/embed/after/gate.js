// The gate: starts what the choice allows, in document order, and undoes what it no longer allows.
//
// Takes main (what api.js hands over), scripts.js, elements.js, send.js, watch.js; STORES, the kinds of storage that
// services use besides cookies.

let starting = false;
// Frames that a visitor loaded without deciding anything.
const once = [];

const isAllowed = ({ dataset }) => main.isGranted(dataset.consent, dataset.consentService);
const isScript = (element) => element.localName === "script";
const mayStart = (element) => isAllowed(element) && (isScript(element) ? isScriptWaiting(element) : isWaiting(element));

// One after the other, each in a task of its own: a script that loads holds up those after it, as in an
// ordinary page, which fetches them meanwhile.
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
        const done = isScript(element) ? startScript(element) : fill(element);
        if (element === wanted[0]) wanted.slice(1).forEach(fetchAhead);
        await done;
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
  if (main.choice?.d) clean(main.choice);
}

async function clean(choice) {
  // Where nothing has been stored, what deletes is not even fetched. To see that there is nothing but cookies costs
  // next to nothing; to look into a storage does, and is not done on each page.
  const isLeft = (await isAnythingStored()) ? await main.ask("clean") : !STORES[0] || isOfHere(choice);
  if (starting || isLeft !== false || main.readChoice()?.i !== choice.i || main.choice.i !== choice.i) return;
  main.choice.d = "";
  main.writeChoice();
}

const AMOUNTS = {
  local: () => localStorage.length,
  session: () => sessionStorage.length,
  indexeddb: async () => (await indexedDB.databases()).length,
  cache: async () => (await caches.keys()).length,
};

async function isAnythingStored() {
  try {
    // One cookie is the choice itself.
    if (main.jar.get.call(document).includes(";")) return true;
    for (const kind of STORES) if (await AMOUNTS[kind]()) return true;
  } catch {
    // A sandboxed page, or a browser that shows nobody.
  }
  return false;
}

function follow() {
  if (main.choice) addTime();
  stopForbidden();
  if (main.choice) startAllowed();
  send();
  if (all("iframe[data-consent],[data-consent-notice],[data-consent-cookies]").some((each) => !isFilled(each))) main.ask("complete");
}

// Frames that others load.
document.addEventListener("load", ({ target }) => target.matches?.("iframe[data-consent]") && !isFilled(target) && stopForbidden(), true);
// Scripts that wait for the end of parsing.
document.addEventListener("readystatechange", () => main.choice && startAllowed());
