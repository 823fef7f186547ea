// Where the consent server is: where this script came from. An optimiser may have put it into a file of the website's
// own, or into the page: then it is where the server knows itself to be.
//
// Takes SITE; ADDRESS, empty where the server was not told.

const OURS = `[src*="/e/${SITE}."],[src*="/e/${SITE}/"]`;
// A module or a bundler leaves no current script, so the tag is looked for.
const TAG = [document.currentScript, document.querySelector(OURS)].find((tag) => tag?.matches(OURS));
const SERVER = TAG ? TAG.src.split("/e/" + SITE)[0] : ADDRESS;
