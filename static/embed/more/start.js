// Hands over what this script holds.

// What a visitor reads whose browser asks not to be tracked: the first script waits for it.
const note = main.withheld[0] ? words.opted_out + " " : "";

const complete = () => (placeholders(), fillIn());
main.more = { note, openSettings, complete, fetchNewer, deleteCookies, markChanged };
// Soon wanted by who is asked.
if (main.isAsking()) loadSettings();
