"""Writes docs/services.md: the services that a site file uses by name, and what is known of each."""

from pathlib import Path
from typing import Any

from consent import known_services
from consent.sitefile import KNOWN_SIGNALS, STORAGE_KINDS

PAGE = Path(__file__).parent / "services.md"
HEAD = """# Known services

`use = "posthog"` in a table `[[services]]` brings all that stands here of it, and its description in the site's
languages; what the table says itself replaces it ([the site file](site-file.md)). A `*` stands for whatever differs.
`consent services` lists the names.

"Checked" says when an entry was last looked at. Where a package is named, it was run in Chromium, and what it stored
is what stands here; all else is what the provider says it stores, since no registry carries the tag. What a frame
stores, such as a film's, lies under the provider's own address: no website can delete it.

`python docs/list_services.py` writes this page.

| `use` | purpose | cookies | other storage | loaded from, and reports to | signal | checked |
|---|---|---|---|---|---|---|
"""


def row(key: str, service: dict[str, Any]) -> str:
    storage = [f"{STORAGE_KINDS[kind]} `{name}`" for kind, name, _ in service.get("storage", [])]
    signal = next((each for each, keys in KNOWN_SIGNALS.items() if key in keys), "")
    cells = [
        f"`{key}`",
        service["purpose"],
        listed(f"`{name}` ({lifetime})" for name, lifetime, _ in service["cookies"]),
        listed(storage),
        listed(f"`{host}`" for host in service["hosts"]) or "the website itself",
        service.get("signal", signal),
        service["checked"],
    ]
    return f"| {' | '.join(cells)} |"


def listed(items: Any) -> str:
    return "<br>".join(items)


def text() -> str:
    rows = (
        row(key, service) for key, service in sorted(known_services.known()["services"].items())
    )
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text())
