"""Catalogues: complete, current, with the same placeholders as the source, and short where there is little room."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale, gettext

from consent.core.catalogues import CATALOGUES
from consent.core.i18n import STAFF_LANGUAGES, country
from consent.core.paths import ROOT, TRANSLATIONS
from consent.notice import rendering
from consent.site import schema
from consent.site.values import Lifetime
from tests.factories import SHOP

# What marks a text, with the positions of its parts, as for pybabel; two are ours (i18n.py, values.py).
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_noop": None, "wrong": None}
# Norway's, the official languages of the European Union and of the other states of the EEA.
LANGUAGES = {
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "is", "it"),
    *("lt", "lv", "mt", "nb", "nl", "nn", "pl", "pt", "ro", "se", "sk", "sl", "sv"),
    # Beyond the EEA, what banners are asked for.
    *("ar", "he", "ja", "ko", "ru", "tr", "uk", "zh"),
}
# Characters. What a button holds without growing out of a phone of 320 px.
ROOM = {
    "Accept all": 20,
    "Reject all": 20,
    "Customise": 22,
    "Save choices": 24,
    "Close": 12,
    "Privacy settings": 26,
    "Withdraw consent": 26,
    "Load this once": 26,
}


def read(path: Path, locale: str | None = None) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=locale)


def catalogue(language: str) -> Catalog:
    return read(TRANSLATIONS / language / "LC_MESSAGES/messages.po", language)


def messages(found: Catalog) -> list[Message]:
    return [message for message in found if message.id]


def keys(found: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, source(message)) for message in messages(found)}


def source(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def template(language: str) -> str:
    return "messages" if language in STAFF_LANGUAGES else "visitors"


def test_there_is_one_for_every_language() -> None:
    assert set(CATALOGUES) == LANGUAGES


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_is_complete(language: str) -> None:
    found = catalogue(language)

    assert keys(found) == keys(read(TRANSLATIONS / f"{template(language)}.pot")), (
        "run make messages"
    )
    empty = [source(message) for message in messages(found) if not all(strings(message))]
    assert empty == [], f"translate them in translations/{language}/LC_MESSAGES/messages.po"
    assert [source(message) for message in messages(found) if message.fuzzy] == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_placeholders_are_those_of_the_source(language: str) -> None:
    for message in messages(catalogue(language)):
        for string in strings(message):
            assert placeholders(string) == placeholders(source(message)), string
            # What is left after them is no broken one.
            assert not re.search(r"%\(|%s", re.sub(r"%\(\w+\)s", "", string)), string


@pytest.mark.parametrize("language", CATALOGUES)
def test_each_plural_has_its_form(language: str) -> None:
    found = catalogue(language)
    for message in messages(found):
        if not isinstance(message.id, str):
            assert len(message.string) == found.num_plurals


@pytest.mark.parametrize("language", CATALOGUES)
def test_what_stands_on_a_button_fits(language: str) -> None:
    found = {source(message): strings(message)[0] for message in messages(catalogue(language))}

    assert {text: found[text] for text, room in ROOM.items() if len(found[text]) > room} == {}


@pytest.mark.parametrize("language", CATALOGUES)
def test_accepting_and_refusing_are_worded_alike(language: str) -> None:
    found = {source(message): strings(message)[0] for message in messages(catalogue(language))}
    accept, refuse = found["Accept all"], found["Reject all"]

    assert 0.5 <= len(accept) / len(refuse) <= 2
    assert len(accept.split()) == len(refuse.split())


@pytest.mark.parametrize(
    ("mapping", "name"), [("babel", "messages"), ("babel-visitors", "visitors")]
)
def test_the_templates_hold_every_text_of_the_code(mapping: str, name: str) -> None:
    with (ROOT / f"{mapping}.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = {
        (context, text if isinstance(text, str) else text[0])
        for _, _, text, _, context in extract_from_dir(ROOT, methods, options, KEYWORDS)
    }

    assert keys(read(TRANSLATIONS / f"{name}.pot")) == found, "run make messages"


@pytest.mark.parametrize("language", CATALOGUES)
def test_lifetimes_are_words_in_every_language(app: Flask, language: str) -> None:
    with app.app_context(), force_locale(language):
        for unit in ("minute", "hour", "day", "week", "month", "year"):
            for amount in (1, 2, 5, 13):
                text = rendering.lifetime(Lifetime(amount=amount, unit=unit))
                assert str(amount) in text
                assert "duration" not in text


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_site_speaks_each_language(app: Flask, language: str) -> None:
    spoken = (
        SHOP
        if language in ("en", "nb")
        else SHOP.replace(".nb =", f".{language} =").replace('"en", "nb"', f'"en", "{language}"')
    )
    with app.test_request_context():
        text = rendering.render(schema.parse(spoken), language)
    with app.app_context(), force_locale(language):
        assert text["banner"]["refuse"] == gettext("Reject all")
    for fragment in (*text["banner"].values(), text["settings"], text["cookies"], text["notice"]):
        assert "%(" not in fragment


def test_portuguese_names_of_countries_are_those_of_portugal(app: Flask):
    with app.app_context(), force_locale("pt"):
        assert country("CZ") == "Chéquia"
