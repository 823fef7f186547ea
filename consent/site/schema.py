"""The site file: TOML, read into typed objects.

A site file says all about a site, is kept under version control by its owner, and is the source of
truth. `parse` either returns a `SiteFile` or raises `SiteFileError` with every mistake at once, each
with its line, its key and its mend, in the language in force. Knows neither database nor HTTP.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from consent.core import extras
from consent.core.catalogues import gettext
from consent.site import known_services, mistakes, toml_lines
from consent.site.looks import Looks
from consent.site.mistakes import Mistake
from consent.site.toml_lines import Path
from consent.site.values import (
    KEY,
    CookieLifetime,
    CookieName,
    Country,
    Email,
    HostName,
    Language,
    Lifetime,
    Name,
    Origin,
    PagePath,
    Period,
    StorageName,
    Text,
    Timezone,
    WebAddress,
    closest,
    known,
    no_purpose,
    once,
    unique,
    variable,
    wrong,
)

NECESSARY = "necessary"
# Purposes whose titles and descriptions the catalogues hold; a site may override both.
STANDARD_PURPOSES = (NECESSARY, "preferences", "analytics", "marketing")

ConsentType = Literal[
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
]
# Google's consent types by the purpose that they follow where the site file does not say otherwise.
CONSENT_TYPES: dict[str, list[ConsentType]] = {
    "preferences": ["functionality_storage", "personalization_storage"],
    "analytics": ["analytics_storage"],
    "marketing": ["ad_storage", "ad_user_data", "ad_personalization"],
}
# The signal that services under these keys obey where the site file does not say otherwise.
KNOWN_SIGNALS = {
    "google": (
        "google-analytics",
        "google-analytics-4",
        "ga4",
        "google-ads",
        "google-tag",
        "google-tag-manager",
        "gtag",
        "gtm",
        "floodlight",
        "doubleclick",
    ),
    "meta": ("meta-pixel", "meta", "facebook-pixel", "facebook"),
    "uet": ("microsoft-ads", "microsoft-advertising", "microsoft-uet", "bing-ads", "uet"),
    "clarity": ("microsoft-clarity", "clarity"),
}


# Kinds of storage besides cookies, and what they are called in a browser.
StorageKind = Literal["local", "session", "indexeddb", "cache"]
STORAGE_KINDS: dict[StorageKind, str] = {
    "local": "localStorage",
    "session": "sessionStorage",
    "indexeddb": "IndexedDB",
    "cache": "CacheStorage",
}

CampaignParameter = Literal["utm_campaign", "utm_source", "utm_medium", "utm_term", "utm_content"]
# The dimension in which each is counted.
CAMPAIGN_PARAMETERS: dict[str, str] = {
    parameter: parameter.removeprefix("utm_") for parameter in get_args(CampaignParameter)
}


class SiteFileError(Exception):
    def __init__(self, found: list[Mistake]) -> None:
        super().__init__(f"{len(found)} mistakes in the site file")
        self.mistakes = found


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteTable(Part):
    key: Annotated[str, Field(pattern=KEY, max_length=40)]
    name: Name
    # Scheme, host and port of each website that may send decisions and hits for this site.
    origins: Annotated[list[Origin], Field(min_length=1), AfterValidator(once)]
    # The first one is the default.
    languages: Annotated[list[Language], Field(min_length=1), AfterValidator(once)]
    timezone: Timezone = "Europe/Oslo"
    # When the owner last changed what the notice says.
    updated: date


class Hits(Part):
    # Aggregate audience measurement for the site's own use stores and reads nothing in the browser.
    when: Literal["always", "analytics", "never"] = "always"
    # Parameters of addresses that tell a campaign, and those of their values that are counted by name.
    campaigns: dict[CampaignParameter, list[Name]] = {}
    # Hosts that count by themselves as referrers. Of all others only the registrable domain is counted.
    subdomains: Annotated[list[HostName], AfterValidator(once)] = []
    # Whether everybody may see the visit figures.
    public: bool = False
    # Pages that they may name besides those of the site's sitemap; a path that ends in /* names all below it.
    public_pages: Annotated[list[PagePath], AfterValidator(once)] = []
    # Noise for the visit figures: epsilon, what all of them together may tell of one page view.
    noise: Annotated[float, Field(gt=0, le=100)] | None = None

    @cached_property
    def named_hosts(self) -> frozenset[str]:
        return frozenset(self.subdomains)


class Asking(Part):
    # How long a choice stands, granted or refused alike. EU law in preparation forbids asking again within
    # six months of a refusal, and guidance (Datatilsynet, CNIL) takes a year for the longest.
    months: Annotated[int, Field(ge=6, le=13)] = 12
    # A script that has run cannot be stopped, and Google's tags send what happened before up to five seconds after.
    # Loading the page again ends them.
    reload_on_withdrawal: bool = False

    @property
    def seconds(self) -> int:
        """How long that is at the most, so that nobody is asked a day too early."""
        return round(self.months * 30.7 * 86400)


class Keep(Part):
    # How long the server keeps what it stores itself. A decision is evidence for as long as somebody may ask for it;
    # counters identify nobody, and CNIL takes 25 months for enough.
    decisions: Period = Lifetime(amount=5, unit="year")
    counters: Period = Lifetime(amount=25, unit="month")


class Banner(Part):
    title: Text | None = None
    text: Text | None = None


class Signals(Part):
    # Google consent mode. basic: Google's code waits for consent like any other. advanced: it is loaded before, and
    # sends messages without cookies; the notice says so. off: no signal, even where a service would obey it.
    google: Literal["basic", "advanced", "off"] = "basic"
    # The name of the data layer, where the page gives it another one.
    data_layer: Annotated[str, Field(max_length=40), AfterValidator(variable)] = "dataLayer"
    # Milliseconds that Google's tags wait for a choice to be read.
    wait_for_update: Annotated[int, Field(ge=0, le=5000)] = 500
    ads_data_redaction: bool = False
    # Puts identifiers into the page's links while storage is denied.
    url_passthrough: bool = False
    # The WordPress consent API.
    wordpress: bool = False


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
    key: Annotated[str, Field(pattern=KEY, max_length=30), AfterValidator(unique("purposes"))]
    title: Text | None = None
    description: Text | None = None
    consent_types: Annotated[list[ConsentType], AfterValidator(once)] | None = None
    # Whether it stays off, until it is agreed to by name, for a browser that sends Global Privacy Control or
    # Do Not Track. By default what serves advertising.
    opt_out_signal: bool | None = None

    @property
    def types(self) -> list[ConsentType]:
        """Google's consent types that follow this purpose."""
        if self.consent_types is None:
            return CONSENT_TYPES.get(self.key, [])
        return self.consent_types

    @property
    def is_withheld(self) -> bool:
        """Whether Global Privacy Control keeps it off. It speaks of sharing and advertising, not of all else."""
        if self.opt_out_signal is None:
            return self.key == "marketing" or any(each.startswith("ad_") for each in self.types)
        return self.opt_out_signal


