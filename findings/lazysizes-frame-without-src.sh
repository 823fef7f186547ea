#!/usr/bin/env bash
# lazysizes 5.3.2 loads a frame without ever giving it a `src`.
#
# Expected: `<iframe class="lazyload" data-src="…">` gets `src="…"` when it is loaded, as an image does.
# Seen: the image gets it. The frame's window is sent to the address (`contentWindow.location.replace`), and the
# attribute stays absent. Whatever looks for loaded embeds by `iframe[src]`, or watches that attribute (a consent gate, a
# scan of a page's third parties), sees a frame that was never loaded.
# What Samtykke does: docs/embed.md, "What waits for consent".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --save-exact lazysizes@5.3.2 jsdom@24.1.3
cat > run.js <<'JS'
const { JSDOM } = require("jsdom");
const { readFileSync } = require("fs");
const page = `<!doctype html><body>
  <img class="lazyload" data-src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
  <iframe class="lazyload" data-src="about:blank#film"></iframe>`;
const { window } = new JSDOM(page, { runScripts: "outside-only", pretendToBeVisual: true });
window.eval(readFileSync(require.resolve("lazysizes"), "utf8"));
const [image, frame] = ["img", "iframe"].map((name) => window.document.querySelector(name));
for (const each of [image, frame]) window.lazySizes.loader.unveil(each);
setTimeout(() => {
  const seen = {
    image: image.getAttribute("src") === image.dataset.src,
    frame: frame.getAttribute("src"),
    frameWentTo: frame.contentWindow.location.href,
  };
  console.log("lazysizes", require("lazysizes/package.json").version);
  console.log("expected: image and frame have the src that data-src named");
  console.log("seen:", JSON.stringify(seen));
  process.exit(seen.image && seen.frame === null && seen.frameWentTo === "about:blank#film" ? 0 : 1);
}, 500);
JS
node run.js
