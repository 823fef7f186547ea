"""Renders what a version says, in each language: the notice, the settings, the banner's words."""

from dataclasses import dataclass
from typing import Any

from babel import Locale
from babel.lists import format_list
from flask import render_template
from flask_babel import force_locale, get_locale, gettext, ngettext, pgettext

from consent.core import i18n
from consent.models import VersionText
from consent.site import versions
from consent.site.schema import (
    NECESSARY,
    STORAGE_KINDS,
    Processor,
    Purpose,
    Service,
    SiteFile,
    Storage,
)
from consent.site.values import Lifetime


def text(site_file: SiteFile, number: int, language: str) -> VersionText:
    """What the site file would say as a version of this number, which nobody has published."""
    return text_row(site_file.site.key, number, language, render(site_file, language))


def text_row(site: str, number: int, language: str, said: dict[str, Any]) -> VersionText:
    words_hash = versions.words_hash(said["banner"], said["settings"])
    return VersionText(site=site, version=number, language=language, words_hash=words_hash, **said)


def render(site_file: SiteFile, language: str) -> dict[str, Any]:
    """All that a version says in one language: the banner's words, and three fragments of HTML."""
    with force_locale(language):
        context = {
            "file": site_file,
            "language": language,
            "purposes": purposes(site_file, language),
            "own": [own_cookie(site_file), own_storage(site_file)],
            "stored_by": lambda service: stored_by(service, language),
            "hits_sentence": hits_sentence(site_file),
            "kept": {
                "decisions": lifetime(site_file.keep.decisions),
                "counters": lifetime(site_file.keep.counters),
            },
        }
        return {
            "banner": banner(site_file, language),
            **{
                name: render_template(f"notice/_{name}.html", **context)
                for name in ("settings", "cookies", "notice")
            },
        }


def banner(site_file: SiteFile, language: str) -> dict[str, str]:
    own = site_file.banner
    default = gettext(
        "We use cookies and similar technology for %(purposes)s, and only if you agree. "
        "You can change your mind at any time.",
        purposes=_named(site_file.asked_purposes, site_file, language),
    )
    return {
        **{
            f"_{each.key}": each.title
            for each in purposes(site_file, language)
            if each.key != NECESSARY
        },
        "title": own.title[language] if own.title else gettext("Cookies and your privacy"),
        "text": own.text[language] if own.text else default,
        "accept": gettext("Accept all"),
        "refuse": gettext("Reject all"),
        "choose": gettext("Customise"),
        "save": gettext("Save choices"),
        "saved": gettext("Your choice is saved."),
        "settings": gettext("Privacy settings"),
        "close": gettext("Close"),
        "notice": gettext("Read the privacy notice"),
        "withdraw": gettext("Withdraw consent"),
        "opted_out": opted_out(site_file, language),
        # Nothing where it is the usual one.
        **({"dir": "rtl"} if Locale.parse(language).text_direction == "rtl" else {}),
    }


def opted_out(site_file: SiteFile, language: str) -> str:
    """What is said to somebody whose browser sends Global Privacy Control or Do Not Track."""
    return str(
        gettext(
            "Your browser asks not to be tracked. Until you choose otherwise yourself, this stays off: "
            "%(purposes)s.",
            purposes=_named(site_file.withheld_purposes, site_file, language),
        )
    )


def _named(keys: list[str], site_file: SiteFile, language: str) -> str:
    """The purposes as a list in a sentence: `statistics and marketing`."""
    found = [
        _in_a_sentence(purpose, language) for purpose in site_file.purposes if purpose.key in keys
    ]
    return str(format_list(found, locale=get_locale()))


@dataclass(frozen=True)
class PurposeText:
    key: str
    title: str
    description: str


def purposes(site_file: SiteFile, language: str) -> list[PurposeText]:
    """The purposes in the order of the file, with `necessary` first even where the file leaves it out."""
    standard = _standard_purposes()
    listed = list(site_file.purposes)
    if all(purpose.key != NECESSARY for purpose in listed):
        listed.insert(0, Purpose(key=NECESSARY))
    made = []
    for purpose in sorted(listed, key=lambda each: each.key != NECESSARY):
        title, description = standard.get(purpose.key, ("", ""))
        made.append(
            PurposeText(
                purpose.key,
                _said(purpose.title, language) or title,
                _said(purpose.description, language) or description,
            )
        )
    return made


def _said(text: dict[str, str] | None, language: str) -> str:
    """The text in the language, or, for staff who read another one than the site, in its default."""
    return text.get(language) or next(iter(text.values())) if text else ""


