#!/usr/bin/env bash
# crawler-user-agents 1.67.0 finds less when it ignores case than when it does not.
#
# Expected: a header that is_crawler() finds, it finds with case_sensitive=False too, and matching_crawlers() likewise.
# Seen: it lowers the patterns themselves, so \S (no space) becomes \s (a space). Three of the package's own crawlers are
# lost: ContextualBot, Current and Spider.
# What Samtykke does: it takes the package's headers for its tests, not its patterns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check crawler-user-agents==1.67.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from crawleruseragents import CRAWLER_USER_AGENTS_DATA, is_crawler, matching_crawlers

print("crawler-user-agents", version("crawler-user-agents"))
print("Expected: a header that is_crawler() finds, it finds with case_sensitive=False too.")
print("Seen, of the package's own instances:")
fewer = 0
for robot in CRAWLER_USER_AGENTS_DATA:
    for header in robot["instances"]:
        strict, loose = is_crawler(header), is_crawler(header, case_sensitive=False)
        if strict and not loose:
            fewer += 1
            print(f"  {header}")
            print(f"    pattern {robot['pattern']!r}, which is lowered to {robot['pattern'].lower()!r}")
            print(f"    is_crawler: {strict}, with case_sensitive=False: {loose}", end=", ")
            print("matching_crawlers:", matching_crawlers(header, case_sensitive=False))
print(f"{fewer} crawlers are lost: \\S, what is no space, becomes \\s, a space.")
sys.exit(0 if fewer == 3 else 1)
PYTHON
