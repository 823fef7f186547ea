"""The site file: TOML, read into typed objects.

A site file says all about a site, is kept under version control by its owner, and is the source of
truth. `parse` either returns a `SiteFile` or raises `SiteFileError` with every mistake at once, each
with its line, its key and its mend. Knows neither database nor HTTP.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import ValidationInfo as Info
from pydantic_core import PydanticCustomError

from consent import mistakes, tomllines
from consent.i18n import CATALOGUES
from consent.mistakes import Mistake

NECESSARY = "necessary"
# Purposes whose titles and descriptions the catalogues hold; a site may override both.
STANDARD_PURPOSES = (NECESSARY, "preferences", "analytics", "marketing")
# ISO 3166 codes, and the groups that make sense as a place of data.
TERRITORIES = {
    code for code in map(str, Locale("en").territories) if re.fullmatch(r"[A-Z]{2}", code)
} - {
    "ZZ",
    "XA",
    "XB",
    "QO",
    "UN",
    "EZ",
} | {"001"}
KEY = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"


class SiteFileError(Exception):
    def __init__(self, found: list[Mistake]) -> None:
        super().__init__(f"{len(found)} mistakes in the site file")
        self.mistakes = found


def wrong(message: str, **values: Any) -> PydanticCustomError:
    # The message type asks for a literal string; ours are, and their braces are filled by pydantic.
    return PydanticCustomError("site_file", message, values)


# Checks that need more than the value itself. The context is taken from the raw file before anything is
# validated, so that one mistake never hides another.


def _in_every_language(value: Any, info: Info) -> Any:
    languages = _context(info, "languages")
    if isinstance(value, str):
        if len(languages) > 1:
            raise wrong(
                "This text is needed in each language of the site. Write one line for each: {lines}.",
                lines=", ".join(f"{info.field_name}.{language} = …" for language in languages),
            )
        return dict.fromkeys(languages, value)
    if isinstance(value, dict):
        if missing := [language for language in languages if not value.get(language)]:
            raise wrong(
                "The text is missing in {missing}. Add {lines}.",
                missing=", ".join(missing),
                lines=", ".join(f"{info.field_name}.{language} = …" for language in missing),
            )
        if extra := [language for language in value if language not in languages]:
            raise wrong(
                "{extra} is no language of this site. Add it to site.languages, or remove the text.",
                extra=", ".join(extra),
            )
    return value


def _known(kind: str) -> Callable[[str, Info], str]:
    def check(value: str, info: Info) -> str:
        known = _context(info, kind)
        if value not in known:
            raise wrong(
                "{value} is not among the {kind} of this file{hint}. Write one of: {known}.",
                value=repr(value),
                kind=kind,
                hint=mistakes.did_you_mean(value, known),
                known=", ".join(sorted(known)) or "(there are none yet)",
            )
        return value

    return check


def _unique(kind: str) -> Callable[[str, Info], str]:
    def check(value: str, info: Info) -> str:
        if _context(info, kind)[value] > 1:
            raise wrong(
                "The key {value} is used more than once among the {kind}. Give each its own.",
                value=repr(value),
                kind=kind,
            )
        return value

    return check


def _context(info: Info, name: str) -> Any:
    return (info.context or {}).get(name, Counter())


def _language(value: str) -> str:
    if value not in CATALOGUES:
        raise wrong(
            "There is no translation of the banner for {value}. Write some of: {known}.",
            value=repr(value),
            known=", ".join(CATALOGUES),
        )
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(
        r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?", value
    ):
        raise wrong(
            "{value} is no origin. Write scheme and host in lower case, and a port only where it is not the "
            "usual one, without a path: https://www.example.no.",
            value=repr(value),
        )
    return value


def _once(values: list[str]) -> list[str]:
    if twice := [value for value, count in Counter(values).items() if count > 1]:
        raise wrong("{twice} stands here more than once. Write it once.", twice=", ".join(twice))
    return values


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise wrong("{value} is no time zone. Write a name such as Europe/Oslo.", value=repr(value))
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", value):
        raise wrong("{value} is no web address. Write it whole: https://….", value=repr(value))
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise wrong("{value} is no e-mail address.", value=repr(value))
    return value


def _country(value: str) -> str:
    if value not in TERRITORIES:
        raise wrong(
            "{value} is no country code. Write two capital letters (NO, IE, US), EU for the European Union "
            "or 001 for the whole world.",
            value=repr(value),
        )
    return value


class Lifetime(BaseModel):
    """How long a cookie lives: an amount of a unit, or the browser session."""

    amount: int
    unit: Literal["session", "minute", "hour", "day", "week", "month", "year"]


def _lifetime(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value == "session":
        return Lifetime(amount=0, unit="session")
    match = re.fullmatch(r"(\d+) (minute|hour|day|week|month|year)s?", value)
    if not match:
        raise wrong(
            "{value} is no lifetime. Write session, or a number and a unit: 30 minutes, 90 days, 2 years.",
            value=repr(value),
        )
    return Lifetime.model_validate({"amount": int(match[1]), "unit": match[2]})


Text = Annotated[dict[str, str], BeforeValidator(_in_every_language)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Origin = Annotated[str, AfterValidator(_origin)]
Language = Annotated[str, AfterValidator(_language)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Email = Annotated[str, AfterValidator(_email)]
Country = Annotated[str, AfterValidator(_country)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteTable(Part):
    key: Annotated[str, Field(pattern=KEY, max_length=40)]
    name: Name
    # Scheme, host and port of each website that may send decisions and hits for this site.
    origins: Annotated[list[Origin], Field(min_length=1), AfterValidator(_once)]
    # The first one is the default.
    languages: Annotated[list[Language], Field(min_length=1), AfterValidator(_once)]
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Oslo"
    # When the owner last changed what the notice says.
    updated: date


class Hits(Part):
    # Aggregate audience measurement for the site's own use stores and reads nothing in the browser.
    when: Literal["always", "analytics", "never"] = "always"


class Asking(Part):
    # How long a choice stands, granted or refused alike. EU law in preparation forbids asking again within
    # six months of a refusal, and guidance (Datatilsynet, CNIL) takes a year for the longest.
    months: Annotated[int, Field(ge=6, le=13)] = 12


class Banner(Part):
    title: Text | None = None
    text: Text | None = None


class Contact(Part):
    name: Name
    title: Text | None = None
    address: Name | None = None
    email: Email
    phone: Name | None = None


class Authority(Part):
    name: Name
    address: WebAddress
    text: Text


class Purpose(Part):
    key: Annotated[str, Field(pattern=KEY, max_length=30), AfterValidator(_unique("purposes"))]
    title: Text | None = None
    description: Text | None = None


class Cookie(Part):
    # A trailing * stands for any ending: _ga_*.
    name: Annotated[str, Field(pattern=r"^[^\s;,=*]+\*?$", max_length=100)]
    lifetime: Annotated[Lifetime, BeforeValidator(_lifetime)]
    use: Text


class Service(Part):
    key: Annotated[str, Field(pattern=KEY, max_length=40), AfterValidator(_unique("services"))]
    name: Name
    purpose: Annotated[str, AfterValidator(_known("purposes"))]
    processor: Annotated[str, AfterValidator(_known("processors"))]
    description: Text
    privacy_policy: WebAddress | None = None
    opt_out: WebAddress | None = None
    cookies: list[Cookie] = []


class DataKind(Part):
    what: Text
    whose: Text
    why: Text
    note: Text | None = None


class Link(Part):
    title: Text
    address: WebAddress


class Processor(Part):
    key: Annotated[str, Field(pattern=KEY, max_length=40), AfterValidator(_unique("processors"))]
    name: Name
    # Where the data are. Empty where the owner does not know.
    countries: list[Country] = []
    # Where the company sits, if that is not where the data are.
    seat: Country | None = None
    task: Text
    note: Text
    links: list[Link] = []


class Retention(Part):
    what: Text
    period: Text


class Statement(Part):
    """A chapter's point: a right, a safeguard, or another promise."""

    key: Annotated[str, Field(pattern=KEY, max_length=40)]
    title: Text
    text: Text


