"""The catalogues of translated texts, and texts from them, for what runs without Flask too."""

import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

from babel.support import NullTranslations, Translations

from consent.core.paths import TRANSLATIONS

# Every language with a catalogue: what a site file may name. English is what the sources are written in.
CATALOGUES = tuple(
    sorted(path.name for path in TRANSLATIONS.iterdir() if (path / "LC_MESSAGES").is_dir())
)
# What browsers and pages write, and what it means here.
ALIASES = {"no": "nb"}


def gettext(text: str, **values: Any) -> str:
    """A text in the language of the request. In English where nothing has loaded Flask, as in most commands."""
    if "flask_babel" not in sys.modules:
        return text % values if values else text
    from flask_babel import gettext as translated

    return str(translated(text, **values))


def gettext_noop(text: str) -> str:
    """Marks a text for the catalogues, where it is not to be translated yet."""
    return text


def in_languages(text: str, languages: Iterable[str]) -> dict[str, str]:
    """A text of the catalogues in each language, as a site file has it. English where there is no catalogue."""
    return {
        # A site file may name anything as a language, until its mistakes are mended.
        language: _catalogue(language).gettext(text) if language in CATALOGUES else text
        for language in languages
    }


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(TRANSLATIONS, [language])
