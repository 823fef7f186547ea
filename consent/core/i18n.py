"""Which languages there are, and how one is chosen for a request."""

from collections.abc import Iterable
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from babel.dates import format_skeleton
from flask import Flask, g, request
from flask_babel import Babel, format_date, format_number, format_percent, get_locale, gettext

from consent.core.catalogues import ALIASES, CATALOGUES
from consent.core.choices import STAFF_LANGUAGES as STAFF_LANGUAGES
from consent.core.paths import TRANSLATIONS

babel = Babel()


def init_app(app: Flask) -> None:
    missing = [
        name
        for name in CATALOGUES
        if not (TRANSLATIONS / name / "LC_MESSAGES/messages.mo").is_file()
    ]
    if missing:
        raise RuntimeError(
            f"The catalogues of {', '.join(missing)} are not compiled. Run `python compile_catalogues.py`."
        )
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    babel.init_app(
        app,
        locale_selector=lambda: g.get("language", "en"),
        timezone_selector=lambda: g.get("timezone"),
    )
    app.jinja_env.filters["country"] = country
    app.jinja_env.filters["numberformat"] = format_number
    app.jinja_env.filters["percentformat"] = format_percent
    app.jinja_env.filters["signed"] = signed
    app.jinja_env.filters["signed_percent"] = signed_percent
    app.jinja_env.filters["isodate"] = lambda day: format_date(date.fromisoformat(day), "medium")
    app.jinja_env.filters["language_name"] = language_name
    app.jinja_env.filters["device_name"] = device
    app.jinja_env.filters["spoken_name"] = spoken
    app.jinja_env.globals["text_direction"] = lambda language: Locale.parse(language).text_direction


# Where Unicode's own data mean a language's larger half elsewhere.
EUROPEAN = {"pt": "pt_PT"}


def choose(languages: Iterable[str]) -> str:
    """The best of `languages` for this request: `?lang=`, then the browser's wish, then the first."""
    offered = list(languages)
    wished = [request.args.get("lang", ""), *request.accept_languages.values()]
    found = negotiate_locale(
        [ALIASES.get(tag.lower(), tag) for tag in wished if tag], offered, sep="-", aliases=ALIASES
    )
    g.language = found or offered[0]
    return str(g.language)


def signed(value: int) -> str:
    return f"{value:+}".replace("-", "\N{MINUS SIGN}")


def signed_percent(value: float) -> str:
    sign = "+" if value >= 0 else "\N{MINUS SIGN}"
    return sign + str(format_percent(abs(value)))


def device(kind: str) -> str:
    """A kind of device in the language in force."""
    names: dict[str, str] = {
        "phone": gettext("Phone"),
        "tablet": gettext("Tablet"),
        "desktop": gettext("Computer"),
        "other": gettext("Other"),
    }
    return names.get(kind, kind)


def spoken(code: str) -> str:
    """A language's name in the language in force."""
    name = Locale.parse(str(get_locale())).languages.get(code)
    return str(name).capitalize() if name else gettext("Unknown")


def language_name(code: str) -> str:
    """A language's name in itself. What is no language stays: a draft may name anything as one."""
    try:
        return str(Locale.parse(code).get_display_name()).capitalize()
    except (ValueError, UnknownLocaleError):
        return code


def short_day(day: date) -> str:
    """A day without its year, in the language in force."""
    return str(format_skeleton("MMMd", day, locale=get_locale()))


def country(code: str) -> str:
    """A country's name in the language in force; 001 is the world."""
    return country_in(code, str(get_locale()))


def country_in(code: str, language: str) -> str:
    for each in (EUROPEAN.get(language, language), "en"):
        if name := Locale.parse(each).territories.get(code):
            return str(name)
    return code
