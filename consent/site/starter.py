"""A first site file, which can be published as it is: `consent init` writes it from a few answers."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from consent.core.catalogues import gettext_noop, in_languages
from consent.site import known_services
from consent.site.schema import STANDARD_PURPOSES

RIGHTS = {
    "access": (
        gettext_noop("Access"),
        gettext_noop("You can see which data we hold about you, and get a copy of them."),
    ),
    "rectification": (
        gettext_noop("Correction"),
        gettext_noop("You can have us correct wrong data, and add missing data."),
    ),
    "erasure": (
        gettext_noop("Erasure"),
        gettext_noop("You can have us erase data that we no longer need or may not keep."),
    ),
    "portability": (
        gettext_noop("Data portability"),
        gettext_noop("You can get the data that you gave us in a machine-readable format."),
    ),
    "objection": (
        gettext_noop("Objection"),
        gettext_noop("You can object to what we do with your data."),
    ),
    "complaint": (
        gettext_noop("Complaint"),
        gettext_noop("You can complain to the data protection authority of your country."),
    ),
}
INTRODUCTION = gettext_noop("This notice says which personal data we process, and why.")
DATA = (
    (
        gettext_noop("IP address, browser and requested pages"),
        gettext_noop("Visitors to the website"),
        gettext_noop("To deliver the website and keep it safe"),
    ),
    (
        gettext_noop("Name, e-mail address and your message"),
        gettext_noop("People who contact us"),
        gettext_noop("To answer you"),
    ),
)
RETENTION = (
    (gettext_noop("Web server logs"), gettext_noop("30 days")),
    (
        gettext_noop("Messages that you send us"),
        gettext_noop("One year after the matter is settled"),
    ),
)


@dataclass(frozen=True)
class Answers:
    """What `consent init` asks."""

    key: str
    name: str
    origin: str
    email: str
    languages: tuple[str, ...]
    # Names of known services.
    services: tuple[str, ...]


def write(answers: Answers, today: date) -> str:
    """The site file, with a word on each part."""
    return "\n".join(_lines(answers, today)) + "\n"


def _lines(answers: Answers, today: date) -> Iterable[str]:
    spoken = answers.languages
    listed = ", ".join(map(json.dumps, spoken))
    yield from (
        f"# The site file of {answers.name}: the content of its consent banner and privacy notice.",
        "# Read every sentence, and make it true. `consent check` names mistakes, and `consent publish` puts the file",
        "# in force. docs/site-file.md explains each key. A text is written once for each language.",
        "",
        "# The first lines of the notice.",
        *_text("introduction", INTRODUCTION, spoken),
        "",
        "[site]",
        f"key = {json.dumps(answers.key)}",
        f"name = {_string(answers.name)}",
        "# Scheme and host of each website that shows the banner.",
        f"origins = [{json.dumps(answers.origin)}]",
        f"languages = [{listed}]",
        'timezone = "Europe/Oslo"',
        "# The day on which the text of the notice was last changed.",
        f"updated = {today}",
        "",
        "# The controller decides why and how data is used. Add address, phone, and [dpo] if you have one.",
        "[controller]",
        f"name = {_string(answers.name)}",
        f"email = {json.dumps(answers.email)}",
        "",
        "# The purposes that visitors are asked about. Each has standard words, which title and description replace.",
    )
    used = {known_services.known()["services"][each]["purpose"] for each in answers.services}
    for purpose in STANDARD_PURPOSES:
        if purpose in used or purpose == "necessary":
            yield from ("[[purposes]]", f'key = "{purpose}"', "")
    if answers.services:
        yield "# Known services. Keys such as name, description, purpose or cookies replace the known values."
    for service in answers.services:
        yield from ("[[services]]", f'use = "{service}"', "")
    yield "# The data that you process, whose it is, and why. Make the list complete."
    for what, whose, why in DATA:
        yield "[[data]]"
        for name, text in (("what", what), ("whose", whose), ("why", why)):
            yield from _text(name, text, spoken)
        yield ""
    yield "# Other recipients of data, besides the services above: hosting, e-mail, accounts."
    yield from (
        "# [[processors]]",
        '# key = "host"',
        '# name = "…"',
        '# countries = ["NO"]',
        *(f'# {name}.{language} = "…"' for name in ("task", "note") for language in spoken),
        "",
        "# How long each kind of data is kept.",
    )
    for what, period in RETENTION:
        yield "[[retention]]"
        yield from _text("what", what, spoken)
        yield from _text("period", period, spoken)
        yield ""
    yield "# The rights that people have."
    for key, (title, text) in RIGHTS.items():
        yield from ("[[rights]]", f'key = "{key}"')
        yield from _text("title", title, spoken)
        yield from _text("text", text, spoken)
        yield ""


def _text(name: str, text: str, languages: Iterable[str]) -> Iterable[str]:
    for language, said in in_languages(text, languages).items():
        yield f"{name}.{language} = {_string(said)}"


def _string(text: str) -> str:
    # What JSON escapes, TOML escapes alike.
    return json.dumps(text, ensure_ascii=False)
