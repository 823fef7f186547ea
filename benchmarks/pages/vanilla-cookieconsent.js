// As in cookieconsent.orestbida.com/essential/getting-started: the style sheet in the head, and this module at the end
// of the body, which imports the library.
import "./cookieconsent.umd.js";
import * as words from "words";

const translation = (said) => ({
  consentModal: {
    title: said.title,
    description: `${said.text} <a href="/notice">${said.notice}</a>`,
    acceptAllBtn: said.accept,
    acceptNecessaryBtn: said.refuse,
    showPreferencesBtn: said.choose,
  },
  preferencesModal: {
    title: said.settings,
    acceptAllBtn: said.accept,
    acceptNecessaryBtn: said.refuse,
    savePreferencesBtn: said.save,
    closeIconLabel: said.close,
    sections: ["necessary", "analytics", "marketing"].map((purpose) => ({
      ...said.purposes[purpose],
      linkedCategory: purpose,
    })),
  },
});

CookieConsent.run({
  hideFromBots: false, // a browser that is driven by a program counts as one
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  language: {
    default: "nb",
    autoDetect: "document",
    translations: { nb: translation(words.nb), en: translation(words.en) },
  },
});
