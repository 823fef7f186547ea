// What this script shares with those in after/ and more/.
const main = (window.samtykke = {
  __proto__: null, // a page may have given every object more
  BASE: `${SERVER}/e/${SITE}`,
  NOTICE: `${ADDRESS || SERVER}/privacy/${SITE}/`,
  // What else follows the choice: each is called after every change, and tells only what it has not told yet.
  signals: [],
});
