// Stands in for Google Analytics: same cookies, no network. status.js shows that it ran.
(() => {
  const number = Math.floor(Math.random() * 1e10);
  const seconds = Math.floor(Date.now() / 1000);
  const twoYears = "max-age=63072000; path=/; SameSite=Lax";
  document.cookie = `_ga=GA1.1.${number}.${seconds}; ${twoYears}`;
  document.cookie = `_ga_DEMO=GS1.1.${seconds}.1.0.${seconds}.0.0.0; ${twoYears}`;

  (window.standIns ??= []).push("google-analytics");
  document.dispatchEvent(new Event("stand-in"));
})();
