#!/usr/bin/env bash
# clfparser 0.3 loses referrer and browser of a line in which Apache has escaped a quote.
#
# Expected: in Apache's combined format a `"` within a header is written as `\"`, so the referrer
# https://www.google.com/search?q="a b" and the browser behind it are read like any others.
# Seen: both come back empty, with no error, while the rest of the line is read. A line of nginx whose user name has a
# blank in it, which HTTP allows, comes back with every field empty. In counts both look like visits from nowhere.
# What Samtykke does: it reads what stands between quotes that are not escaped, and takes the escapes away.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check clfparser==0.3
cat > run.py <<'PY'
import sys
from importlib.metadata import version

from clfparser import CLFParser

LINE = '203.0.113.9 - {user} [28/Nov/2026:08:03:04 +0000] "GET / HTTP/1.1" 200 214 "{referrer}" "Mozilla/5.0 (X11)"'
GOOGLE = "https://www.google.com/search?q="
plain, quoted, spaced = (
    CLFParser.logDict(LINE.format(user=user, referrer=referrer))
    for user, referrer in (("-", GOOGLE + "a"), ("-", GOOGLE + r"\"a b\""), ("kari nordmann", "-"))
)
print("clfparser", version("clfparser"))
print("expected: three lines with status 200 and the browser Mozilla/5.0 (X11), two of them from Google")
for name, found in (("plain", plain), ("quoted", quoted), ("spaced", spaced)):
    print(f"seen: {name}: status {found['s']!r}, referrer {found['Referer']!r}, browser {found['Useragent']!r}")
is_as_before = (
    plain["Useragent"] == '"Mozilla/5.0 (X11)"'
    and (quoted["s"], quoted["Referer"], quoted["Useragent"]) == ("200", "", "")
    and set(spaced.values()) == {""}
)
sys.exit(0 if is_as_before else 1)
PY
venv/bin/python run.py
