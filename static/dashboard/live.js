// A form with a preview beside it: what is typed shows there soon after, saved or not. Without this a button does it.
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
