// What has the focus is never behind the banner (WCAG 2.4.11): the banner goes to the other edge.
//
// Takes main.

addEventListener("focusin", uncover);
uncover({ target: document.activeElement });

function uncover({ target }) {
  if (!target || target.contains(document.body)) return;
  const host = main.root?.host;
  if (!main.shown?.matches("section") || host.contains(target)) return;
  const its = target.getBoundingClientRect();
  const ours = host.getBoundingClientRect();
  if (its.bottom > ours.top && its.top < ours.bottom && its.right > ours.left && its.left < ours.right) {
    host.toggleAttribute("data-up");
  }
}
