// What both ways to use c15t have in common. Offline mode asks no backend; the banner is for the GDPR.
import * as words from "words";

const translation = (said) => ({
  common: { acceptAll: said.accept, rejectAll: said.refuse, customize: said.choose, save: said.save },
  cookieBanner: { title: said.title, description: said.text },
  consentManagerDialog: { title: said.settings, description: said.text },
  consentTypes: {
    necessary: said.purposes.necessary,
    measurement: said.purposes.analytics,
    marketing: said.purposes.marketing,
  },
  legalLinks: { privacyPolicy: said.notice },
});

const script = (id, category) => ({ id, category, src: `${THIRD_PARTY}/${id}.js` });

export const options = {
  mode: "offline",
  consentCategories: ["necessary", "measurement", "marketing"],
  overrides: { country: "NO" },
  i18n: { locale: "nb", messages: { nb: translation(words.nb), en: translation(words.en) } },
  legalLinks: { privacyPolicy: { href: "/notice" } },
  scripts: [script("counter", "measurement"), script("billboard", "marketing")],
};
