#!/usr/bin/env bash
# rdflib 7.6.0 keeps "x" and "x"^^xsd:string apart.
#
# In RDF 1.1 (Concepts, 3.3) a literal without datatype and language is an xsd:string: the same literal. Here
# two equal JSON-LD values are two statements, a query for one does not find the other, and a graph that
# goes through rdflib's own HexTuples format comes back as another graph. PyLD 3.3.0 reads one statement.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check rdflib==7.6.0 PyLD==3.3.0 2> pip.log || { cat pip.log; exit 2; }
cat > try.py <<'PYTHON'
import json

import rdflib
from pyld import jsonld

VALID = {
    "@context": {"dpv": "https://w3id.org/dpv#", "xsd": "http://www.w3.org/2001/XMLSchema#"},
    "@id": "https://x.example/controller",
    "dpv:hasName": ["Shop", {"@value": "Shop", "@type": "xsd:string"}],
}
ASK = 'ASK { ?who <https://w3id.org/dpv#hasName> "Shop" }'

print("rdflib", rdflib.__version__)
others = len(set(jsonld.to_rdf(VALID, {"format": "application/n-quads"}).splitlines()))
seen = len(rdflib.Graph().parse(data=json.dumps(VALID), format="json-ld"))
print("statements expected:", others, "(PyLD); seen:", seen)
typed = '<https://x.example/a> <https://w3id.org/dpv#hasName> "Shop"^^<http://www.w3.org/2001/XMLSchema#string> .'
found = rdflib.Graph().parse(data=typed, format="nt").query(ASK).askAnswer
print("a query for the same name, expected: True; seen:", found)
before = rdflib.Graph().parse(data=typed.replace("^^<http://www.w3.org/2001/XMLSchema#string>", ""), format="nt")
after = rdflib.Dataset().parse(data=before.serialize(format="hext"), format="hext")
kept = {quad[:3] for quad in after.quads()} == set(before)
print("HexTuples give back the same, expected: True; seen:", kept)
changed = (others, seen, found, kept) != (1, 2, False, False)
raise SystemExit("The behaviour has changed." if changed else 0)
PYTHON
venv/bin/python -W ignore try.py
