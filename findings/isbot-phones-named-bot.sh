#!/usr/bin/env bash
# isbot 5.2.3 takes people with a Fossibot phone for robots, and people with a Cubot phone where no space stands before.
#
# Expected: a phone is no robot, whoever made it. isbot exempts Cubot, by `(?<! cu)bots?(?:\b|_)`.
# Seen: Android names the maker or the model in the header of a browser inside an app, and Snapchat names it once more, in
# parentheses. Fossibot is not exempt, and Cubot only after a space.
# What Samtykke does: consent/counting/robots.py leaves both makers' names out before it asks.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund isbot@5.2.3
node - <<'JAVASCRIPT'
const { isBot, findBotMatch } = require("isbot");
const engine = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/141.0.7390.43 Mobile Safari/537.36";
const phones = [
  ["Pixel", `Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UP1A.231005.007; wv) ${engine}`, false],
  ["Cubot", `Mozilla/5.0 (Linux; Android 6.0; CUBOT DINOSAUR Build/MRA58K; wv) ${engine}`, false],
  ["Cubot, in Snapchat", `Mozilla/5.0 (Linux; Android 13; P80 Build/TP1A.220624.014; wv) ${engine}Snapchat/13.60.0.42 (CUBOT P80; Android 13#20240501#33; gzip; )`, true],
  ["Fossibot", `Mozilla/5.0 (Linux; Android 14; FOSSiBOT DT2 Build/UP1A.231005.007; wv) ${engine}`, true],
  ["Fossibot, in Snapchat", `Mozilla/5.0 (Linux; Android 13; F102 Build/TP1A.220624.014; wv) ${engine}Snapchat/13.60.0.42 (FOSSiBOT F102; Android 13#20240501#33; gzip; )`, true],
];
console.log("isbot", require("isbot/package.json").version);
console.log("Expected: false for each of these phones.");
console.log("Seen:");
let isSame = true;
for (const [name, header, seen] of phones) {
  const answer = isBot(header);
  isSame &&= answer === seen;
  console.log(`  ${name}: ${answer}${answer ? `, for ${JSON.stringify(findBotMatch(header))}` : ""}`);
}
process.exit(isSame ? 0 : 1);
JAVASCRIPT
