"""Says in words what changes.py finds: what it concerns, what was there and what is there now, and why it matters."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from flask_babel import gettext

from consent.core.catalogues import gettext_noop
from consent.core.i18n import country
from consent.notice import changes, rendering
from consent.notice.changes import Change, Reason, is_lifetime, is_text
from consent.site import versions
from consent.site.schema import SiteFile
from consent.site.values import Lifetime

# Words and spaces of both texts that are compared one by one; the time grows with their square.
MOST_WORDS = 2000
# A run of words that both texts have, that only the old has, or that only the new has.
Run = tuple[Literal["same", "gone", "new"], str]

KINDS = {
    "added": gettext_noop("Added"),
    "removed": gettext_noop("Removed"),
    "changed": gettext_noop("Changed"),
}
REASONS: dict[Reason, str] = {
    "controller": gettext_noop("Another controller is responsible."),
    "purpose": gettext_noop("Data is used for something new."),
    "service": gettext_noop("A new service is used."),
    "recipient": gettext_noop("Another recipient receives data."),
    "country": gettext_noop("Data may be in another country."),
    "cookie": gettext_noop("A new cookie is stored."),
    "lifetime": gettext_noop("A cookie is stored longer."),
    "storage": gettext_noop("Something new is stored in your browser."),
    "data": gettext_noop("A new kind of data is collected."),
    "source": gettext_noop("Data comes from another source."),
    "retention": gettext_noop("The text about how long data is kept has changed."),
    "right": gettext_noop("A right, or how to use it, has changed or been removed."),
    "safeguard": gettext_noop("A promise has changed or been removed."),
    "transfer": gettext_noop("The text about data outside the EEA has changed."),
    "counting": gettext_noop("More page views are counted."),
    "asking": gettext_noop("A choice is valid longer before you are asked again."),
    "signal": gettext_noop("Consent allows more than before."),
    "described": gettext_noop("The description has changed, and may mean more."),
}


@dataclass(frozen=True)
class Said:
    """A change as a visitor reads it."""

    kind: Literal["added", "removed", "changed"]
    # The kind in words.
    word: str
    # What part of the notice: Recipient, Cookie, Your rights.
    part: str
    # Which of them, if there are several: Google Analytics.
    name: str
    # What of it, if not the whole: Countries.
    detail: str
    # What was there, and what is there now.
    old: str
    new: str
    reason: str

    @property
    def runs(self) -> list[Run]:
        return _runs(self.old, self.new)


def between(old: SiteFile, new: SiteFile, language: str) -> list[Said]:
    """What is different in the later one, as `say` says it."""
    return say(changes.compare(old, new), old, new, language)


def asked_again(old: SiteFile, new: SiteFile, language: str) -> list[str]:
    """Titles of the purposes about which those who had granted them are asked again."""
    asked = versions.asked_again(old, new)
    return [each.title for each in rendering.purposes(new, language) if each.key in asked]


def say(found: list[Change], old: SiteFile, new: SiteFile, language: str) -> list[Said]:
    """The changes that mean something to a visitor, those that are material first."""
    said = [
        Said(
            change.kind,
            gettext(KINDS[change.kind]),
            _part(change.path),
            _name(change, old, new, language),
            _detail(change.path),
            _shown(change, change.old, language),
            _shown(change, change.new, language),
            gettext(REASONS[change.reason]) if change.reason else "",
        )
        for change in found
        if _matters(change, language)
    ]
    return sorted(said, key=lambda each: not each.reason)


def _matters(change: Change, language: str) -> bool:
    if change.is_order or change.path[0] == "looks" or change.path[-1] == "key":
        return False
    if is_text(change.old) and is_text(change.new) and not change.reason:
        return _shown(change, change.old, language) != _shown(change, change.new, language)
    return True


def _is_stored(path: tuple[str, ...]) -> bool:
    return path[0] == "services" and len(path) > 3 and path[2] in ("cookies", "storage")


def _part(path: tuple[str, ...]) -> str:
    if _is_stored(path):
        return str(gettext("Cookie") if path[2] == "cookies" else gettext("Stored in your browser"))
    found: dict[str, str] = {
        "introduction": gettext("Introduction"),
        "banner": gettext("Privacy choices"),
        "site": gettext("Website"),
        "controller": gettext("Controller"),
        "dpo": gettext("Data protection officer"),
        "authority": gettext("Supervisory authority"),
        "purposes": gettext("Purpose"),
        "services": gettext("Service"),
        "processors": gettext("Recipient"),
        "data": gettext("Kind of data"),
        "sources": gettext("Data from other sources"),
        "retention": gettext("How long it is kept"),
        "keep": gettext("How long it is kept"),
        "rights": gettext("Your rights"),
        "safeguards": gettext("How it is protected"),
        "statements": gettext("Other information"),
        "transfers": gettext("Data outside the EEA"),
        "hits": gettext("Counting of page views"),
        "asking": gettext("How long a choice is valid"),
        "signals": gettext("Consent signals to tags"),
    }
    return found.get(path[0], path[0])


def _name(change: Change, old: SiteFile, new: SiteFile, language: str) -> str:
    table, *rest = change.path
    if _is_stored(change.path):
        return change.path[3]
    if not rest:
        return ""
    # What is gone has its name from the old version.
    for site_file in (old, new) if change.new is None else (new, old):
        if table == "purposes":
            titles = {each.key: each.title for each in rendering.purposes(site_file, language)}
        elif table in ("services", "processors"):
            titles = {each.key: each.name for each in getattr(site_file, table)}
        elif table in ("rights", "safeguards", "statements"):
            titles = {
                each.key: each.title.get(language) or next(iter(each.title.values()))
                for each in getattr(site_file, table)
            }
        else:
            return rest[0] if table in ("data", "retention") else ""
        if rest[0] in titles:
            return titles[rest[0]]
    return rest[0]


def _detail(path: tuple[str, ...]) -> str:
    if len(path) == 1 or (path[0] in ("data", "retention") and len(path) == 2):
        return ""
    found: dict[str, str] = {
        "name": gettext("Name"),
        "email": gettext("E-mail"),
        "phone": gettext("Phone"),
        "address": gettext("Address"),
        "countries": gettext("Countries"),
        "seat": gettext("Country of the company"),
        "lifetime": gettext("Lifetime"),
        "use": gettext("Used for"),
        "purpose": gettext("Purpose"),
        "processor": gettext("Recipient"),
        "opt_out": gettext("Page to opt out"),
        "privacy_policy": gettext("Their privacy policy"),
        "whose": gettext("Whose data"),
        "why": gettext("Why"),
        "updated": gettext("Date of the text"),
        "languages": gettext("Languages"),
        "origins": gettext("Website"),
    }
    return found.get(path[-1], "")


def _shown(change: Change, value: Any, language: str) -> str:
    """What is in one of the versions, as text."""
    if value is None or (isinstance(value, dict) and not is_text(value) and not is_lifetime(value)):
        return ""
    if is_text(value):
        return str(value.get(language) or next(iter(value.values())))
    if is_lifetime(value):
        return rendering.lifetime(Lifetime.model_validate(value))
    if change.path[-1] == "seat":
        return country(value)
    if change.path[-1] == "countries":
        return ", ".join(map(country, value)) or gettext("Country not stated")
    if change.path[-1] == "months":
        return rendering.lifetime(Lifetime(amount=value, unit="month"))
    if change.path[-1] in ("consent_types", "opt_out_signal", "signal") or isinstance(value, bool):
        return ""  # names of programs, and what they take for yes and no
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


@lru_cache(maxsize=1024)
def _runs(old: str, new: str) -> list[Run]:
    """The two texts as one, word by word; long ones one after the other."""
    before, after = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (old, new))
    if len(before) + len(after) > MOST_WORDS:
        return [("gone", old), ("new", new)]
    return [*_compared(before, after)]


def _compared(before: list[str], after: list[str]) -> Iterator[Run]:
    for kind, a, b, c, d in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            yield "same", "".join(before[a:b])
            continue
        if b > a:
            yield "gone", "".join(before[a:b])
        if d > c:
            yield "new", "".join(after[c:d])
