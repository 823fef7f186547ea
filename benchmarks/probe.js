// Watches one page: when the banner is there, when it is gone, and what it does to the page meanwhile.
// Called with the contender's selectors before anything of the page runs.
//
// A frame is the measure of what a visitor sees, so the buttons are looked at once in each, just before it is
// painted. Looking costs some microseconds, in each page the same.
({ host, accept }) => {
  const probe = (window.probe = {
    visible: null, // first frame with a button that can be read and pressed
    clicked: null, // when the mouse went up, as the browser has it
    gone: null, // first frame after that without the button
    shift: 0,
    blocked: 0, // what tasks took beyond 50 ms each
    painted: null,
    largest: null, // what the largest contentful paint was
  });

  const find = (selector) =>
    document.querySelector(selector) ?? document.querySelector(host)?.shadowRoot?.querySelector(selector);

  // 0 where there is nothing to see, else how opaque it is.
  function presence(element) {
    if (!element?.checkVisibility({ visibilityProperty: true })) return 0;
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    if (!width || !height || x < 0 || y < 0 || x > innerWidth || y > innerHeight) return 0;
    let opacity = 1;
    for (let each = element; each; each = each.assignedSlot ?? each.parentElement ?? each.getRootNode().host) {
      opacity *= getComputedStyle(each).opacity;
    }
    return opacity;
  }

  probe.centre = (selector) => {
    const { left, top, width, height } = find(selector).getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };

  requestAnimationFrame(function look() {
    if (presence(find(accept)) > 0.99) probe.visible = performance.now();
    else requestAnimationFrame(look);
  });

  addEventListener(
    "click",
    (event) => {
      probe.clicked = event.timeStamp;
      requestAnimationFrame(function look() {
        if (presence(find(accept)) < 0.01) probe.gone = performance.now();
        else requestAnimationFrame(look);
      });
    },
    { capture: true, once: true },
  );

  const observe = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });

  observe("layout-shift", ({ value, hadRecentInput }) => (probe.shift += hadRecentInput ? 0 : value));
  observe("longtask", ({ duration }) => (probe.blocked += Math.max(0, duration - 50)));
  observe("paint", ({ name, startTime }) => name === "first-paint" && (probe.painted = startTime));
  // Of what is in a shadow tree the browser does not tell the element: the page has none of its own.
  observe("largest-contentful-paint", ({ element }) => (probe.largest = element?.closest("main") ? "page" : "banner"));
};
