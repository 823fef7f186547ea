// Does to a page what Astro's <ClientRouter /> does (astro 7.3.5, dist/transitions), and no more: astro itself brings
// 155 MB along. Like there, the body and the head's elements are those of the next page, what hangs below <html>
// elsewhere stays, and each script that has not run yet is put there anew, so that it does.

const seen = new Set();
const isSeen = (script) => {
  const key = script.src || script.textContent;
  return seen.has(key) || !seen.add(key);
};

for (const script of document.querySelectorAll("script")) {
  isSeen(script);
  script.dataset.astroExec = "";
}

function swap(next) {
  for (const script of next.scripts) if (isSeen(script)) script.dataset.astroExec = "";
  const root = document.documentElement;
  for (const { name } of [...root.attributes]) root.removeAttribute(name);
  for (const { name, value } of next.documentElement.attributes) root.setAttribute(name, value);
  document.head.replaceChildren(...next.head.children);
  document.body.replaceWith(next.body);
}

async function runScripts() {
  for (const script of document.getElementsByTagName("script")) {
    const type = script.getAttribute("type");
    if (script.dataset.astroExec === "" || (type && type !== "module" && type !== "text/javascript")) continue;
    const fresh = document.createElement("script");
    fresh.innerHTML = script.innerHTML;
    for (const { name, value } of script.attributes) fresh.setAttribute(name, value);
    fresh.dataset.astroExec = "";
    script.replaceWith(fresh);
  }
}

async function navigate(address, isNew) {
  const html = await (await fetch(address)).text();
  const next = new DOMParser().parseFromString(html, "text/html");
  const transition = document.startViewTransition(() => {
    swap(next);
    if (isNew) history.pushState({}, "", address);
  });
  await transition.updateCallbackDone;
  await runScripts();
}

history.replaceState({}, "");
addEventListener("popstate", () => navigate(location.href, false));
document.addEventListener("click", (event) => {
  const link = event.composedPath()[0].closest?.("a");
  if (!link || link.target || link.origin !== location.origin) return;
  event.preventDefault();
  navigate(link.href, true);
});
