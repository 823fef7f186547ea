// Fills a website's own page with the notice, or with the declaration of cookies.
//
// Takes main, VERSION and FRAGMENTS (name → language → integrity hash of its text).

const filled = new WeakSet();

function fillIn() {
  for (const name of Object.keys(FRAGMENTS)) {
    for (const element of main.after.all(`[data-consent-${name}]`)) {
      // What the page itself says there stays.
      if (filled.has(element) || element.children[0] || element.textContent.trim()) continue;
      filled.add(element);
      element.lang = main.language;
      fetch(`${main.BASE}/${VERSION}/${main.language}/${name}`, { integrity: FRAGMENTS[name][main.language] })
        .then((answer) => (answer.ok ? answer.text() : Promise.reject()))
        .then((html) => (element.innerHTML = html))
        // Without a server the page has at least the way to it.
        .catch(() => (element.innerHTML = `<a href="${main.NOTICE}?lang=${main.language}">${main.words.notice}</a>`));
    }
  }
}
