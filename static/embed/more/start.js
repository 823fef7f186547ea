// Hands over what this script holds.

const complete = () => (placeholders(), fillIn());
main.more = {
  // What a visitor reads whose browser asks not to be tracked: the first script waits for it.
  getNote: () => said().opted_out,
  fillSettings,
  complete,
  fetchNewer,
  clean,
  markChanged,
};
// Soon wanted by who is asked.
if (main.isAsking()) loadText();
