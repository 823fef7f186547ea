// The second layer: a dialog with every purpose. It opens at once; what is said of each, and the services, come in
// when they have been fetched (more/settings.js).
//
// Takes banner.js; SETTINGS_STYLE.

const boxes = (kind) => [...main.root.querySelectorAll(`[data-consent-${kind}]:enabled`)];

function openSettings() {
  if (main.host && main.root.querySelector("dialog[open]")) return;
  const opener = document.activeElement;
  show(
    "settings",
    SETTINGS_STYLE,
    `<dialog data-consent-settings part=settings aria-labelledby=title><div class=head><h2 id=title tabindex=-1 autofocus>${main.words.settings}</h2><button data-consent-close aria-label="${main.words.close}">×</button></div>${main.after?.withdrawal() || ""}<form method=dialog aria-busy=true>` +
      Object.keys(PURPOSES)
        .map((key) => `<label><input type=checkbox ${isGranted(key) ? "checked" : ""} data-consent-purpose=${key}><b>${main.words["_" + key]}</b></label>`)
        .join("") +
      `</form><div class=buttons>${["refuse", "accept", "save"].map(button).join("")}</div></dialog>`,
  );
  const dialog = main.root.querySelector("dialog");
  dialog.onclose = () => after("leave", dialog, opener);
  dialog.showModal();
  ask("fillSettings");
}

function save() {
  const read = (kind) =>
    Object.fromEntries(boxes(kind).map((box) => [box.getAttribute("data-consent-" + kind), box.checked]));
  decide("choose", "settings", read("purpose"), read("service"));
}
