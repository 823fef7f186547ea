// Microsoft Clarity's consent API, version 2. Its capitals are its own.
// https://learn.microsoft.com/en-us/clarity/setup-and-installation/consent-api-v2
//
// Takes signals.js.

window.clarity ||= function () {
  (clarity.q ||= []).push(arguments);
};

let toldClarity;

main.signals.push(() => {
  const ad_Storage = granted("clarity", TYPES.ad_storage);
  const analytics_Storage = granted("clarity", TYPES.analytics_storage);
  if (ad_Storage + analytics_Storage === toldClarity) return;
  toldClarity = ad_Storage + analytics_Storage;
  clarity("consentv2", { ad_Storage, analytics_Storage });
});
