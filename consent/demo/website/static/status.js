// Fills the panel «Hva kjører på denne siden?».
(() => {
  const tags = document.getElementById("tags");
  const cookies = document.getElementById("cookies");

  function showTags() {
    // An array and not only an event: with a stored choice the stand-ins run before this script.
    for (const name of window.standIns ?? []) {
      const item = tags.querySelector(`[data-tag="${name}"]`);
      const state = item.querySelector("[data-running-text]");
      item.dataset.running = "yes";
      state.textContent = state.dataset.runningText;
    }
  }

  function showCookies() {
    const names = document.cookie.split("; ").filter(Boolean).map((cookie) => cookie.split("=")[0]);
    const shown = names.length ? names : [cookies.dataset.none];
    cookies.replaceChildren(...shown.map((name) => {
      const item = document.createElement("li");
      item.textContent = name;
      return item;
    }));
  }

  function show() {
    showTags();
    showCookies();
  }

  show();
  document.addEventListener("stand-in", show);
  document.addEventListener("consent:change", show);
  // The embedded player sets its cookies when its frame has loaded, which only a capturing listener hears.
  document.addEventListener("load", show, true);
  // Choices may have been changed elsewhere before the visitor came back by the back button.
  window.addEventListener("pageshow", show);
})();
