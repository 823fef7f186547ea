// The cookie where the server sets it by HTTP, because it answers on the website's own host or beside it: Safari
// forgets after a week what scripts write. The field `h` says where the server keeps it: "-" on this host, as the
// script does, or the domain.
//
// Takes main, LIFETIME (seconds).

const KEPT = RegExp(`(?:^|; )(consent|${main.OWN})=(1~[^;]*)`, "g");
const isNear = main.BASE.split(/[/:]+/)[1].split(".").slice(-2).join() === location.hostname.split(".").slice(-2).join();
// A sub-domain sees and sets cookies of the page only if asked to.
const credentials = isNear ? "include" : "same-origin";

// The cookies of the choice as they are here: name and value.
function kept() {
  try {
    return [...main.jar.get.call(document).matchAll(KEPT)].map((found) => found.slice(1));
  } catch {
    return []; // a sandboxed page
  }
}

// What the server has set replaces what the script wrote. Where it is another cookie, that one goes. WebKit shows a page
// the cookies of an answer a moment after the answer.
async function adopt(value) {
  const choice = (main.choice = main.parse(value.slice(2).split("~")) || main.choice);
  const isThere = () => kept().some((each) => each[1] === value);
  for (let times = 0; times < 5 && !isThere(); times++) await new Promise((done) => setTimeout(done, 50));
  if (main.choice !== choice) return; // somebody chose meanwhile
  const found = kept();
  if (!found.some((each) => each[1] === value)) main.writeChoice();
  else if (main.choice.h !== "-") for (const [name] of found) forget(name + "=");
}

function forget(cookie) {
  main.jar.set.call(document, cookie + ";path=/;max-age=0");
}

// Before a choice is written that the server has not heard of: the older one must not outlive it.
function retire() {
  if (main.choice?.h?.includes(".")) forget(`${main.OWN}=;domain=${main.choice.h}`);
}

// What the script changes later, the server sets again.
const writeHere = main.writeChoice;
main.writeChoice = (names) => {
  writeHere(names);
  const choice = main.choice;
  const found = choice.h && !choice.u && kept().find((each) => each[1].split("~")[2] === choice.t + "");
  if (!found) return;
  const body = `{"value":"${found[1]}","seconds":${LIFETIME + Math.min(choice.t - seconds(), 0)}}`;
  fetch(main.BASE + "/cookie", { method: "POST", body, keepalive: true, credentials }).catch(() => {});
};
