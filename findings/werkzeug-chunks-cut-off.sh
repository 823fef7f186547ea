#!/usr/bin/env bash
# Werkzeug 3.1.9 cuts off a body without a length at `max_content_length`, and hands it on as if it were whole.
#
# Expected: a body that is longer than `Request.max_content_length` is refused with 413, however it is sent.
# Seen: with a Content-Length it is refused. In chunks, under a server that marks their end
# (`wsgi.input_terminated`: Granian, gunicorn), `get_data()` and `get_input_stream().read()` return the first bytes and
# raise nothing. Only somebody who reads in pieces is told. A body whose first part has a meaning of its own, such as
# JSON with blanks after it or a form, is then taken for another one.
# What Samtykke does: it reads one byte more than a body may have, and refuses what has it
# (tests/promises/test_bodies.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check werkzeug==3.1.9
cat > run.py <<'PY'
import io
import sys
from importlib.metadata import version

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_input_stream

BODY = b"answer=yes&newsletter=no"
LIMIT = 10


class Limited(Request):
    max_content_length = LIMIT


def environ(**more):
    return {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(BODY), **more}


def in_chunks():
    return environ(**{"wsgi.input_terminated": True})


def in_pieces():
    stream = get_input_stream(in_chunks(), max_content_length=LIMIT)
    return b"".join(iter(lambda: stream.read(4), b""))


def outcome(read):
    try:
        return read()
    except RequestEntityTooLarge as error:
        return error.code


seen = {
    "with a length": outcome(lambda: Limited(environ(CONTENT_LENGTH=str(len(BODY)))).get_data()),
    "in chunks, get_data()": outcome(lambda: Limited(in_chunks()).get_data()),
    "in chunks, read()": outcome(lambda: get_input_stream(in_chunks(), max_content_length=LIMIT).read()),
    "in chunks, read(4) again and again": outcome(in_pieces),
}
print("Werkzeug", version("werkzeug"), f"with a body of {len(BODY)} bytes and a limit of {LIMIT}")
print("expected: 413, four times")
for how, what in seen.items():
    print(f"seen: {how}: {what}")
sys.exit(0 if list(seen.values()) == [413, BODY[:LIMIT], BODY[:LIMIT], 413] else 1)
PY
venv/bin/python run.py
