"""Which parts of static/embed/ make a script together, and which names the server gives them: for eslint.config.mjs.

Prints every composition that a site file can lead to, as JSON.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple
from unittest.mock import patch

from consent.banner import script
from consent.demo import SITE_FILE
from consent.site import schema, signals
from consent.site.schema import SiteFile


class Composition(NamedTuple):
    # The line before the parts, if there is one.
    opening: str
    # The names that the server defines.
    constants: list[str]
    parts: list[str]


def site_files() -> Iterator[SiteFile]:
    """The demo's with each choice of signals and counting that leads to other parts."""
    demo = schema.parse(SITE_FILE.read_text())
    a_service = next(each for each in demo.services if each.purpose != schema.NECESSARY)
    told = (
        (),
        *((each,) for each in signals.SIGNALS),
        signals.SIGNALS,
    )
    for obeyed, wordpress, redacts, when, campaigns in product(
        told,
        (False, True),
        (False, True),
        ("always", "analytics", "never"),
        ({}, {"utm_source": []}),
    ):
        services = [
            a_service.model_copy(update={"key": f"of-{signal}", "signal": signal})
            for signal in obeyed
        ]
        said = {"wordpress": wordpress, "ads_data_redaction": redacts}
        yield demo.model_copy(
            update={
                "services": services,
                "signals": demo.signals.model_copy(update=said),
                "hits": demo.hits.model_copy(update={"when": when, "campaigns": campaigns}),
            }
        )


def compositions() -> list[Composition]:
    found: dict[str, Composition] = {}

    def note(opening: str, constants: Iterable[str], parts: Iterable[str]) -> str:
        made = Composition(opening, sorted(constants), list(parts))
        found[repr(made)] = made
        return ""

    def compose(opening: str, constants: dict[str, Any], parts: Iterable[str]) -> str:
        return note(opening, constants, parts)

    with patch.object(script, "_script", compose), patch.object(script, "_style", lambda *_: ""):
        for site_file in site_files():
            for address in ("", "https://consent.example"):
                script.compose(1, site_file, [], address)
            if parts := signals.head_parts(site_file):
                note("", [*signals.head_values(site_file), "COOKIE"], parts)
    return list(found.values())


if __name__ == "__main__":
    print(json.dumps([each._asdict() for each in compositions()]))  # noqa: T201