class Cookie(Part):
    # A trailing * stands for any ending: _ga_*.
    name: CookieName
    lifetime: CookieLifetime
    use: Text


class Storage(Part):
    """What is stored in the browser in another way than as a cookie: an entry, a database or a cache."""

    # A * stands for whatever differs: ph_*_posthog.
    name: StorageName
    kind: StorageKind
    # None: as long as the browser keeps such storage. Some scripts delete theirs earlier.
    lifetime: CookieLifetime | None = None
    use: Text


def _known_service(value: str) -> str:
    raise wrong(
        "There is no known service %(value)s. `consent services` lists them.",
        closest(value, known_services.names()),
        value=repr(value),
    )


class Service(Part):
    # A known service's name, in whose place the file has its description by the time it is validated.
    use: Annotated[str | None, AfterValidator(_known_service)] = Field(default=None, exclude=True)
    key: Annotated[
        str,
        Field(pattern=KEY, max_length=40),
        AfterValidator(unique("services")),
        AfterValidator(no_purpose),
    ]
    name: Name
    purpose: Annotated[str, AfterValidator(known("purposes"))]
    processor: Annotated[str, AfterValidator(known("processors"))]
    description: Text
    privacy_policy: WebAddress | None = None
    opt_out: WebAddress | None = None
    signal: Literal["google", "meta", "uet", "clarity", "none"] | None = None
    cookies: list[Cookie] = []
    storage: list[Storage] = []

    @property
    def obeys(self) -> str:
        """The consent signal that this service listens to, or `none`."""
        found = (signal for signal, keys in KNOWN_SIGNALS.items() if self.key in keys)
        return self.signal or next(found, "none")


