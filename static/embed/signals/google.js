// Google consent mode v2: the default before any tag, an update after each choice and on each later page, before a tag
// too where this script stands above it. The lines in the page's head may have told Google already.
// https://developers.google.com/tag-platform/security/guides/consent
//
// Takes choice.js, apply.js, load.js; LAYER, the name of the data layer; CONDITIONS (consent type → what has to be granted:
// pairs of a purpose and its service); WAIT, in milliseconds. A data layer that is no list stops this, and nothing else.

call(() => {
  const layer = (window[LAYER] ||= []);
  window.gtag ||= function () {
    layer.push(arguments); // the object itself: an array would be taken for something else
  };
  const told = {};
  for (const entry of layer) if (entry?.[0] === "consent") told[entry[1]] = JSON.stringify(entry[2]);
  const say = (isGranted) => mapKeys(CONDITIONS, (type) => (CONDITIONS[type].every(isGranted) ? "granted" : "denied"));
  if (!told.default) {
    if (layer[0]) setTimeout(load, 0, "more"); // which warns of tags that ran too early
    gtag("consent", "default", { ...say(() => false), wait_for_update: WAIT });
  }
  main.signals.push(() => {
    const types = say((pair) => isGranted(...pair));
    const update = JSON.stringify(types);
    if (!(main.choice || told.update) || update === told.update) return;
    told.update = update;
    gtag("consent", "update", types);
  });
});
