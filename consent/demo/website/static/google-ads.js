// Stands in for Google Ads: same cookie, no network. status.js shows that it ran.
(() => {
  const number = Math.floor(Math.random() * 1e10);
  const seconds = Math.floor(Date.now() / 1000);
  const ninetyDays = "max-age=7776000; path=/; SameSite=Lax";
  document.cookie = `_gcl_au=1.1.${number}.${seconds}; ${ninetyDays}`;

  (window.standIns ??= []).push("google-ads");
  document.dispatchEvent(new Event("stand-in"));
})();