class DataKind(Part):
    what: Text
    whose: Text
    why: Text
    note: Text | None = None


class Link(Part):
    title: Text
    address: WebAddress


class Processor(Part):
    key: Annotated[str, Field(pattern=KEY, max_length=40), AfterValidator(unique("processors"))]
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
    keep: Keep = Keep()
    banner: Banner = Banner()
    looks: Looks = Looks()
    signals: Signals = Signals()
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

    @cached_property
    def asked_purposes(self) -> list[str]:
        """Keys of the purposes that need consent, in the order of the file."""
        return [purpose.key for purpose in self.purposes if purpose.key != NECESSARY]

    @cached_property
    def withheld_purposes(self) -> list[str]:
        """Keys of the purposes that stay off for a browser that asks not to be tracked."""
        return [
            purpose.key
            for purpose in self.purposes
            if purpose.key != NECESSARY and purpose.is_withheld
        ]

    @cached_property
    def asked_services(self) -> frozenset[str]:
        """Keys of the services whose purpose needs consent."""
        return frozenset(each.key for each in self.services if each.purpose != NECESSARY)

    @cached_property
    def purpose_of(self) -> dict[str, str]:
        """The purpose of each service, both by key."""
        return {each.key: each.purpose for each in self.services}

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)

    def services_of(self, purpose: str) -> list[Service]:
        return [service for service in self.services if service.purpose == purpose]

    def processor(self, key: str) -> Processor:
        return next(processor for processor in self.processors if processor.key == key)


