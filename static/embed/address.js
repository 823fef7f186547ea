// Where the consent server is: where this script came from. A module or a bundler leaves no current
// script, so the tag is looked for.

const TAG = document.currentScript || document.querySelector(`script[src*="/e/${CONFIG.site}.js"],script[src*="/e/${CONFIG.site}/"]`);
const SERVER = TAG.src.split("/e/" + CONFIG.site)[0];
const BASE = `${SERVER}/e/${CONFIG.site}`;
const NOTICE = `${SERVER}/privacy/${CONFIG.site}/`;
const HISTORY = `${SERVER}/api/v1/sites/${CONFIG.site}/visitors/me`;