class Sources(Part):
    text: Text
    names: list[Name]


class SiteFile(Part):
    site: SiteTable
    hits: Hits = Hits()
    asking: Asking = Asking()
    banner: Banner = Banner()
    introduction: Text
    controller: Contact
    dpo: Contact | None = None
    authority: Authority | None = None
    purposes: Annotated[list[Purpose], Field(min_length=1)]
    services: list[Service] = []
    data: Annotated[list[DataKind], Field(min_length=1)]
    sources: Sources | None = None
    processors: list[Processor] = []
    transfers: Text | None = None
    retention: Annotated[list[Retention], Field(min_length=1)]
    rights: Annotated[list[Statement], Field(min_length=1)]
    safeguards: list[Statement] = []
    statements: list[Statement] = []

    @property
    def default_language(self) -> str:
        return self.site.languages[0]

    @property
    def asked_purposes(self) -> list[str]:
        """Keys of the purposes that need consent, in the order of the file."""
        return [purpose.key for purpose in self.purposes if purpose.key != NECESSARY]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)

    def services_of(self, purpose: str) -> list[Service]:
        return [service for service in self.services if service.purpose == purpose]

    def processor(self, key: str) -> Processor:
        return next(processor for processor in self.processors if processor.key == key)


def parse(source: str) -> SiteFile:
    """The site file in `source`. Raises SiteFileError with all its mistakes."""
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise SiteFileError([mistakes.of_syntax(error, source)]) from None
    lines = tomllines.Lines(source)
    try:
        parsed = SiteFile.model_validate(raw, context=context_of(raw))
    except ValidationError as error:
        found = [mistakes.of_validation(each, raw, lines, SiteFile) for each in error.errors()]
    else:
        found = []
    found += [
        Mistake(lines.of(path), mistakes.dotted(path), message)
        for path, message in _own_purposes(raw)
    ]
    if found:
        raise SiteFileError(sorted(found, key=lambda mistake: mistake.line))
    return parsed


