// What tarteaucitron's readme has inline after its script: texts, init, and a service of one's own for each tag.
// Left out are the consent modes of Google, Microsoft and Piano, for no service here needs them.
import * as words from "words";

const language = document.documentElement.lang;
const said = words[language];
window.tarteaucitronForceLanguage = { nb: "no" }[language] ?? language;
window.tarteaucitronCustomText = {
  middleBarHead: said.title,
  alertBigPrivacy: said.text,
  acceptAll: said.accept,
  denyAll: said.refuse,
  personalize: said.choose,
  close: said.close,
  privacyUrl: said.notice,
  title: said.settings,
  mandatoryTitle: said.purposes.necessary.title,
  mandatoryText: said.purposes.necessary.description,
  analytic: { title: said.purposes.analytics.title, details: said.purposes.analytics.description },
  ads: { title: said.purposes.marketing.title, details: said.purposes.marketing.description },
};

tarteaucitron.init({
  privacyUrl: "/notice",
  orientation: "bottom",
  showTitleBanner: true,
  showAlertSmall: false,
  showIcon: true,
  DenyAllCta: true,
  AcceptAllCta: true,
  highPrivacy: true,
  mandatory: true,
  googleConsentMode: false,
  bingConsentMode: false,
  pianoConsentMode: false,
});

const service = (key, name, type, cookie) => ({
  key,
  name,
  type,
  needConsent: true,
  cookies: [cookie],
  js: () => tarteaucitron.addScript(`${THIRD_PARTY}/${key}.js`),
});
tarteaucitron.services.counter = service("counter", "Counter", "analytic", "_count");
tarteaucitron.services.billboard = service("billboard", "Billboard", "ads", "_board");
(tarteaucitron.job = tarteaucitron.job || []).push("counter", "billboard");
