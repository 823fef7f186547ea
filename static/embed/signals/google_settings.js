// Google's further settings that the site file turns on, unless the page's head has said them.
//
// Takes google.js; LAYER, COMMANDS (their names).

call(() => {
  for (const name of COMMANDS) {
    if (!window[LAYER].some((entry) => entry?.[1] === name)) gtag("set", name, true);
  }
});
