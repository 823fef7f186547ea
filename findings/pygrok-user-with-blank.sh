#!/usr/bin/env bash
# pygrok 1.0.0 does not know a line of nginx again when somebody logged in under a name with a blank.
#
# Expected: `%{COMBINEDAPACHELOG}`, which is used for nginx's `combined` as well, matches every line that nginx writes in
# that format. HTTP lets a user name have blanks (RFC 7617 forbids only the colon), and nginx writes it as it is.
# Seen: the line does not match, and `match` returns None. Whoever looked at pages as "kari nordmann" is missing from counts.
# What Samtykke does: the name goes on to the blank and the bracket before the time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check setuptools==75.8.0
venv/bin/pip install -q --disable-pip-version-check --no-build-isolation pygrok==1.0.0 regex==2024.11.6
cat > run.py <<'PY'
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
from pygrok import Grok

LINE = '203.0.113.9 - {} [28/Nov/2026:08:03:04 +0000] "GET / HTTP/1.1" 200 13 "-" "Mozilla/5.0 (X11)"'
found = [
    Grok("%{COMBINEDAPACHELOG}").match(LINE.format(user)) is not None
    for user in ("-", "kari", "kari nordmann")
]
print("pygrok", version("pygrok"))
print("expected: lines of nobody, of kari and of kari nordmann match")
print("seen:", found)
sys.exit(0 if found == [True, True, False] else 1)
PY
venv/bin/python run.py
