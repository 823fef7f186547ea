// What the dialog of the settings says of each purpose, and its services. The text is a script of its own for each
// language, fetched ahead while the banner stands there, and kept by the browser.
//
// Takes main (what api.js hands over), WORDS, TEXTS (language → hash) and STYLE.

const said = () => WORDS[main.language];

const loadText = () => main.load("text-" + main.language, TEXTS[main.language]);

// The dialog is there, with a checkbox for each purpose. What was ticked meanwhile stays, and so does the focus.
async function fillSettings() {
  leaveUnseen();
  const html = await loadText();
  const form = main.root?.querySelector("form[aria-busy]");
  if (!form) return; // closed, or filled already
  form.removeAttribute("aria-busy");
  if (!html) return; // Without a server, purposes can be decided all the same.
  const ticked = new Map(main.boxes("purpose").map((box) => [box.dataset.consentPurpose, box.checked]));
  const focused = main.root.activeElement?.dataset.consentPurpose;
  const note = main.withheld[0] ? `<p class=note>${said().opted_out}</p>` : "";
  const words = main.words;
  form.innerHTML = `${note}${html}<p><a href="${main.NOTICE}?lang=${main.language}">${words.notice}</a></p>`;
  main.addStyle(STYLE);
  const now = consent.get();
  for (const box of main.boxes("purpose")) box.checked = ticked.get(box.dataset.consentPurpose);
  for (const box of main.boxes("service")) {
    const purpose = main.boxes("purpose").find((each) => each.dataset.consentPurpose === box.dataset.of);
    const isUntouched = purpose.checked === now.purposes[box.dataset.of];
    box.checked = isUntouched ? now.services[box.dataset.consentService] : purpose.checked;
    // Shown as they stand: an untouched form saves what was there.
    purpose.indeterminate ||= box.checked !== purpose.checked;
  }
  form.onchange = ({ target }) => follow(target);
  if (focused) main.boxes("purpose").find((box) => box.dataset.consentPurpose === focused).focus();
}

// Hidden by whatever the visitor has installed: nobody is left with a page that a dialog they cannot see has locked.
function leaveUnseen() {
  const dialog = main.root?.querySelector("dialog[open]");
  if (dialog?.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) !== false) return;
  dialog.close();
  window.open(`${main.NOTICE}choices?lang=${main.language}`);
}

// A purpose takes its services along; a service alone leaves its purpose undecided between the two.
function follow(box) {
  const purpose = box.dataset.consentPurpose;
  const of = box.dataset.of;
  const services = main.boxes("service").filter((each) => each.dataset.of === (purpose || of));
  if (purpose) {
    for (const each of services) each.checked = box.checked;
    box.indeterminate = false;
  } else {
    const parent = main.boxes("purpose").find((each) => each.dataset.consentPurpose === of);
    parent.checked = services.every((each) => each.checked);
    parent.indeterminate = !parent.checked && services.some((each) => each.checked);
  }
}
