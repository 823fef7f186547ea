// The second layer: a dialog with every purpose and service. What it says comes from the server, fetched
// ahead while the banner stands there, and kept by the browser.
//
// Takes main (what api.js hands over), VERSION, WORDS and STYLE.

const words = WORDS[main.language];
let loading;
let styled;

function loadSettings() {
  loading ||= fetch(`${main.BASE}/${VERSION}/${main.language}/settings`, { signal: AbortSignal.timeout(2000) })
    .then((answer) => (answer.ok ? answer.text() : Promise.reject()))
    .catch(() => void (loading = null));
  return loading;
}

// Says whether the settings are open: without a server they are not.
async function openSettings(opener) {
  const wasAsking = !main.shown?.matches("div");
  const html = await loadSettings();
  if (main.shown?.matches("dialog")) return true;
  if (!html) return false;
  const form = main.make("form", { method: "dialog" });
  form.innerHTML = html;
  const now = consent.get();
  for (const box of boxes(form, "purpose")) box.checked = now.purposes[box.dataset.consentPurpose];
  for (const box of boxes(form, "service")) box.checked = now.services[box.dataset.consentService];
  for (const box of boxes(form, "service")) {
    // Shown as they stand: an untouched form saves what was there.
    const purpose = boxes(form, "purpose").find((each) => each.dataset.consentPurpose === box.dataset.of);
    purpose.indeterminate ||= box.checked !== purpose.checked;
  }
  form.onchange = ({ target }) => follow(form, target);
  const dialog = main.make(
    "dialog",
    { "data-consent-settings": "", part: "settings", "aria-labelledby": "title" },
    main.make("header", {},
      main.make("h2", { id: "title", tabindex: "-1", autofocus: "" }, words.settings),
      main.make("button", { "aria-label": words.close, "data-consent-close": "", onclick: () => dialog.close() }, "×")),
    ...(main.withheld[0] ? [main.make("p", { class: "note" }, words.opted_out)] : []),
    form,
    main.make("p", {},
      main.make("a", { href: `${main.NOTICE}?lang=${main.language}`, target: "_blank", rel: "noopener" }, words.notice)),
    main.make("div", { class: "buttons" },
      main.make("button", { "data-consent-refuse": "", onclick: () => main.decideAll(false, "settings") }, words.refuse),
      main.make("button", { "data-consent-accept": "", onclick: () => main.decideAll(true, "settings") }, words.accept),
      main.make("button", { "data-consent-save": "", onclick: () => save(form) }, words.save)),
  );
  main.show(dialog);
  if (!styled) main.addStyle(main.root, STYLE);
  styled = true;
  dialog.showModal();
  dialog.onclose = () => {
    if (main.shown !== dialog) return; // a choice was made
    if (wasAsking && main.mustAsk()) main.showBanner();
    else main.showReopen();
    const root = main.root;
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
  if (Object.values({ ...purposes, ...services }).includes(true)) main.decide("choose", "settings", purposes, services);
  else main.decideAll(false, "settings");
}
