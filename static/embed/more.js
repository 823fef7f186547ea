// Fetches what few page views need: the settings, placeholders, and the news of a choice made elsewhere. A
// script of its own, whose hash is known here, so that a page which pins this one with an integrity hash
// gets no other.
//
// Takes address.js, banner.js; MORE is the hash. The parts in more/ begin with what they take.

let more;

function loadMore() {
  return (more ||= new Promise((done) => {
    const failed = () => samtykke.more || done();
    const script = Object.assign(document.createElement("script"), {
      src: `${BASE}/${MORE}.js`,
      integrity: `sha256-${MORE}=`,
      crossOrigin: "",
      nonce: TAG.nonce,
      onload: () => done(samtykke.more),
      onerror: failed,
    });
    setTimeout(failed, 2000);
    setTimeout(() => (more = samtykke.more && more), 9000); // then it may be tried again
    document.documentElement.append(script);
  }));
}

const ask = async (name, about) => (await loadMore())?.[name](about);

// Without a server the first layer is enough to refuse, to accept and to withdraw.
async function openSettings() {
  const asked = isAsking();
  (await ask("openSettings", [document.activeElement, asked])) || asked || showBanner();
}
