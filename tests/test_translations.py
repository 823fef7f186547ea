"""Catalogues: complete, current, and with the same placeholders as the source."""

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from consent.i18n import CATALOGUES
from consent.paths import ROOT, TRANSLATIONS


def read(path, locale: str | None = None) -> Catalog:  # type: ignore[no-untyped-def]
    with path.open("rb") as source:
        return read_po(source, locale=locale)


def keys(catalogue: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, _first(message.id)) for message in catalogue if message.id}


def _first(identity: str | tuple[str, ...]) -> str:
    return identity if isinstance(identity, str) else identity[0]


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_is_complete(language: str) -> None:
    catalogue = read(TRANSLATIONS / language / "LC_MESSAGES/messages.po", language)

    assert keys(catalogue) == keys(read(ROOT / "translations/messages.pot"))
    for message in catalogue:
        if not message.id:
            continue
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(strings), message.id
        assert not message.fuzzy
        for string in strings:
            assert set(re.findall(r"%\(\w+\)s", string)) == set(
                re.findall(r"%\(\w+\)s", _first(message.id))
            )
