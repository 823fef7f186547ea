"""What differs between two versions of a site file, and whether it is material.

A change is material when it widens processing or narrows rights: a new recipient, purpose, service, cookie, kind of
data or country, a longer retention, a right or safeguard gone. What a text now says instead cannot be weighed by a
program, so wherever a text describes processing or promises something, other words are material too; whoever
publishes may lower that, and has to say why (GDPR articles 13 and 14; WP260 rev.01, paragraphs 29 to 31).
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from consent.core.catalogues import CATALOGUES
from consent.site import schema
from consent.site.schema import NECESSARY, SiteFile

Tree = dict[str, Any]
Reason = Literal[
    "controller",
    "purpose",
    "service",
    "recipient",
    "country",
    "cookie",
    "lifetime",
    "storage",
    "data",
    "source",
    "retention",
    "right",
    "safeguard",
    "transfer",
    "counting",
    "asking",
    "signal",
    "described",
]

# What stands for a row of a table, by which it is found again in another version.
NAMED_BY = {
    **dict.fromkeys(("purposes", "services", "processors"), "key"),
    **dict.fromkeys(("rights", "safeguards", "statements"), "key"),
    **dict.fromkeys(("data", "retention"), "what"),
    "cookies": "name",
    "storage": "name",
    "links": "address",
}
# No name in a file has this character.
ORDER = "\0order"
HOURS = {"minute": 1 / 60, "hour": 1, "day": 24, "week": 168, "month": 730, "year": 8760}
COUNTING = ("never", "analytics", "always")


@dataclass(frozen=True)
class Change:
    """One difference. `path` leads to it through tables and the names of their rows."""

    path: tuple[str, ...]
    # None: there was nothing there, or there is nothing now.
    old: Any
    new: Any
    # Why it is material; None: it is not.
    reason: Reason | None = None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"

    @property
    def is_order(self) -> bool:
        return self.path[-1].endswith(ORDER)


def compare(old: SiteFile, new: SiteFile) -> list[Change]:
    """All that differs, in the order of the file. Applied to the old (`apply`), it gives the new."""
    language = _common_language(old, new)
    return [
        Change(path, before, after, _reason(path, before, after))
        for path, before, after in _differences((), tree(old, language), tree(new, language))
    ]


def is_material(found: list[Change]) -> bool:
    return any(change.reason for change in found)


def apply(old: Tree, found: list[Change]) -> Tree:
    """The tree that the changes make of `old`."""
    made: Tree = _copy(old)
    for change in found:
        place = made
        for step in change.path[:-1]:
            place = place[step]
        if change.new is None:
            del place[change.path[-1]]
        else:
            place[change.path[-1]] = _copy(change.new)
    return made


def tree(site_file: SiteFile, language: str) -> Tree:
    """The site file with rows under their names, and nothing where the file says nothing.

    What it leaves to the program stands there as the program takes it, so that writing a default down is no change.
    """
    whole = schema.whole(site_file)
    for written, purpose in zip(whole["purposes"], site_file.purposes, strict=True):
        written["consent_types"] = list(purpose.types)
        written["opt_out_signal"] = purpose.is_withheld
    for written, service in zip(whole["services"], site_file.services, strict=True):
        written["signal"] = service.obeys
    made: Tree = _named(whole, language)
    return made


def _common_language(old: SiteFile, new: SiteFile) -> str:
    spoken = [each for each in old.site.languages if each in new.site.languages]
    return (spoken or old.site.languages)[0]


def _named(value: Any, language: str) -> Any:
    if not isinstance(value, dict):
        return value
    made: Tree = {}
    for name, each in value.items():
        if each is None:
            continue
        if name in NAMED_BY and isinstance(each, list):
            rows: Tree = {}
            for row in each:
                rows[_name(row[NAMED_BY[name]], language, rows)] = _named(row, language)
            made[name], made[name + ORDER] = rows, list(rows)
        else:
            made[name] = _named(each, language)
    return made


def _name(value: str | dict[str, str], language: str, taken: Tree) -> str:
    if isinstance(value, dict):
        value = value.get(language) or next(iter(value.values()))
    name, count = value, 1
    while name in taken:
        count += 1
        name = f"{value} ({count})"
    return name


def _copy(value: Any) -> Any:
    return {key: _copy(each) for key, each in value.items()} if isinstance(value, dict) else value


def _differences(
    path: tuple[str, ...], old: Any, new: Any
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if old == new:
        return
    if not (isinstance(old, dict) and isinstance(new, dict)) or is_text(old) or is_lifetime(old):
        yield path, old, new
        return
    for name in [*old, *(name for name in new if name not in old)]:
        yield from _differences((*path, name), old.get(name), new.get(name))


def is_text(value: Any) -> bool:
    """Whether it is a text in the languages of the site."""
    if not isinstance(value, dict) or not value or not value.keys() <= set(CATALOGUES):
        return False
    return all(isinstance(each, str) for each in value.values())


def is_lifetime(value: Any) -> bool:
    return bool(isinstance(value, dict) and set(value) == {"amount", "unit"})


def _reason(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    if path[-1].endswith(ORDER):
        return None
    rule = RULES.get(path[0])
    return rule(path[1:], old, new) if rule else None


Rule = Callable[[tuple[str, ...], Any, Any], Reason | None]


def _reworded(old: Any, new: Any) -> bool:
    """Whether a text says something else in a language that both have. Punctuation and capitals say nothing."""
    if not (is_text(old) and is_text(new)):
        return bool(old != new)
    both = old.keys() & new.keys()
    return not both or any(_words(old[each]) != _words(new[each]) for each in both)


def _words(text: str) -> list[str]:
    return re.sub(r"[\s.,;:!?…'\"()–—-]+", " ", text.casefold()).split()


def _described(old: Any, new: Any) -> Reason | None:
    return "described" if _reworded(old, new) else None


def _controller(path: tuple[str, ...], _old: Any, _new: Any) -> Reason | None:
    return "controller" if path == ("name",) else None


def _somebody_to_turn_to(path: tuple[str, ...], _old: Any, new: Any) -> Reason | None:
    return "right" if not path and new is None else None


def _purposes(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    name, *rest = path
    if not rest:
        if name != NECESSARY:
            return "purpose" if old is None else None
        # Its words replace the standard ones, or these come back.
        return _described(*({"words": _said(each)} for each in (old, new)))
    if rest == ["consent_types"]:
        return "signal" if set(new) - set(old) else None
    if rest == ["opt_out_signal"]:
        return "right" if not new else None
    return _described(old, new)


def _said(table: Tree | None) -> list[Any]:
    return [(table or {}).get(name) for name in ("title", "description")]


def _services(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    _, *rest = path
    match rest:
        case []:
            return "service" if old is None else None
        case ["purpose"]:
            return "purpose"
        case ["processor"]:
            return "recipient"
        case ["signal"]:
            return "signal"
        case ["opt_out"]:
            return "right" if new is None else None
        case ["privacy_policy"]:
            return None
        case ["cookies", _]:
            return "cookie" if old is None else None
        case ["storage", _]:
            return "storage" if old is None else None
        case ["storage", _, "kind"]:
            return "storage"
        case ["storage", _, "lifetime"]:
            return "storage" if _hours(new) > _hours(old) else None
        case ["cookies", _, "lifetime"]:
            return "lifetime" if _hours(new) > _hours(old) else None
    return _described(old, new)


def _hours(lifetime: dict[str, Any] | None) -> float:
    if lifetime is None:
        # As long as the browser keeps it.
        return math.inf
    # A browser's session may last for days, but its cookies are not meant to.
    return float(lifetime["amount"] * HOURS.get(lifetime["unit"], 0))


def _processors(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    _, *rest = path
    match rest:
        case []:
            return "recipient" if old is None else None
        case ["name"]:
            return "recipient"
        case ["countries"]:
            # No country means that it is not known.
            return "country" if set(new) - set(old) or (old and not new) else None
        case ["seat"]:
            return "country" if new is not None else None
        case ["links", *_]:
            return "right" if new is None else None
    return _described(old, new)


def _data(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    if len(path) == 1:
        return "data" if old is None else None
    return _described(old, new)


def _sources(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    if path == ("names",):
        return "source" if set(new) - set(old) else None
    if not path:
        return "source" if old is None else None
    return _described(old, new)


def _retention(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    # A row that is gone promised an end.
    return "retention" if len(path) == 1 or _reworded(old, new) else None


def _keep(_path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    return "retention" if _hours(new) > _hours(old) else None


def _promises(gone: Reason, added: Reason | None = None) -> Rule:
    def rule(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
        if len(path) == 1:
            return gone if new is None else added
        return gone if _reworded(old, new) else None

    return rule


def _texts(reason: Reason) -> Rule:
    return lambda _path, old, new: reason if _reworded(old, new) else None


def _counting(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    if path[0] == "when":
        is_wider = COUNTING.index(new) > COUNTING.index(old)
    elif path[0] in ("campaigns", "subdomains"):
        is_wider = bool(set(new or ()) - set(old or ()))
    elif path[0] == "noise":
        is_wider = new is None or (old is not None and new > old)
    elif path[0] == "public_pages":
        is_wider = False  # says where pages are, and nothing of those who saw them
    else:  # public
        is_wider = new
    return "counting" if is_wider else None


def _asking(path: tuple[str, ...], old: Any, new: Any) -> Reason | None:
    return "asking" if path[0] == "months" and new > old else None


def _signals(path: tuple[str, ...], _old: Any, new: Any) -> Reason | None:
    wider = {"google": "advanced", "url_passthrough": True, "ads_data_redaction": False}
    return "signal" if path[0] in wider and new == wider[path[0]] else None


# For each table of the site file. The others are how it looks, whom to write to, and where it is shown.
RULES: dict[str, Rule] = {
    "introduction": _texts("described"),
    "banner": _texts("described"),
    "controller": _controller,
    "dpo": _somebody_to_turn_to,
    "authority": _somebody_to_turn_to,
    "purposes": _purposes,
    "services": _services,
    "processors": _processors,
    "data": _data,
    "sources": _sources,
    "retention": _retention,
    "rights": _promises("right"),
    "safeguards": _promises("safeguard"),
    # What else a notice states may be a promise, or something that is done with data.
    "statements": _promises("safeguard", added="described"),
    "transfers": _texts("transfer"),
    "hits": _counting,
    "asking": _asking,
    "keep": _keep,
    "signals": _signals,
}
