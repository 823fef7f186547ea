"""Writes docs/services.md: the services that a site file uses by name, and what is known of each."""

from pathlib import Path
from typing import Any

from consent.site import known_services
from consent.site.schema import KNOWN_SIGNALS, STORAGE_KINDS

PAGE = Path(__file__).parent / "services.md"
HEAD = """# Known services

In a `[[services]]` table of the [site file](site-file.md), `use = "posthog"` adds everything this
page lists for PostHog, and a description in the site's languages. Keys in the table itself take
precedence. In a name, `*` matches any text. `consent services` prints the names.

"Checked" is the date of the last check. If it names a package, we ran that package in Chromium, and
the row lists what it stored. Other tags are in no package registry, so their rows follow the
provider's documentation.

An embedded frame, such as a video, stores data under the provider's own address. A website cannot
delete that data.

`python docs/list_services.py` writes this page.

| `use` | purpose | cookies | other storage | loads from, and sends to | signal | checked |
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
