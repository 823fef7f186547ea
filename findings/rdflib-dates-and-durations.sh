#!/usr/bin/env bash
# rdflib 7.6.0 rewrites dates and durations as it reads them, and so loses statements.
#
# Two dates in two time zones are different values (XML Schema 1.1 part 2, 3.3.9: a date has an optional
# time zone). rdflib drops the zone of both and keeps one date. P12M becomes P1Y and Z becomes +00:00,
# so that what was signed or hashed as N-Quads no longer is what was read. Turtle and JSON-LD alike.
# What helps: rdflib.NORMALIZE_LITERALS = False before anything is read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check rdflib==7.6.0 2> pip.log || { cat pip.log; exit 2; }
cat > try.py <<'PYTHON'
import rdflib

VALID = """{
  "@context": {"x": "https://x.example/", "xsd": "http://www.w3.org/2001/XMLSchema#"},
  "@id": "x:notice",
  "x:ends": [
    {"@value": "2026-02-01+14:00", "@type": "xsd:date"},
    {"@value": "2026-02-01-12:00", "@type": "xsd:date"}
  ],
  "x:kept": {"@value": "P12M", "@type": "xsd:duration"},
  "x:issued": {"@value": "2026-02-01T10:00:00Z", "@type": "xsd:dateTime"}
}"""


def read():
    return sorted(map(str, rdflib.Graph().parse(data=VALID, format="json-ld").objects()))


print("rdflib", rdflib.__version__)
written = ["2026-02-01+14:00", "2026-02-01-12:00", "2026-02-01T10:00:00Z", "P12M"]
print("expected:", written)
seen = read()
print("seen:    ", seen)
rdflib.NORMALIZE_LITERALS = False
without = read()
print("without NORMALIZE_LITERALS:", without)
changed = ["2026-02-01", "2026-02-01T10:00:00+00:00", "P1Y"]
raise SystemExit(0 if seen == changed and without == written else "The behaviour has changed.")
PYTHON
venv/bin/python -W ignore try.py
