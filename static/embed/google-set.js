// What else the site file wants said to Google, after the default and before any tag.
//
// Takes google.js; COMMANDS, the names of settings that are on.

if (!toldGoogle.default) for (const name of COMMANDS) gtag("set", name, true);
