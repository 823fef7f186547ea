// Forms of the site file. With a preview beside them, what is typed shows there soon after, saved or not; without this
// a button does it.
"use strict";

for (const form of document.querySelectorAll("form[data-live]")) {
  const button = form.querySelector(`[formtarget="${form.dataset.live}"]`);
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      // A new frame, whose first page adds nothing to the browser's history.
      const old = document.querySelector(`iframe[name="${form.dataset.live}"]`);
      const frame = old.cloneNode();
      frame.removeAttribute("src");
      old.replaceWith(frame);
      form.requestSubmit(button);
    }, 600);
  });
}

// The button that asks the server for more fields stands in for the empty ones at the end.
for (const button of document.querySelectorAll("button.more")) {
  button.hidden = false;
  const empty = button.previousElementSibling;
  if (!empty.open) empty.hidden = true;
}
