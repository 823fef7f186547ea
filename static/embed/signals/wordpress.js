// The WordPress consent API. Its plugin stores what it is told, so it is told nothing before a choice.
//
// Takes signals.js.

window.wp_consent_type = "optin";
document.dispatchEvent(new CustomEvent("wp_consent_type_defined"));

let toldWordpress;

main.signals.push(() => {
  const consent = {
    functional: true,
    preferences: isGranted("preferences"),
    "statistics-anonymous": isGranted("analytics"),
    statistics: isGranted("analytics"),
    marketing: isGranted("marketing"),
  };
  const told = JSON.stringify(consent);
  // The plugin keeps what it was told longer than a choice may stand.
  if ((!main.choice && !/wp_consent_/.test(document.cookie)) || !window.wp_set_consent || told === toldWordpress) return;
  toldWordpress = told;
  for (const category of Object.keys(consent)) wp_set_consent(category, consent[category] ? "allow" : "deny");
});
