// The second layer: a dialog with every purpose and service. What it says comes from the server, fetched
// ahead while the banner stands there, and kept by the browser.
//
// Takes main (what api.js hands over), VERSION, WORDS, SETTINGS (language → integrity hash of its text) and STYLE.

const words = WORDS[main.language];
const findRoot = () => document.querySelector("consent-banner")?.shadowRoot;
let loading;

function loadSettings() {
  loading ||= fetch(`${main.BASE}/${VERSION}/${main.language}/settings`, {
    integrity: SETTINGS[main.language],
    signal: AbortSignal.timeout?.(2000),
  })
    .then((answer) => (answer.ok ? answer.text() : Promise.reject()))
    .catch(() => void (loading = null));
  return loading;
}

// Says whether the settings are open: without a server they are not.
async function openSettings([opener, wasAsking]) {
  const html = await loadSettings();
  // Open already, or whoever was asked has decided meanwhile.
  if (findRoot()?.querySelector("dialog[open]") || (wasAsking && !main.isAsking())) return true;
  if (!html) return false;
  const now = consent.get();
  const note = main.withheld[0] ? `<p class=note>${words.opted_out}</p>` : "";
  main.show(`<dialog data-consent-settings part=settings aria-labelledby=title>
    <header><h2 id=title tabindex=-1 autofocus>${words.settings}</h2>
    <button data-consent-close aria-label="${words.close}">×</button></header>
    ${note}<form method=dialog>${html}</form>
    <p><a href="${main.BASE.replace(/e(\/[^/]*)$/, "privacy$1")}/?lang=${main.language}" target=_blank rel=noopener>${words.notice}</a></p>
    <div class=buttons><button data-consent-refuse>${words.refuse}</button><button data-consent-accept>${words.accept}</button>
    <button data-consent-save>${words.save}</button></div></dialog>`);
  main.addStyle(STYLE);
  const find = (selector) => findRoot().querySelector(selector);
  const dialog = find("dialog");
  const form = find("form");
  for (const box of boxes(form, "purpose")) box.checked = now.purposes[box.dataset.consentPurpose];
  for (const box of boxes(form, "service")) box.checked = now.services[box.dataset.consentService];
  for (const box of boxes(form, "service")) {
    // Shown as they stand: an untouched form saves what was there.
    const purpose = boxes(form, "purpose").find((each) => each.dataset.consentPurpose === box.dataset.of);
    purpose.indeterminate ||= box.checked !== purpose.checked;
  }
  form.onchange = ({ target }) => follow(form, target);
  find("[data-consent-close]").onclick = () => dialog.close();
  find("[data-consent-save]").onclick = () => save(form);
  dialog.showModal();
  dialog.onclose = () => {
    if (!dialog.isConnected) return; // a choice was made
    if (wasAsking && main.mustAsk()) main.showBanner();
    else main.showReopen();
    const root = findRoot();
    // Back to where the visitor was: in the page, or on the button that stands where theirs stood.
    if (opener.isConnected && opener !== document.body && opener !== root.host) opener.focus();
    else (root.host.querySelector("[data-consent-choose]") || root.querySelector("[data-consent-reopen]")).focus();
  };
  return true;
}

const boxes = (form, kind) => [...form.querySelectorAll(`[data-consent-${kind}]:enabled`)];

// A purpose takes its services along; a service alone leaves its purpose undecided between the two.
function follow(form, box) {
  const purpose = box.dataset.consentPurpose;
  const of = box.dataset.of;
  const services = boxes(form, "service").filter((each) => each.dataset.of === (purpose || of));
  if (purpose) {
    for (const each of services) each.checked = box.checked;
    box.indeterminate = false;
  } else {
    const parent = boxes(form, "purpose").find((each) => each.dataset.consentPurpose === of);
    parent.checked = services.every((each) => each.checked);
    parent.indeterminate = !parent.checked && services.some((each) => each.checked);
  }
}

function save(form) {
  const purposes = {};
  const services = {};
  for (const box of boxes(form, "purpose")) purposes[box.dataset.consentPurpose] = box.checked;
  for (const box of boxes(form, "service")) {
    if (box.checked !== purposes[box.dataset.of]) services[box.dataset.consentService] = box.checked;
  }
  if (Object.values({ ...purposes, ...services }).includes(true)) consent.set(purposes, services);
  else consent.withdraw();
}
