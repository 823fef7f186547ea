// The website hands the visitor's token over in the fragment, which no server and no log sees. It is
// taken out of the address bar, and exchanged for a cookie that only the privacy pages receive.
"use strict";

(async () => {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  const { open } = document.currentScript.dataset;
  const answer = await fetch(open, { method: "POST", body: new URLSearchParams({ token }) });
  if (answer.ok) location.reload();
})();

// A link to a chapter opens it; without this, the browser opens the nearest details by itself only in
// some versions.
addEventListener("click", ({ target }) => {
  const link = target.closest?.('a[href^="#"]');
  const chapter = link && document.getElementById(link.hash.slice(1));
  if (chapter instanceof HTMLDetailsElement) chapter.open = true;
});
