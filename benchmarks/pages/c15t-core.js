// As in c15t's "Building UI" for plain JavaScript: its store, and a banner of the site's own without settings.
import { getOrCreateConsentRuntime } from "c15t";
import * as words from "words";
import { options } from "./c15t-options.js";

const said = words[document.documentElement.lang];
const { consentStore } = getOrCreateConsentRuntime(options);

const banner = document.createElement("div");
banner.id = "own-banner";
banner.setAttribute("role", "dialog");
banner.setAttribute("aria-label", said.title);
banner.style.cssText =
  "position:fixed;inset:auto 12px 12px;max-width:720px;margin:auto;padding:20px;background:#fff;border:1px solid #ccc";
banner.innerHTML = `
  <h2>${said.title}</h2>
  <p>${said.text} <a href="/notice">${said.notice}</a></p>
  <div><button id="consent-reject">${said.refuse}</button> <button id="consent-accept">${said.accept}</button></div>`;
document.body.append(banner);
banner.querySelector("#consent-accept").onclick = () => consentStore.getState().saveConsents("all");
banner.querySelector("#consent-reject").onclick = () => consentStore.getState().saveConsents("necessary");

const render = ({ activeUI }) => (banner.style.display = activeUI === "banner" ? "block" : "none");
render(consentStore.getState());
consentStore.subscribe(render);
