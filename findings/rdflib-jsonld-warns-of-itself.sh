#!/usr/bin/env bash
# rdflib 7.6.0 warns of a class that its own JSON-LD reader uses.
#
# Whoever reads JSON-LD into a Graph gets "DeprecationWarning: ConjunctiveGraph is deprecated, use Dataset instead",
# though they used neither; a Dataset, which the message advises, gets that warning and another. Where warnings are
# errors (python -W error, pytest's filterwarnings) no JSON-LD can be read at all. Turtle can. What helps: a filter for the
# messages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check rdflib==7.6.0 2> pip.log || { cat pip.log; exit 2; }
cat > try.py <<'PYTHON'
import warnings

import rdflib

JSON_LD = '{"@id": "https://x.example/a", "https://x.example/p": "x"}'
TURTLE = '<https://x.example/a> <https://x.example/p> "x" .'


def warned(sink, data, kind):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        sink.parse(data=data, format=kind)
    return [str(each.message) for each in found]


print("rdflib", rdflib.__version__)
print("expected: no warning")
seen = warned(rdflib.Graph(), JSON_LD, "json-ld")
turtle = warned(rdflib.Graph(), TURTLE, "turtle")
print("seen, JSON-LD into a Graph:", seen)
print("seen, Turtle into a Graph:", turtle)
dataset = warned(rdflib.Dataset(), JSON_LD, "json-ld")
print("seen, JSON-LD into a Dataset:", dataset)
OWN = "ConjunctiveGraph is deprecated, use Dataset instead."
known = seen == [OWN] and OWN in dataset and not turtle
raise SystemExit(0 if known else "The behaviour has changed.")
PYTHON
venv/bin/python try.py
