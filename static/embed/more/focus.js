// What has the focus is never behind the banner (WCAG 2.4.11): the banner goes to the other edge.
//
// Takes main, settings.js; UP_STYLE.

let movable; // the root that has the style for it
addEventListener("focusin", uncover);
uncover({ target: document.activeElement });

function uncover({ target }) {
  if (!target || target.contains(document.body)) return;
  const host = main.root?.host;
  if (!main.isAsking() || host.contains(target)) return;
  const rectangles = () => [target, host].map((each) => each.getBoundingClientRect());
  const isCovered = ([its, ours] = rectangles()) =>
    its.bottom > ours.top && its.top < ours.bottom && its.right > ours.left && its.left < ours.right;
  const moveBanner = () => {
    if (movable !== main.root) main.addStyle(UP_STYLE);
    movable = main.root;
    host.toggleAttribute("data-up");
  };
  const movePage = ([its, ours] = rectangles()) =>
    scrollBy({
      top: host.hasAttribute("data-up") ? its.top - ours.bottom - 4 : its.bottom - ours.top + 4,
      behavior: "instant",
    });
  // The page moves only in a window so small that the banner covers both edges.
  for (const move of [moveBanner, movePage, moveBanner, movePage]) if (isCovered()) move();
}