def _standard_purposes() -> dict[str, tuple[str, str]]:
    return {
        "necessary": (
            gettext("Necessary"),
            gettext("Needed for the website to work, such as remembering this choice. Always on."),
        ),
        "preferences": (
            gettext("Preferences"),
            gettext(
                "Remembers how you want the website, such as your language, and shows content from others."
            ),
        ),
        "analytics": (
            gettext("Statistics"),
            gettext("Tells us how the website is used, so that we can make it better."),
        ),
        "marketing": (
            gettext("Marketing"),
            gettext(
                "Measures our advertising, and lets others show you advertising they think suits you."
            ),
        ),
    }


def _in_a_sentence(purpose: Purpose, language: str) -> str:
    if purpose.title:
        return purpose.title[language]
    found: dict[str, str] = {
        "preferences": pgettext("purpose in a sentence", "preferences"),
        "analytics": pgettext("purpose in a sentence", "statistics"),
        "marketing": pgettext("purpose in a sentence", "marketing"),
    }
    return found[purpose.key]


def recipients(
    site_file: SiteFile, language: str, *, q: str = "", country: str = "", purpose: str = ""
) -> list[Processor]:
    """The processors of which all words of `q` are said, in that country, that serve that purpose; empty: any."""
    serving = {each.processor for each in site_file.services_of(purpose)}
    words = q.casefold().split()
    return [
        each
        for each in site_file.processors
        if (not country or country in places(each))
        and (not purpose or each.key in serving)
        and all(word in _said_of(each, language) for word in words)
    ]


def places(processor: Processor) -> list[str]:
    """Codes of the countries that have to do with it: where the data are, and where the company sits."""
    return [*processor.countries, *([processor.seat] if processor.seat else [])]


def _said_of(processor: Processor, language: str) -> str:
    said = [processor.name, processor.task[language], processor.note[language]]
    return " ".join([*said, *map(i18n.country, places(processor))]).casefold()


@dataclass(frozen=True)
class StoredText:
    """A cookie, or what is stored in another way."""

    name: str
    # Empty for a cookie.
    kind: str
    lifetime: str
    use: str


def stored_by(service: Service, language: str) -> list[StoredText]:
    """What the service stores in the browser, cookies first."""
    with force_locale(language):
        cookies = [
            StoredText(each.name, "", lifetime(each.lifetime), each.use[language])
            for each in service.cookies
        ]
        others = [
            StoredText(
                each.name, STORAGE_KINDS[each.kind], storage_lifetime(each), each.use[language]
            )
            for each in service.storage
        ]
    return cookies + others


def storage_lifetime(storage: Storage) -> str:
    """How long it stays, in words."""
    if storage.lifetime is not None:
        return lifetime(storage.lifetime)
    if storage.kind == "session":
        return lifetime(Lifetime(amount=0, unit="session"))
    return str(gettext("until it is deleted"))


def own_cookie(site_file: SiteFile) -> StoredText:
    """The cookie that remembers the choice itself, which every site has."""
    return StoredText(
        "consent",
        "",
        lifetime(Lifetime(amount=site_file.asking.months, unit="month")),
        gettext(
            "Remembers what you accepted and rejected, so that you are not asked on every page."
        ),
    )


def own_storage(site_file: SiteFile) -> StoredText:
    """What the browser's local storage holds of a decision that could not be sent yet."""
    return StoredText(
        f"consent-{site_file.site.key}",
        STORAGE_KINDS["local"],
        gettext("until it has been sent"),
        gettext("Keeps your choice in local storage while the server cannot be reached."),
    )


def hits_sentence(site_file: SiteFile) -> str:
    """What the notice says of counting page views, as the site file has it."""
    found: dict[str, str] = {
        "always": gettext(
            "Page views are counted without cookies. Nothing is stored or read in your browser, no IP address is "
            "kept, and the counts identify nobody. Browsers that ask not to be tracked are not counted."
        ),
        "analytics": gettext(
            "Page views are counted only after you accept statistics. No IP address is kept, and the counts "
            "identify nobody."
        ),
        "never": gettext("Page views are not counted."),
    }
    return found[site_file.hits.when]


def lifetime(value: Lifetime) -> str:
    """`2 years` in the language in force."""
    # Not Babel's units: in several languages they lack words (`13 duration-day`).
    amount = value.amount
    found: dict[str, str] = {
        "session": gettext("until the browser is closed"),
        "minute": ngettext("%(num)s minute", "%(num)s minutes", amount),
        "hour": ngettext("%(num)s hour", "%(num)s hours", amount),
        "day": ngettext("%(num)s day", "%(num)s days", amount),
        "week": ngettext("%(num)s week", "%(num)s weeks", amount),
        "month": ngettext("%(num)s month", "%(num)s months", amount),
        "year": ngettext("%(num)s year", "%(num)s years", amount),
    }
    return found[value.unit]
