#!/usr/bin/env bash
# rdflib 7.6.0 takes the end of a day, 24:00:00, for no time at all.
#
# XML Schema allows 24:00:00 in xsd:dateTime and xsd:time (1.1 part 2, 3.3.7 and 3.3.8, endOfDayFrag): 2026-12-31T24:00:00Z is
# 2027-01-01T00:00:00Z. rdflib logs a traceback, gives the literal no value, and a query that asks what ends before
# 2028 leaves it out without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check rdflib==7.6.0 2> pip.log || { cat pip.log; exit 2; }
cat > try.py <<'PYTHON'
import logging

import rdflib

logging.disable(logging.CRITICAL)  # the traceback that it logs
XSD = "http://www.w3.org/2001/XMLSchema#"
VALID = f"""{{
  "@graph": [
    {{"@id": "https://x.example/end", "https://x.example/until": {{"@value": "2026-12-31T24:00:00Z", "@type": "{XSD}dateTime"}}}},
    {{"@id": "https://x.example/next", "https://x.example/until": {{"@value": "2027-01-01T00:00:00Z", "@type": "{XSD}dateTime"}}}}
  ]
}}"""
QUERY = f"""
SELECT ?kept {{ ?kept <https://x.example/until> ?end FILTER(?end < "2028-01-01T00:00:00Z"^^<{XSD}dateTime>) }} ORDER BY ?kept
"""

print("rdflib", rdflib.__version__)
graph = rdflib.Graph().parse(data=VALID, format="json-ld")
value = graph.value(rdflib.URIRef("https://x.example/end"), rdflib.URIRef("https://x.example/until")).value
seen = [str(row.kept).rpartition("/")[2] for row in graph.query(QUERY)]
print("its value, expected: 2027-01-01 00:00:00+00:00; seen:", value)
print("ends before 2028, expected: ['end', 'next']; seen:", seen)
raise SystemExit(0 if value is None and seen == ["next"] else "The behaviour has changed.")
PYTHON
venv/bin/python -W ignore try.py
