// Where the consent server is: where this script came from. An optimiser may have put it into a file of the website's
// own, or into the page: then it is where the server knows itself to be.
//
// Takes SITE; ADDRESS, empty where the server was not told.

const OURS = `script[src*="/e/${SITE}."],script[src*="/e/${SITE}/"]`;
// A module or a bundler leaves no current script, so the tag is looked for.
const TAG = document.querySelector(OURS);
const SERVER = TAG ? TAG.src.split("/e/" + SITE)[0] : ADDRESS;
