#!/usr/bin/env bash
# A text in nb-NO is another text to rdflib 7.6.0 than to PyLD 3.3.0 and jsonld.js 9.0.0.
#
# PyLD and jsonld.js turn language tags into lower case as they expand a document (JSON-LD 1.1 API, 5.1.2, lets them);
# rdflib keeps nb-NO. So canonical N-Quads, and every hash over them, differ with the library. What helps: to write tags in
# lower case.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check rdflib==7.6.0 PyLD==3.3.0 2> pip.log || { cat pip.log; exit 2; }
npm install --silent --no-audit --no-fund jsonld@9.0.0
cat > try.py <<'PYTHON'
import json
import re
import subprocess

import rdflib
from pyld import jsonld

VALID = (
    '{"@id": "https://x.example/a", "http://purl.org/dc/terms/title": {"@value": "Personvern", "@language": "nb-NO"}}'
)
PROGRAM = """
const options = {algorithm: "RDFC-1.0", format: "application/n-quads"};
require("jsonld").canonize(JSON.parse(process.argv[1]), options).then(t => process.stdout.write(t))
"""


def tag(text):
    return re.search(r"@(\S+) \.", text)[1]


seen = {
    "PyLD": tag(jsonld.normalize(json.loads(VALID), {"algorithm": "URDNA2015", "format": "application/n-quads"})),
    "jsonld.js": tag(
        subprocess.run(["node", "-e", PROGRAM, VALID], capture_output=True, text=True, check=True).stdout
    ),
    "rdflib": tag(rdflib.Graph().parse(data=VALID, format="json-ld").serialize(format="nt")),
}
print("rdflib", rdflib.__version__)
print("expected: one tag in all three")
print("seen:", seen)
known = {"PyLD": "nb-no", "jsonld.js": "nb-no", "rdflib": "nb-NO"}
raise SystemExit(0 if seen == known else "The behaviour has changed.")
PYTHON
venv/bin/python -W ignore try.py