def parse(source: str) -> SiteFile:
    """The site file in `source`. Raises SiteFileError with all its mistakes."""
    try:
        raw = known_services.expand(toml_lines.loads(source))
    except tomllib.TOMLDecodeError as error:
        raise SiteFileError([mistakes.of_syntax(error, source)]) from None
    except RecursionError:
        raise SiteFileError(
            [Mistake(1, (), gettext("Lists or tables are nested too deeply for a site file."))]
        ) from None
    lines = toml_lines.Lines(source)
    try:
        parsed = SiteFile.model_validate(raw, context=context_of(raw))
    except ValidationError as error:
        found = [mistakes.of_validation(each, raw, lines, SiteFile) for each in error.errors()]
    else:
        found = []
    found += [
        Mistake(lines.of(path), path, message)
        for path, message in (
            *_own_purposes(raw),
            *_hits_without_purpose(raw),
            *_types_twice(raw),
            *_kept_too_short(raw),
            *_noise_without_library(raw),
            *_unseen_characters(raw),
        )
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


def json_schema() -> dict[str, Any]:
    """What a site file may say, as JSON Schema 2020-12, so that editors complete and check it."""
    schema = SiteFile.model_json_schema(mode="validation")
    service = schema["$defs"]["Service"]
    service["properties"]["use"] = {
        "enum": known_services.names(),
        "description": "A known service. What else the table says replaces what is known of it.",
    }
    service["anyOf"] = [{"required": ["use"]}, {"required": service.pop("required")}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Site file of Samtykke",
        **schema,
    }


def whole(site_file: SiteFile) -> dict[str, Any]:
    """All that it says, defaults too."""
    return site_file.model_dump(mode="json")


def context_of(raw: dict[str, Any]) -> dict[str, Any]:
    site = raw.get("site")
    languages = site.get("languages", []) if isinstance(site, dict) else []
    return {
        # Some only, since each text that lacks them says which.
        "languages": list(dict.fromkeys(each for each in languages if isinstance(each, str)))[:50]
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


# What cannot be seen: NUL and other controls but tabs and ends of lines; and what turns the direction of writing around
# for all that follows (Unicode TR36, section 2.5), so that one text is read as another.
UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u202d\u202e]")


def _unseen_characters(raw: Any, path: Path = ()) -> Iterable[tuple[Path, str]]:
    if isinstance(raw, str):
        if found := UNSEEN.search(raw):
            yield (
                path,
                gettext(
                    "This has an invisible character, which may change how the rest is read: "
                    "%(character)s. Remove it.",
                    character=f"U+{ord(found[0]):04X}",
                ),
            )
    elif isinstance(raw, dict):
        for key, value in raw.items():
            yield from _unseen_characters(value, (*path, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _unseen_characters(value, (*path, index))


def _own_purposes(raw: dict[str, Any]) -> Iterable[tuple[Path, str]]:
    for index, purpose in enumerate(_tables(raw, "purposes")):
        if purpose.get("key") in STANDARD_PURPOSES or not isinstance(purpose.get("key"), str):
            continue
        for name in ("title", "description"):
            if name not in purpose:
                yield (
                    ("purposes", index, name),
                    gettext(
                        "A purpose of your own needs a %(name)s. Add %(name)s, or use one of %(standard)s.",
                        name=name,
                        standard=", ".join(STANDARD_PURPOSES),
                    ),
                )


def _hits_without_purpose(raw: dict[str, Any]) -> Iterable[tuple[Path, str]]:
    hits = raw.get("hits")
    if (
        isinstance(hits, dict)
        and hits.get("when") == "analytics"
        and "analytics" not in _keys(raw, "purposes")
    ):
        yield (
            ("hits", "when"),
            gettext(
                "This needs a purpose analytics, which visitors can accept. Add one, or write always or never."
            ),
        )


def _noise_without_library(raw: dict[str, Any]) -> Iterable[tuple[Path, str]]:
    hits = raw.get("hits")
    if isinstance(hits, dict) and "noise" in hits and not extras.is_installed("noise"):
        yield (
            ("hits", "noise"),
            gettext(
                "Noise needs OpenDP. Install it with `pip install 'samtykke[noise]'`, or leave this out."
            ),
        )


def _kept_too_short(raw: dict[str, Any]) -> Iterable[tuple[Path, str]]:
    try:
        keep = Keep.model_validate(raw.get("keep", {}))
        months = Asking.model_validate(raw.get("asking", {})).months
    except ValidationError:
        return  # said already
    if keep.decisions.days < Lifetime(amount=months, unit="month").days:
        yield (
            ("keep", "decisions"),
            gettext(
                "A choice is valid for %(months)s months, and you must be able to prove it that "
                "long. Keep decisions at least as long.",
                months=months,
            ),
        )


def _types_twice(raw: dict[str, Any]) -> Iterable[tuple[Path, str]]:
    followed: dict[str, str] = {}
    for index, purpose in enumerate(_tables(raw, "purposes")):
        key = str(purpose.get("key"))
        types = purpose.get("consent_types", CONSENT_TYPES.get(key, []))
        for consent_type in types if isinstance(types, list) else []:
            first = followed.setdefault(str(consent_type), key)
            if first != key:
                yield (
                    ("purposes", index, "consent_types"),
                    gettext(
                        "%(type)s follows %(first)s already, and can follow only one purpose. "
                        "Give consent_types to both, each type to one of them.",
                        type=consent_type,
                        first=first,
                    ),
                )
