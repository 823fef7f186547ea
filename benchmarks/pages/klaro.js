// The config.js of Klaro's readme, which is loaded before Klaro itself.
import * as words from "words";

const translation = (said) => ({
  acceptAll: said.accept,
  decline: said.refuse,
  ok: said.accept,
  save: said.save,
  close: said.close,
  privacyPolicyUrl: "/notice",
  consentNotice: { title: said.title, description: said.text, learnMore: said.choose },
  consentModal: {
    title: said.settings,
    description: said.text,
    privacyPolicy: { name: said.notice, text: "{privacyPolicy}" },
  },
  purposes: said.purposes,
  counter: { description: said.services.counter },
  billboard: { description: said.services.billboard },
});

window.klaroConfig = {
  version: 1,
  acceptAll: true,
  groupByPurpose: true,
  showNoticeTitle: true,
  translations: { nb: translation(words.nb), en: translation(words.en) },
  services: [
    { name: "counter", title: "Counter", purposes: ["analytics"], cookies: ["_count"] },
    { name: "billboard", title: "Billboard", purposes: ["marketing"], cookies: ["_board"] },
  ],
};
