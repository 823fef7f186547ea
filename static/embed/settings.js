// The second layer: a dialog with every purpose and service. What it says comes from the server, fetched
// ahead while the banner stands there, and kept by the browser.
//
// Takes choice.js, banner.js.

let loading;

function loadSettings() {
  loading ||= fetch(`${BASE}/${CONFIG.version}/${language}/settings`, { signal: AbortSignal.timeout(2000) })
    .then((answer) => (answer.ok ? answer.text() : Promise.reject()))
    .catch(() => void (loading = null));
  return loading;
}

async function openSettings() {
  const opener = document.activeElement;
  const wasBanner = !shown || shown.matches("section");
  const html = await loadSettings();
  if (shown?.matches("dialog")) return;
  // Without a server the first layer is enough to refuse, to accept and to withdraw.
  if (!html) return showBanner();
  const form = make("form", { method: "dialog" });
  form.innerHTML = html;
  for (const box of boxes(form, "purpose")) box.checked = isGranted(box.dataset.consentPurpose);
  for (const box of boxes(form, "service")) box.checked = isServiceGranted(box.dataset.consentService);
  for (const box of boxes(form, "service")) follow(form, box);
  form.onchange = ({ target }) => follow(form, target);
  const dialog = make(
    "dialog",
    { "data-consent-settings": "", "aria-labelledby": "title" },
    make("header", {},
      make("h2", { id: "title", tabindex: "-1", autofocus: "" }, words.settings),
      make("button", { "aria-label": words.close, "data-consent-close": "", onclick: () => dialog.close() }, "×")),
    form,
    make("p", {}, noticeLink()),
    make("div", {},
      ...answers("settings"),
      make("button", { "data-consent-save": "", onclick: () => save(form) }, words.save)),
  );
  show(dialog);
  dialog.showModal();
  dialog.onclose = () => {
    if (shown !== dialog) return; // a choice was made
    if (wasBanner && mustAsk()) showBanner();
    else showReopen();
    // Back to where the visitor was: in the page, or on the button that stands where theirs stood.
    if (opener && opener !== document.body && opener !== root.host) opener.focus();
    else root.querySelector("[data-consent-choose],[data-consent-reopen]").focus();
  };
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
  if (Object.values({ ...purposes, ...services }).includes(true)) decide("choose", "settings", purposes, services);
  else decideAll(false, "settings");
}
