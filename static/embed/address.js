// Where the consent server is: where this script came from. A module or a bundler leaves no current
// script, so the tag is looked for.

const TAG = document.currentScript || document.querySelector(`[src*="/e/${SITE}."],[src*="/e/${SITE}/"]`);
const SERVER = TAG.src.split("/e/" + SITE)[0];
const BASE = `${SERVER}/e/${SITE}`;
const NOTICE = `${SERVER}/privacy/${SITE}/`;
