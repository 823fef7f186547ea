// Fetches the scripts that not every page view needs, once each: `after`, what follows a choice; `more`, the rest. Their
// hashes are known here, so that a page which pins this script with an integrity hash gets no others.
//
// Takes address.js; SCRIPTS (name → hash). Each script hands over what it does as `samtykke.after` or `samtykke.more`.

// Gives nothing where it cannot be had; then it may be tried again.
function load(name, hash = SCRIPTS[name]) {
  return (main["~" + name] ||= new Promise((done) => {
    const script = Object.assign(document.createElement("script"), {
      src: `${main.BASE}/${hash}.js`,
      integrity: `sha256-${hash}=`,
      crossOrigin: "",
      nonce: TAG?.nonce,
    });
    script.onload = script.onerror = () => script.remove(done((main["~" + name] = main[name])));
    // In the head, an application that takes the page over (hydration) overlooks what it does not know.
    document.head.append(script);
  }));
}

const from = (script) => async (name, ...about) => (await load(script))?.[name](...about);
const after = from("after");
const ask = from("more");
