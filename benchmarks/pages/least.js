// Two buttons without a style, and the tags that wait: below what this takes no banner can go.
(() => {
  const start = () => {
    for (const tag of document.querySelectorAll('script[type="text/plain"][data-consent]')) {
      const script = document.createElement("script");
      script.src = tag.dataset.src;
      tag.replaceWith(script);
    }
  };
  const choice = document.cookie.match(/(?:^|; )least=(\w+)/);
  const begin = () => {
    if (choice) return choice[1] === "accept" && start();
    document.body.insertAdjacentHTML(
      "afterbegin",
      '<p id="least" style="position:fixed;bottom:0"><button id="least-refuse">Nei</button><button id="least-accept">Ja</button></p>',
    );
    document.getElementById("least").onclick = ({ target }) => {
      document.cookie = "least=" + target.id.slice(6);
      document.getElementById("least").remove();
      if (target.id === "least-accept") requestAnimationFrame(() => setTimeout(start));
    };
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
})();
