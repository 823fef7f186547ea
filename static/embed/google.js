// Google consent mode v2: the default before any tag, an update after each choice and on each later page.
// https://developers.google.com/tag-platform/security/guides/consent
//
// Takes signals.js; WAIT, in milliseconds.

window.dataLayer ||= [];
window.gtag ||= function () {
  dataLayer.push(arguments); // the object itself: an array would be taken for something else
};

// The lines in the page's head may have told Google already.
const toldGoogle = {};
for (const entry of dataLayer) {
  if (entry?.[0] === "consent") toldGoogle[entry[1]] = JSON.stringify(entry[2]);
  else if (entry && !toldGoogle.default) setTimeout(loadMore); // which warns of tags that ran too early
}

if (!toldGoogle.default) {
  gtag("consent", "default", {
    ...mapKeys(TYPES, (type) => (TYPES[type] === "necessary" ? "granted" : "denied")),
    wait_for_update: WAIT,
  });
}

signals.push(() => {
  if (!choice && !toldGoogle.update) return;
  const consent = state();
  const event = JSON.stringify(consent);
  if (event === toldGoogle.event) return;
  toldGoogle.event = event;
  const types = mapKeys(TYPES, (type) => granted("google", TYPES[type]));
  const update = JSON.stringify(types);
  if (update !== toldGoogle.update) gtag("consent", "update", types);
  toldGoogle.update = update;
  dataLayer.push({ event: "consent_update", consent });
});
