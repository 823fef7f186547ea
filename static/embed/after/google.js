// The event in Google's data layer, for triggers in Tag Manager.
//
// Takes main; LAYER.

let toldTriggers;

main.signals.push(() => {
  if (!main.choice) return;
  const consent = main.api.get();
  const event = JSON.stringify(consent);
  if (event !== toldTriggers) window[LAYER].push({ event: "consent_update", consent });
  toldTriggers = event;
});
