"""Makes what tests need, and fills in what a test does not care about."""

import json
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

SHOP = """\
introduction.en = "How the shop handles what it knows of you."
introduction.nb = "Slik behandler butikken det den vet om deg."

[site]
key = "krukke"
name = "Krukke & Sønn"
origins = ["https://shop.example", "https://www.shop.example"]
languages = ["en", "nb"]
timezone = "Europe/Lisbon"
updated = 2026-02-01

[hits]
when = "analytics"

[asking]
months = 6

[controller]
name = "Krukke & Sønn"
email = "hello@shop.example"

[[purposes]]
key = "analytics"

[[purposes]]
key = "sizing"
title.en = "Finding your size"
title.nb = "Finne størrelsen din"
description.en = "Remembers your measures, so that we can suggest a size."
description.nb = "Husker målene dine, så vi kan foreslå en størrelse."

[[services]]
key = "plausible-ish"
name = "Counter"
purpose = "analytics"
processor = "counter"
description.en = "Counts visits."
description.nb = "Teller besøk."
[[services.cookies]]
name = "_count"
lifetime = "30 days"
use.en = "Tells visits apart."
use.nb = "Skiller besøk fra hverandre."

[[services]]
key = "tailor"
name = "Tailor"
purpose = "sizing"
processor = "counter"
description.en = "Suggests a size."
description.nb = "Foreslår en størrelse."

[[data]]
what.en = "Orders"
what.nb = "Bestillinger"
whose.en = "Customers"
whose.nb = "Kunder"
why.en = "To deliver them"
why.nb = "For å levere dem"

[[processors]]
key = "counter"
name = "Counter GmbH"
countries = ["DE"]
task.en = "Counting"
task.nb = "Telling"
note.en = "Gets page views."
note.nb = "Får sidevisninger."

[[retention]]
what.en = "Orders"
what.nb = "Bestillinger"
period.en = "Five years"
period.nb = "Fem år"

[[rights]]
key = "access"
title.en = "Access"
title.nb = "Innsyn"
text.en = "Ask us."
text.nb = "Spør oss."
"""


def shop(**replaced: str) -> str:
    """The shop's site file; each keyword is an old text, and its value what stands there instead."""
    source = SHOP
    for old, new in replaced.items():
        assert old in source
        source = source.replace(old, new)
    return source


def decision(**values: Any) -> dict[str, Any]:
    """A decision for the demo's site, as the browser would send it."""
    return {
        "id": str(uuid.uuid4()),
        "version": 1,
        "language": "nb",
        "action": "accept",
        "source": "banner",
        "purposes": {"analytics": True, "marketing": True},
        "gpc": False,
        **values,
    }


def refusal(**values: Any) -> dict[str, Any]:
    return decision(action="refuse", purposes={"analytics": False, "marketing": False}, **values)


def post_json(client: Any, path: str, body: Any, **headers: str) -> Any:
    """Posts as the embed script does: JSON as text/plain, with the page's origin."""
    sent = {"Origin": "http://127.0.0.1:8081", "User-Agent": CHROME, **headers}
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, data=data, headers=sent, content_type="text/plain;charset=UTF-8")


def decide(client: Any, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return post_json(client, "/e/07sor/decisions", decision() if body is None else body, **headers)


def hit(client: Any, path: str = "/", referrer: str = "", **headers: str) -> Any:
    return post_json(client, "/e/07sor/hits", {"path": path, "referrer": referrer}, **headers)


def isp_database(path: Path) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="ISP")
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"isp": "Fjordnett AS"})
    writer.insert_network(
        IPSet(["198.51.100.0/24"]), {"autonomous_system_organization": "Heimnett SA"}
    )
    writer.to_db_file(str(path))
    return path


def shop_in(languages: Iterable[str]) -> str:
    """The shop's site file in these languages; its own texts, which the catalogues do not hold, stay English."""
    spoken = list(languages)
    made = []
    for line in SHOP.splitlines():
        name, dot, rest = line.partition(".en = ")
        if dot:
            made += [f"{name}.{language} = {rest}" for language in spoken]
        elif not re.match(r"\w+\.nb = ", line):
            made.append(line)
    listed = ", ".join(f'"{language}"' for language in spoken)
    return "\n".join(made).replace('["en", "nb"]', f"[{listed}]")
