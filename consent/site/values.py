"""The kinds of values that a site file holds, and what is said of those that are none, in the language in force.

Checks that need more than the value itself (is there such a purpose?) take it from the validation's context,
which `sitefile` fills from the raw file before anything is validated, so that one mistake never hides another.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import Locale
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic import ValidationInfo as Info
from pydantic_core import PydanticCustomError

from consent.core.catalogues import CATALOGUES, gettext, gettext_noop

# A dot with something on either side of it. There is one way to read any text, so that none takes long.
EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>][^@\s<>.]*\.[^@\s<>]+")
# Days. Nobody keeps data for longer.
LONGEST = 36_600
# Characters of a word that may be meant for another. To compare two takes time with the square of their length.
LONGEST_WORD = 60
# Keys that are named, where one is none of them.
MOST_NAMED = 100
KEY = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
NAME = r"^[^\x00-\x1f\x7f]+$"
COOKIE_NAME = r"^[^\s;,=*]+\*?$"
# What stands between the stars has to say something.
STORAGE_NAME = r"^[^\x00-\x1f\x7f]*[^*\x00-\x1f\x7f]{2}[^\x00-\x1f\x7f]*$"
# What is said where a pattern does not match.
FORMS = {
    KEY: gettext_noop(
        "This must be lower-case letters (a-z) and digits, with hyphens only between them: my-shop."
    ),
    NAME: gettext_noop("This must be on one line, without tabs or other invisible characters."),
    COOKIE_NAME: gettext_noop(
        "This must be the name of a cookie, without spaces and without ; , or =. A * is allowed "
        "only at the end, and matches any ending: _ga_*."
    ),
    STORAGE_NAME: gettext_noop(
        "This must be the name of the entry in the browser. A * matches any text: ph_*_posthog."
    ),
}
A_TEXT = gettext_noop('This must be a text, such as "example".')
UNKNOWN = {
    "purposes": gettext_noop(
        "%(value)s is not among the purposes of this file. Write one of: %(known)s."
    ),
    "processors": gettext_noop(
        "%(value)s is not among the processors of this file. Write one of: %(known)s."
    ),
}
TWICE = {
    "purposes": gettext_noop(
        "The key %(value)s is used more than once among the purposes. Give each its own."
    ),
    "services": gettext_noop(
        "The key %(value)s is used more than once among the services. Give each its own."
    ),
    "processors": gettext_noop(
        "The key %(value)s is used more than once among the processors. Give each its own."
    ),
}
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


def wrong(message: str, meant: str = "", **values: Any) -> PydanticCustomError:
    # Without a context of its own, pydantic leaves braces in the values alone.
    return PydanticCustomError("site_file", said(message, meant, **values))


def said(message: str, meant: str = "", **values: Any) -> str:
    """The message in the language in force, and after it the question whether a word was meant."""
    text = str(gettext(message, **values))
    if not meant:
        return text
    question = gettext("Did you mean %(word)s?", word=meant)
    return f"{text} {question}"


def closest(value: str, known: Iterable[str]) -> str:
    """The one of the known words that `value` is probably meant to be; empty where none is like it."""
    if len(value) > LONGEST_WORD:
        return ""
    short = [each for each in known if len(each) <= LONGEST_WORD]
    return next(iter(difflib.get_close_matches(value, short, n=1)), "")


def _in_every_language(value: Any, info: Info) -> Any:
    languages = _context(info, "languages")
    if not isinstance(value, dict):
        if len(languages) > 1:
            keys = ", ".join(f"{info.field_name}.{language}" for language in languages)
            raise wrong(
                "This text is needed in each language of the site. Add %(keys)s.",
                keys=keys,
            )
        if not isinstance(value, str):
            raise wrong(A_TEXT)
        return dict.fromkeys(languages, value)
    if missing := [each for each in languages if not str(value.get(each) or "").strip()]:
        raise wrong(
            "The text is missing in %(missing)s. Add %(keys)s.",
            missing=", ".join(missing),
            keys=", ".join(f"{info.field_name}.{language}" for language in missing),
        )
    if extra := [language for language in value if language not in languages]:
        raise wrong(
            "%(extra)s is not a language of this site. Add it to site.languages, or remove the text.",
            extra=", ".join(extra),
        )
    return value


def known(kind: str) -> Callable[[str, Info], str]:
    def check(value: str, info: Info) -> str:
        there_are = _context(info, kind)
        if not there_are:
            # Of purposes there is always one, necessary.
            raise wrong(
                "This file has no processors yet. Add one with the key %(value)s.",
                value=repr(value),
            )
        if value not in there_are:
            # Some only: many such mistakes would each name all of them.
            some = sorted(islice(there_are, MOST_NAMED))
            listed, meant = ", ".join(some), closest(value, some)
            raise wrong(UNKNOWN[kind], meant, value=repr(value), known=listed)
        return value

    return check


def unique(kind: str) -> Callable[[str, Info], str]:
    def check(value: str, info: Info) -> str:
        if _context(info, kind)[value] > 1:
            raise wrong(TWICE[kind], value=repr(value))
        # Every JavaScript object has it, so that the script would find it among choices that were never made.
        if value == "constructor":
            raise wrong(
                "The key %(value)s has a meaning in scripts. Use another key.", value=repr(value)
            )
        return value

    return check


def no_purpose(value: str, info: Info) -> str:
    """A key that no purpose has: choices of purposes and of services lie side by side in the browser."""
    if value in _context(info, "purposes"):
        raise wrong(
            "%(value)s is already the key of a purpose. Use another key here.",
            value=repr(value),
        )
    return value


def _context(info: Info, name: str) -> Any:
    return (info.context or {}).get(name, Counter())


def _language(value: str) -> str:
    if value not in CATALOGUES:
        raise wrong(
            "The banner is not translated into %(value)s. Use some of: %(known)s.",
            value=repr(value),
            known=", ".join(CATALOGUES),
        )
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(
        r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?", value
    ):
        raise wrong(
            "%(value)s is not an origin. Write scheme and host in lower case, without a path, and "
            "a port only if it is not the default one: https://www.example.no.",
            value=repr(value),
        )
    if re.fullmatch(r"http:.*:80|https:.*:443", value):
        raise wrong(
            "Browsers leave out the default port, so %(value)s would never match. Write %(mend)s.",
            value=repr(value),
            mend=value.rpartition(":")[0],
        )
    return value


# Labels of a host's name (RFC 1123, section 2.1), in the small letters in which browsers send it.
LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# An address in which a host is looked for.
LONGEST_ADDRESS = 500
HOST_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{LABEL}\.)*(?!\d+$){LABEL}")


def _host_name(value: str) -> str:
    if not HOST_NAME.fullmatch(value):
        raise wrong(
            "%(value)s is not a host name. Write it in lower case, without scheme, port or path: "
            "news.example.com.",
            _host_in(value),
            value=repr(value),
        )
    return value


def _host_in(value: str) -> str:
    """The host that an address or a name in another writing means; empty where there is none."""
    if len(value) > LONGEST_ADDRESS:
        return ""
    try:
        host = urlsplit(value if "//" in value else f"//{value}").hostname or ""
        # In ASCII, as browsers send it (RFC 3490).
        name = host.removesuffix(".").encode("idna").decode()
    except ValueError:
        return ""
    return name if HOST_NAME.fullmatch(name) else ""


def _page_path(value: str) -> str:
    if not re.fullmatch(r"/[^?#;*\s]*|/(?:[^?#;*\s]*/)?\*", value):
        raise wrong(
            "%(value)s is not the path of a page. Write it from its first slash, without a query: "
            "/products/cups. A * may only follow the last slash, and matches every page below: "
            "/products/*.",
            _path_in(value),
            value=repr(value),
        )
    return value


def _path_in(address: str) -> str:
    """The path in a whole address; empty where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.path if parts.netloc else ""


