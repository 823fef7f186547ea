"""Writes consent/counting/robots.json from the isbot package in node_modules: `make robots` does both."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
ISBOT = ROOT / "node_modules/isbot"
FILE = ROOT / "consent/counting/robots.json"

LOOK_BEHIND = re.compile(r"\(\?<!([^()]*\|[^()]*)\)")


def translate(pattern: str) -> str:
    """A regular expression of JavaScript as Python and Rust write it. Raises re.error where that fails."""
    # Python looks behind by a fixed number of characters only.
    said = LOOK_BEHIND.sub(
        lambda found: "".join(f"(?<!{each})" for each in found[1].split("|")), pattern
    )
    # A hyphen after a class of characters stands for itself.
    said = re.sub(r"(\[[^]]*\\[dsw])-", r"\1\\-", said)
    re.compile(said)
    return said


def listed() -> list[str]:
    """isbot's patterns, as its package has them."""
    script = "console.log(JSON.stringify(require(process.argv[1]).list))"
    found: list[str] = json.loads(_output("node", "-e", script, str(ISBOT)))
    return found


def read() -> dict[str, Any]:
    """What the file says: where the list is from, and its patterns."""
    package = json.loads((ISBOT / "package.json").read_text("utf-8"))
    version = package["version"]
    released = json.loads(_output("npm", "view", "isbot", "time", "--json"))[version]
    return {
        "name": package["name"],
        "version": version,
        "date": released[:10],
        "licence": package["license"],
        "address": package["homepage"],
        "patterns": [translate(each) for each in listed()],
    }


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def main() -> None:
    made = read()
    FILE.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"isbot {made['version']} of {made['date']}: {len(made['patterns'])}.\n")


if __name__ == "__main__":
    main()
