// What Osano's wizard gives for inline use after its script, with opt-in: one question for everything.
import * as words from "words";

const said = words[document.documentElement.lang];

function start() {
  for (const name of ["counter", "billboard"]) {
    const script = document.createElement("script");
    script.src = `${THIRD_PARTY}/${name}.js`;
    document.head.append(script);
  }
}

window.cookieconsent.initialise({
  type: "opt-in",
  palette: { popup: { background: "#ffffff", text: "#1b2430" }, button: { background: "#1f4e9e", text: "#ffffff" } },
  content: { message: said.text, allow: said.accept, deny: said.refuse, link: said.notice, href: "/notice" },
  onInitialise() {
    if (this.hasConsented()) start();
  },
  onStatusChange() {
    if (this.hasConsented()) start();
  },
});
