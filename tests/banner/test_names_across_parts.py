"""The linter knows which names the parts of a script share, so a misspelt one is found."""

import os
import subprocess
import sys

from consent.core.paths import EMBED
from tests.banner.composed import compositions

ROOT = EMBED.parents[1]

# Of load.js and the server, which every script with banner.js has; of campaigns.js, which not every one has.
APPENDED = """
after("settle"); console.log(VERSION, tags, afterr);
const forgotten = 1;
"""


def complaints(part: str, appended: str) -> str:
    """What the linter says of a part with more at its end."""
    answer = subprocess.run(
        [
            "node_modules/.bin/eslint",
            "--format=json",
            "--stdin",
            f"--stdin-filename=static/embed/{part}",
        ],
        input=(EMBED / part).read_text() + appended,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable},
    )
    assert answer.stdout, answer.stderr
    return answer.stdout


def test_a_name_that_not_every_script_defines_is_found() -> None:
    found = complaints("banner.js", APPENDED)

    for name in ("tags", "afterr"):
        assert f"'{name}' is not defined" in found
    assert "'forgotten' is assigned a value but never used" in found
    for name in ("after", "VERSION"):
        assert f"'{name}'" not in found


def test_every_part_is_in_a_script() -> None:
    parts = {part for each in compositions() for part in each.parts}

    assert parts == {path.relative_to(EMBED).as_posix() for path in EMBED.rglob("*.js")}
