// Before any tag: nothing is granted. Then, if a choice is stored, that.
const layer = (window[LAYER] = window[LAYER] || []);
window.gtag =
  window.gtag ||
  function () {
    layer.push(arguments);
  };
const types = TYPES;
const consent = (say) => Object.fromEntries(Object.keys(types).map((type) => [type, say(types[type])]));
gtag("consent", "default", { ...consent((pairs) => (pairs[0] ? "denied" : "granted")), wait_for_update: WAIT });
if (given) gtag("consent", "update", consent(granted));
