// Hands over what this script holds.

main.addStyle(main.root, STYLE);
// Soon wanted by who is asked.
if (main.shown.matches("section")) loadSettings();
main.more = { openSettings, loadSettings, placeholders, fetchNewer, deleteCookies };