def once(values: list[str]) -> list[str]:
    if twice := [value for value, count in Counter(values).items() if count > 1]:
        raise wrong("%(twice)s is here more than once. Write it once.", twice=", ".join(twice))
    return values


def variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", value, re.ASCII):
        raise wrong(
            "%(value)s is not the name of a variable in a script. Write it as the page has it: dataLayer.",
            value=repr(value),
        )
    return value


def _cookie_name(value: str) -> str:
    if value == "consent" or (value.endswith("*") and "consent".startswith(value[:-1])):
        raise wrong(
            "%(value)s also matches the cookie that remembers the choice, which would then be "
            "deleted. Name only the service's own cookies.",
            value=repr(value),
        )
    return value


@cache
def _timezones() -> set[str]:
    """Those that the machine has. They are looked for in its files, which takes longer than all else of a site file."""
    return available_timezones()


def _timezone(value: str) -> str:
    if value not in _timezones():
        raise wrong(
            "%(value)s is not a time zone. Write a name such as Europe/Oslo.", value=repr(value)
        )
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", value):
        raise wrong(
            "%(value)s is not a web address. Write the full address: https://….", value=repr(value)
        )
    return value


def _email(value: str) -> str:
    if not EMAIL.fullmatch(value):
        raise wrong("%(value)s is not an e-mail address.", value=repr(value))
    return value


