"""Build hook: compiles the gettext catalogues, so that a wheel carries them ready to use.

Run by hand (`python compile_catalogues.py`) it compiles those of the checkout in place.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, without the build tool
    BuildHookInterface = object  # type: ignore[assignment,misc]


def compile_all(root: Path) -> None:
    for po in sorted(root.glob("translations/*/LC_MESSAGES/*.po")):
        with po.open("rb") as source:
            catalogue = read_po(source)
        with po.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalogue)


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_all(Path(self.root))


if __name__ == "__main__":
    compile_all(Path(__file__).parent)
