// Stands in for the Meta Pixel: same cookie, no network. status.js shows that it ran.
(() => {
  const number = Math.floor(Math.random() * 1e10);
  const ninetyDays = "max-age=7776000; path=/; SameSite=Lax";
  document.cookie = `_fbp=fb.1.${Date.now()}.${number}; ${ninetyDays}`;

  (window.standIns ??= []).push("meta-pixel");
  document.dispatchEvent(new Event("stand-in"));
})();