def _country(value: str) -> str:
    if value not in TERRITORIES:
        raise wrong(
            "%(value)s is not a country code. Write two capital letters (NO, IE, US), EU for the "
            "European Union or 001 for the whole world.",
            value=repr(value),
        )
    return value


class Lifetime(BaseModel):
    """How long a cookie lives: an amount of a unit, or the browser session."""

    amount: Annotated[int, Field(ge=0)]
    unit: Literal["session", "minute", "hour", "day", "week", "month", "year"]

    @property
    def written(self) -> str:
        """As a site file has it: `90 days`."""
        if self.unit == "session":
            return self.unit
        return f"{self.amount} {self.unit}{'s' if self.amount != 1 else ''}"

    @property
    def days(self) -> int:
        """Whole days. Months and years are taken as long as the longest."""
        return self.amount * {"day": 1, "week": 7, "month": 31, "year": 366}.get(self.unit, 0)


def _lifetime(value: Any) -> Any:
    # A table is how a version stores it.
    if isinstance(value, Lifetime | dict):
        return value
    if value == "session":
        return Lifetime(amount=0, unit="session")
    match = re.fullmatch(r"(\d{1,9}) (minute|hour|day|week|month|year)s?", str(value))
    if not match:
        raise wrong(
            "%(value)s is not a lifetime. Write session, or a number and a unit: 30 minutes, 90 days, 2 years.",
            value=repr(str(value)),
        )
    return Lifetime.model_validate({"amount": int(match[1]), "unit": match[2]})


def _whole_days(value: Lifetime) -> Lifetime:
    if value.days < 1:
        raise wrong("This must be at least one day: 90 days, 25 months, 5 years.")
    if value.days > LONGEST:
        raise wrong("This is longer than a hundred years.")
    return value


Text = Annotated[
    dict[str, str],
    BeforeValidator(_in_every_language),
    # In a site of one language a string will do.
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "propertyNames": {"enum": list(CATALOGUES)},
                    "additionalProperties": {"type": "string"},
                },
            ]
        }
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=NAME)]
Origin = Annotated[str, AfterValidator(_origin)]
HostName = Annotated[str, AfterValidator(_host_name)]
PagePath = Annotated[str, Field(max_length=300), AfterValidator(_page_path)]
Language = Annotated[str, AfterValidator(_language)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Email = Annotated[str, AfterValidator(_email)]
Country = Annotated[str, AfterValidator(_country)]
CookieName = Annotated[
    str, Field(pattern=COOKIE_NAME, max_length=100), AfterValidator(_cookie_name)
]
StorageName = Annotated[str, Field(pattern=STORAGE_NAME, max_length=200)]
Timezone = Annotated[str, AfterValidator(_timezone)]
CookieLifetime = Annotated[
    Lifetime,
    BeforeValidator(_lifetime),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(session|\d{1,9} (minute|hour|day|week|month|year)s?)$",
            "examples": ["session", "90 days", "2 years"],
        }
    ),
]
Period = Annotated[CookieLifetime, AfterValidator(_whole_days)]
