"""Common services, which a site file uses by name: `[[services]]` with `use = "google-analytics"`.

`expand` writes them out before the file is validated, in the site's languages. What the file itself says wins. Knows
neither database nor HTTP.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from consent.core.catalogues import gettext_noop, in_languages

Raw = dict[str, Any]
# The processor of what runs on the website's own server.
OWN = "own"


WHAT = {
    "measures": gettext_noop("Measures how the website is used."),
    "loads": gettext_noop("Loads the website's other tools, and tells them what you agreed to."),
    "ads": gettext_noop("Measures advertising, and shows you advertising that may suit you."),
    "maps": gettext_noop("Shows maps."),
    "videos": gettext_noop("Shows videos."),
    "sounds": gettext_noop("Plays music and podcasts."),
    "posts": gettext_noop("Shows posts from social media."),
    "fonts": gettext_noop("Delivers fonts."),
    "robots": gettext_noop("Tells people and robots apart."),
    "records": gettext_noop("Records how pages are used: clicks, scrolling and movements."),
    "customers": gettext_noop(
        "Collects what customers and other interested people do, so that we can follow them up."
    ),
    "chat": gettext_noop("Lets you chat with us."),
    "payments": gettext_noop("Takes payments."),
    "variants": gettext_noop("Tests which variant of a page works best."),
    "passes-on": gettext_noop("Collects how the website is used, and passes it on to other tools."),
    "errors": gettext_noop("Finds errors and slow pages."),
    "delivers": gettext_noop("Delivers the website, and protects it against attacks."),
    "runs": gettext_noop("Runs the website."),
    "shop": gettext_noop("Runs the shop: cart, customers and orders."),
    "newsletters": gettext_noop("Sends newsletters, and measures what they lead to."),
    "forms": gettext_noop("Shows forms and takes what you fill in."),
}
STORED = {
    "tells-apart": gettext_noop("Tells visitors apart, to count them."),
    "session": gettext_noop("Keeps track of a visit."),
    "limits": gettext_noop("Limits how often something is sent."),
    "ad-click": gettext_noop("Remembers that you came from an advertisement."),
    "recognises": gettext_noop("Recognises your browser, on other websites too."),
    "tests": gettext_noop("Tests whether cookies can be stored."),
    "choice": gettext_noop("Remembers your privacy choices."),
    "fraud": gettext_noop("Protects against fraud."),
    "forgery": gettext_noop("Protects forms against forgery."),
    "balances": gettext_noop("Keeps a whole visit on the same server."),
    "robots": gettext_noop("Tells people and robots apart."),
    "settings": gettext_noop("Remembers your settings."),
    "login": gettext_noop("Keeps you logged in."),
    "cart": gettext_noop("Remembers what is in the cart."),
    "source": gettext_noop("Remembers where you came from."),
    "variant": gettext_noop("Remembers which variant of the page you saw."),
    "waiting": gettext_noop("Keeps what has not been sent yet."),
}
# What the table says for other readers than a site file: docs/services.md.
NOT_TOLD = ("what", "hosts", "checked")
NOTE = gettext_noop(
    "Gets your IP address, what your browser says about itself, and which page you are on."
)
OWN_NOTE = gettext_noop("The website itself. Nobody else receives it.")


@cache
def known() -> Raw:
    """The services and processors of known_services.toml."""
    text = (Path(__file__).parent / "known_services.toml").read_text(encoding="utf-8")
    found: Raw = tomllib.loads(text)
    return found


def names() -> list[str]:
    return sorted(known()["services"])


def expand(raw: Raw) -> Raw:
    """The file with the services that it uses by name written out. An unknown name stays, to be complained of."""
    services, processors = raw.get("services"), raw.get("processors", [])
    if not (isinstance(services, list) and isinstance(processors, list)):
        return raw
    languages = _languages(raw)
    made = [_written_out(each, languages) for each in services]
    there = {each["key"] for each in processors if _has_key(each)}
    return {
        **raw,
        "services": made,
        "processors": [*processors, *_missing(made, there, raw, languages)],
    }


def _has_key(table: Any) -> bool:
    return isinstance(table, dict) and isinstance(table.get("key"), str)


def _languages(raw: Raw) -> list[str]:
    site = raw.get("site")
    found = site.get("languages") if isinstance(site, dict) else None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _written_out(service: Any, languages: list[str]) -> Any:
    used = service.get("use") if isinstance(service, dict) else None
    template = known()["services"].get(used) if isinstance(used, str) else None
    if template is None:
        return service
    cookies = [
        {"name": name, "lifetime": lifetime, "use": in_languages(STORED[use], languages)}
        for name, lifetime, use in template["cookies"]
    ]
    storage = [
        {"kind": kind, "name": name, "use": in_languages(STORED[use], languages)}
        for kind, name, use in template.get("storage", [])
    ]
    described = {
        "description": in_languages(WHAT[template["what"]], languages),
        "cookies": cookies,
        **({"storage": storage} if storage else {}),
    }
    told = {key: template[key] for key in template if key not in (*described, *NOT_TOLD)}
    own = {key: value for key, value in service.items() if key != "use"}
    return {"key": used, **told, **described, **own}


def _missing(services: list[Any], there: set[Any], raw: Raw, languages: list[str]) -> Iterator[Raw]:
    """The known processors of these services that the file has no table for."""
    for service in services:
        key = service.get("processor") if isinstance(service, dict) else None
        if not isinstance(key, str) or key in there:
            continue
        controller = raw.get("controller")
        if key == OWN and isinstance(controller, dict):
            table, note = {"name": controller.get("name", "")}, OWN_NOTE
        elif key in known()["processors"]:
            table, note = known()["processors"][key], NOTE
        else:
            continue
        there.add(key)
        yield {
            "key": key,
            **table,
            "task": service.get("description"),
            "note": in_languages(note, languages),
        }
