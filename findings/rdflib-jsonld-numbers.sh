#!/usr/bin/env bash
# rdflib 7.6.0 gives JSON-LD numbers another datatype and another form than the standard.
#
# JSON-LD 1.1 API, 8.2.2 (object to RDF conversion): a number without a fraction is an xsd:integer, so 5.0 is 5; any other
# is an xsd:double in canonical form, so 0.5 is 5.0E-1. PyLD and jsonld.js do that. rdflib reads 5.0 as the double 5.0,
# and 0.5 as the double 0.5: the same document is not the same N-Quads, and a hash or signature over them fails.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check rdflib==7.6.0 PyLD==3.3.0 2> pip.log || { cat pip.log; exit 2; }
npm install --silent --no-audit --no-fund jsonld@9.0.0
cat > try.py <<'PYTHON'
import json
import subprocess

import rdflib
from pyld import jsonld

VALID = '{"@id": "https://x.example/risk", "https://x.example/months": 5.0, "https://x.example/chance": 0.5}'
PROGRAM = """
require("jsonld").toRDF(JSON.parse(process.argv[1]), {format: "application/n-quads"}).then(t => process.stdout.write(t))
"""


def lines(text):
    return sorted(filter(None, text.split("\n")))


print("rdflib", rdflib.__version__)
pyld = lines(jsonld.to_rdf(json.loads(VALID), {"format": "application/n-quads"}))
js = lines(subprocess.run(["node", "-e", PROGRAM, VALID], capture_output=True, text=True, check=True).stdout)
seen = lines(rdflib.Graph().parse(data=VALID, format="json-ld").serialize(format="nt"))
print("jsonld.js 9.0.0:", *js, sep="\n  ")
print("expected (PyLD 3.3.0 too):", *pyld, sep="\n  ")
print("seen:", *seen, sep="\n  ")
XSD = "http://www.w3.org/2001/XMLSchema#"
standard = [
    f'<https://x.example/risk> <https://x.example/chance> "5.0E-1"^^<{XSD}double> .',
    f'<https://x.example/risk> <https://x.example/months> "5"^^<{XSD}integer> .',
]
known = [
    f'<https://x.example/risk> <https://x.example/chance> "0.5"^^<{XSD}double> .',
    f'<https://x.example/risk> <https://x.example/months> "5.0"^^<{XSD}double> .',
]
raise SystemExit(0 if (pyld, js, seen) == (standard, standard, known) else "The behaviour has changed.")
PYTHON
venv/bin/python -W ignore try.py
