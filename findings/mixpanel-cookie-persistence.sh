#!/usr/bin/env bash
# mixpanel-browser 2.83.0 stores in four places with `persistence: "cookie"`.
#
# Expected: with `persistence` set to "cookie", its default, what Mixpanel keeps in the browser is its cookie; so a
# declaration names that, and whoever deletes it when consent is withdrawn has deleted all.
# Seen: besides the cookie there are an entry of the local storage with the events that wait, two entries of the session
# storage, and two IndexedDB databases. An event that waits in the local storage has the visitor's old id in it.
# What Samtykke does: known services name all four, and they go with the cookie (docs/services.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mixpanel-browser@2.83.0 jsdom@27.0.0 fake-indexeddb@6.2.4
cat > run.mjs <<'JS'
import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { version } = JSON.parse(readFileSync("node_modules/mixpanel-browser/package.json", "utf8"));
const { window } = new JSDOM("<!doctype html><title>Shop</title>", {
  url: "https://shop.example/",
  pretendToBeVisual: true,
  runScripts: "outside-only",
});
window.indexedDB = globalThis.indexedDB;
// Nothing is sent.
window.fetch = async () => ({ ok: true, status: 200, json: async () => ({}), text: async () => "1" });
window.eval(readFileSync("node_modules/mixpanel-browser/dist/mixpanel.umd.js", "utf8"));
window.eval(`mixpanel.init("${"0123456789abcdef".repeat(2)}", { persistence: "cookie" }); mixpanel.track("Looked at a cup");`);
await new Promise((done) => setTimeout(done, 1000));

const found = {
  cookies: window.document.cookie.split("; ").map((each) => each.split("=")[0]),
  localStorage: Object.keys(window.localStorage),
  sessionStorage: Object.keys(window.sessionStorage),
  IndexedDB: (await indexedDB.databases()).map(({ name }) => name).sort(),
};
console.log("mixpanel-browser", version, 'with persistence: "cookie"');
console.log("expected: one cookie, and nothing else");
for (const kind of Object.keys(found)) console.log(`seen: ${kind}: ${found[kind].join(", ")}`);
const waiting = window.localStorage.getItem(found.localStorage[0]) ?? "";
console.log(`seen: the event that waits has the visitor's id in it: ${waiting.includes("distinct_id")}`);
const isAsBefore =
  found.cookies.length === 1 &&
  found.localStorage.some((name) => name.startsWith("__mpq_")) &&
  waiting.includes("distinct_id") &&
  found.sessionStorage.length === 2 &&
  found.IndexedDB.join() === "mixpanelBrowserDb,mixpanelFlagsDb";
process.exit(isAsBefore ? 0 : 1);
JS
node run.mjs
