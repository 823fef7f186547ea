#!/usr/bin/env bash
# @zazuko/prefixes 2.6.1 and @vocabulary/dpv 1.0.6 know DPV under an address that it has left.
#
# Since its version 1 of 2022 the Data Privacy Vocabulary has the namespace https://w3id.org/dpv#
# (vann:preferredNamespaceUri in https://w3id.org/dpv, 2.3 as well). The prefix "dpv" of both packages is
# http://www.w3.org/ns/dpv#, that of the drafts before. A query that takes the prefix from them finds nothing in data that use
# DPV 1 or 2, and nothing says why.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @zazuko/prefixes@2.6.1 @vocabulary/dpv@1.0.6 n3@2.13.12
cat > try.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import prefixes from "@zazuko/prefixes";
import { Parser, Store, DataFactory } from "n3";

const about = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
const vocabulary = about("@vocabulary/dpv");
console.log(`@zazuko/prefixes ${about("@zazuko/prefixes").version}, @vocabulary/dpv ${vocabulary.version}`);

const data = new Store(new Parser().parse("<https://x.example/p> a <https://w3id.org/dpv#Purpose> ."));
const found = data.countQuads(null, null, DataFactory.namedNode(`${prefixes.dpv}Purpose`), null);
console.log("expected: https://w3id.org/dpv#, and 1 purpose found");
console.log(`seen: ${prefixes.dpv} and ${vocabulary.vocabulary.namespace}, and ${found} purposes found`);

const old = "http://www.w3.org/ns/dpv#";
if (prefixes.dpv !== old || vocabulary.vocabulary.namespace !== old || found !== 0) {
  console.error("The behaviour has changed.");
  process.exitCode = 1;
}
JAVASCRIPT
node try.mjs