def load(content: dict[str, Any]) -> SiteFile:
    """The site file whose `content` a version stored."""
    return SiteFile.model_validate(content, context=context_of(content))


def content(site_file: SiteFile) -> dict[str, Any]:
    """What a version stores, and what its hash is taken over: what was written, not the defaults."""
    return site_file.model_dump(mode="json", exclude_unset=True)


def context_of(raw: dict[str, Any]) -> dict[str, Any]:
    site = raw.get("site")
    languages = site.get("languages", []) if isinstance(site, dict) else []
    return {
        "languages": [each for each in languages if isinstance(each, str)]
        if isinstance(languages, list)
        else [],
        # A service may serve the necessary purpose whether or not the file words it anew.
        "purposes": Counter({NECESSARY: 0, **Counter(_keys(raw, "purposes"))}),
        "services": Counter(_keys(raw, "services")),
        "processors": Counter(_keys(raw, "processors")),
    }


def _tables(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    tables = raw.get(name)
    return (
        [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    )


def _keys(raw: dict[str, Any], name: str) -> Iterable[str]:
    return [table["key"] for table in _tables(raw, name) if isinstance(table.get("key"), str)]


def _own_purposes(raw: dict[str, Any]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    for index, purpose in enumerate(_tables(raw, "purposes")):
        if purpose.get("key") in STANDARD_PURPOSES or not isinstance(purpose.get("key"), str):
            continue
        for name in ("title", "description"):
            if name not in purpose:
                yield (
                    ("purposes", index, name),
                    f"A purpose of the site's own needs a {name}. Add {name}, "
                    f"or use one of {', '.join(STANDARD_PURPOSES)}.",
                )
