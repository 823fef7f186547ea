#!/usr/bin/env bash
# httptools 0.9.0 (llhttp) hands on the blanks after a header's value as a part of it.
#
# Expected: blanks around a value are no part of it (RFC 9112, section 5.1), so `DNT: 1 ` and `DNT: 1` are the same
# header. h11 0.16.0 agrees.
# Seen: the blanks before the value are taken away, those after it are not. A server that compares a header with a word
# (`Sec-GPC: 1`, `DNT: 1`, `Connection: close`) sees another one, and a visitor's signal is missed.
# What Samtykke does: it takes them away itself (consent/server/heads.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check httptools==0.9.0 h11==0.16.0
cat > run.py <<'PY'
import sys
from importlib.metadata import version

import h11
import httptools

REQUEST = b"GET / HTTP/1.1\r\nHost: example.org\r\nSec-GPC:  1 \t \r\n\r\n"


class Seen:
    def __init__(self):
        self.headers = {}

    def on_header(self, name, value):
        self.headers[name.lower()] = value


seen = Seen()
httptools.HttpRequestParser(seen).feed_data(REQUEST)
other = h11.Connection(h11.SERVER)
other.receive_data(REQUEST)
expected = dict(other.next_event().headers)
print("httptools", version("httptools"), "h11", version("h11"))
print("expected:", expected[b"sec-gpc"])
print("seen:", seen.headers[b"sec-gpc"])
is_as_before = (expected[b"sec-gpc"], seen.headers[b"sec-gpc"]) == (b"1", b"1 \t ")
sys.exit(0 if is_as_before else 1)
PY
venv/bin/python run.py
