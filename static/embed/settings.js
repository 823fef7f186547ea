// The second layer: a dialog with every purpose and service. What it says comes from the server when it
// is wanted; until then, or without a server, the purposes' names are enough to choose by.
//
// Takes choice.js, banner.js.

let loading;

function loadSettings() {
  loading ||= fetch(`${BASE}/${CONFIG.version}/${language}/settings`)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject()))
    .catch(() => void (loading = null));
  return loading;
}

function openSettings() {
  const opener = document.activeElement;
  const wasBanner = shown?.matches("section");
  const form = make("form", { method: "dialog" });
  const dialog = make(
    "dialog",
    { part: "settings", "data-consent-settings": "", "aria-labelledby": "title" },
    make("header", {},
      make("h2", { id: "title", tabindex: "-1" }, words.settings),
      make("button", { "aria-label": words.close, "data-consent-close": "", onclick: () => dialog.close() }, "×")),
    form,
    make("p", {}, noticeLink()),
    make("div", {},
      ...answers("settings"),
      make("button", { "data-consent-save": "", onclick: () => save(form) }, words.save)),
  );
  for (const [purpose, title] of Object.entries(words.purposes)) {
    form.append(make("label", {}, make("input", { type: "checkbox", "data-consent-purpose": purpose }), title));
  }
  tick(form, isGranted, isServiceGranted);
  form.onchange = ({ target }) => follow(form, target);
  loadSettings()?.then((html) => html && dialog.open && fill(form, html));
  show(dialog);
  dialog.showModal();
  dialog.querySelector("h2").focus();
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

function tick(form, purposeOn, serviceOn) {
  for (const box of boxes(form, "purpose")) box.checked = purposeOn(box.dataset.consentPurpose);
  for (const box of boxes(form, "service")) box.checked = serviceOn(box.dataset.consentService);
}

// The full text takes the place of the names; what was ticked meanwhile stays.
function fill(form, html) {
  const before = ticked(form, "purpose");
  form.innerHTML = html;
  tick(form, (purpose) => before[purpose], (service) => {
    const purpose = CONFIG.services[service][0];
    return isGranted(purpose) === before[purpose] ? isServiceGranted(service) : before[purpose];
  });
}

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

const ticked = (form, kind) =>
  Object.fromEntries(boxes(form, kind).map((box) => [Object.values(box.dataset)[0], box.checked]));

function save(form) {
  const purposes = ticked(form, "purpose");
  const services = ticked(form, "service");
  for (const service in services) {
    if (services[service] === purposes[CONFIG.services[service][0]]) delete services[service];
  }
  const any = Object.values({ ...purposes, ...services }).includes(true);
  if (any) decide("choose", "settings", purposes, services);
  else decideAll(false, "settings");
}
