#!/usr/bin/env bash
# PyLD 3.3.0 cannot read N-Quads that it wrote itself, where a text has U+0085, U+2028 or U+2029.
#
# RDF 1.1 N-Quads ends a statement with U+000A or U+000D; in a literal all but these two, the quote and the backslash may
# be written as they are. PyLD's reader cuts at whatever Python's str.splitlines takes for an end of line. Word processors put U+2028
# into texts that are pasted from them. jsonld.js reads the same statements.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check PyLD==3.3.0 2> pip.log || { cat pip.log; exit 2; }
npm install --silent --no-audit --no-fund jsonld@9.0.0
cat > try.py <<'PYTHON'
import json
import subprocess
from importlib.metadata import version

from pyld import jsonld

FORMAT = {"format": "application/n-quads"}
PROGRAM = """
require("jsonld").fromRDF(JSON.parse(process.argv[1]), {format: "application/n-quads"}).then(t => console.log(t.length))
"""

print("PyLD", version("PyLD"))
failed = []
for name in ("\u0085", "\u2028", "\u2029"):
    valid = {"@id": "https://x.example/a", "http://purl.org/dc/terms/title": f"One{name}two"}
    written = jsonld.normalize(valid, {"algorithm": "URDNA2015", **FORMAT})
    command = ["node", "-e", PROGRAM, json.dumps(written)]
    js = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    try:
        seen = f"{len(jsonld.from_rdf(written, FORMAT))} node"
    except jsonld.JsonLdError as error:
        seen = str(error).splitlines()[0]
        failed.append(name)
    print(f"U+{ord(name):04X} expected: 1 node; jsonld.js 9.0.0: {js} node; seen: {seen}")
raise SystemExit(0 if len(failed) == 3 and js == 1 else "The behaviour has changed.")
PYTHON
venv/bin/python -W ignore try.py
