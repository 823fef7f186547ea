"""Three programs that read JSON-LD, each given the text alone: no address, and nothing to fetch."""

import json
import subprocess
from pathlib import Path
from typing import Any, NoReturn

from pyld import jsonld
from rdflib import Graph

CANONIZE = Path(__file__).parent / "canonize.mjs"
NQUADS = "application/n-quads"


def by_pyld(text: str) -> str:
    """The canonical N-Quads (URDNA2015) of a document."""
    options = {"algorithm": "URDNA2015", "format": NQUADS, "documentLoader": _refuse}
    found: str = jsonld.normalize(json.loads(text), options)
    return found


def by_rdflib(text: str) -> str:
    """The same as rdflib reads it. It has no canonical form of its own, so PyLD gives its statements theirs."""
    options = {"algorithm": "URDNA2015", "format": NQUADS, "inputFormat": NQUADS}
    read = Graph().parse(data=text, format="json-ld").serialize(format="nt")
    found: str = jsonld.normalize(read, options)
    return found


def by_jsonld_js(text: str) -> str:
    """The same as jsonld.js reads it, which complains (`safe`) of what it would leave out."""
    command = ["node", str(CANONIZE)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _refuse(address: str, _options: Any) -> NoReturn:
    raise AssertionError(f"The document wants {address} to be fetched.")
