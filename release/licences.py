"""Lists the licence of every dependency, of the server and of its tests, and fails where one is not allowed.

The packages are those of the lock files. pyproject.toml has the licences that are allowed, by their SPDX names, and
those of packages whose own metadata name none.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock")
NPM_LOCKS = ("package-lock.json", "benchmarks/package-lock.json")
# Older packages name their licence with one of these.
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Zope Public License": "ZPL-2.1",
}


def main() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["samtykke"]["licences"]
    found = {**dict(python_packages()), **dict(npm_packages()), **rules["packages"]}
    if "--quiet" not in sys.argv:
        for package, licence in sorted(found.items()):
            print(f"{package}: {licence or 'unknown'}")
    wrong = {package: licence for package, licence in found.items() if not allows(rules, licence)}
    for package, licence in sorted(wrong.items()):
        print(f"{package}: licence {licence or 'unknown'} is not allowed", file=sys.stderr)
    if wrong:
        sys.exit("See [tool.samtykke.licences] in pyproject.toml.")


def allows(rules: dict[str, list[str]], expression: str) -> bool:
    """Whether an SPDX expression can be met: all of it, or one side of an OR."""
    choices = expression.strip("()").split(" OR ")
    return any(set(choice.split(" AND ")) <= set(rules["allowed"]) for choice in choices)


def python_packages() -> Iterator[tuple[str, str]]:
    names = {
        name
        for lock in PYTHON_LOCKS
        for name in re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE)
    }
    for name in names:
        try:
            yield name, licence(metadata(name))
        except PackageNotFoundError:  # for other systems
            yield name, ""


def licence(said: PackageMetadata) -> str:
    def values(field: str) -> list[str]:
        return said.get_all(field) or []

    if expression := values("License-Expression"):
        return expression[0]
    classifiers = [each.split(" :: ")[-1] for each in values("Classifier")]
    known = [CLASSIFIERS[each] for each in classifiers if each in CLASSIFIERS]
    return " OR ".join(known or values("License"))


def npm_packages() -> Iterator[tuple[str, str]]:
    for lock in NPM_LOCKS:
        packages = json.loads((ROOT / lock).read_text())["packages"]
        for path, package in packages.items():
            if path:
                yield f"npm:{path.rpartition('node_modules/')[2]}", package.get("license", "")


if __name__ == "__main__":
    main()
