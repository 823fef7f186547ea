"""Writes the server's bill of materials (CycloneDX), with all extras, as requirements.lock has them.

Run by `make sbom`, which installs the tool.
"""

import json
import subprocess
import sys
from pathlib import Path

from consent import __version__

ROOT = Path(__file__).parents[1]
TARGET = ROOT / f"dist/samtykke-{__version__}.cdx.json"
COMMAND = (
    Path(sys.executable).parent / "cyclonedx-py",
    "requirements",
    "--pyproject=pyproject.toml",
    "--of=JSON",
    "--output-reproducible",
    "requirements.lock",
)


def main() -> None:
    made = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True)
    if made.returncode:
        sys.exit(made.stderr)
    bill = json.loads(made.stdout)
    # The tool does not read the version where pyproject.toml takes it from.
    bill["metadata"]["component"] |= {
        "version": __version__,
        "purl": f"pkg:pypi/samtykke@{__version__}",
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(bill, indent=2) + "\n")
    print(f"{TARGET.relative_to(ROOT)}: {len(bill['components'])} components")


if __name__ == "__main__":
    main()
