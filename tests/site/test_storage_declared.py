"""What services store besides cookies, in the declaration and in the settings."""

import pytest
from flask.testing import FlaskClient
from lxml import html

from consent.core.catalogues import CATALOGUES
from consent.site.schema import SiteFileError, parse
from tests.conftest import publish
from tests.factories import SHOP, shop_in

ENTRY = '\n[[services.storage]]\nkind = "{kind}"\nname = "{name}"\nuse = {{en = "Your cart.", nb = "Kurven."}}\n{more}'
# Before the processors lies the last service.
PLACE = "[[processors]]"


def with_entry(kind: str = "local", name: str = "cart:*", more: str = "") -> str:
    assert PLACE in SHOP
    return SHOP.replace(PLACE, ENTRY.format(kind=kind, name=name, more=more) + PLACE, 1)


def rows(client: FlaskClient, name: str) -> list[list[str]]:
    page = html.fromstring(client.get(f"/e/krukke/2/en/{name}").text)
    cells = [[cell.text_content() for cell in row.xpath("th|td")] for row in page.xpath("//tr")]
    return [row for row in cells if "cart:*" in row[0]]


@pytest.mark.parametrize(
    ("kind", "more", "shown", "lasts"),
    [
        ("local", "", "localStorage", "until it is deleted"),
        ("session", "", "sessionStorage", "until the browser is closed"),
        ("indexeddb", "", "IndexedDB", "until it is deleted"),
        ("cache", 'lifetime = "30 days"\n', "CacheStorage", "30 days"),
    ],
)
def test_it_is_declared_with_its_kind_and_how_long_it_stays(app, kind, more, shown, lasts) -> None:  # type: ignore[no-untyped-def]
    with app.app_context():
        publish(with_entry(kind, more=more))
    client = app.test_client()

    assert rows(client, "cookies") == [[f"cart:* {shown}", lasts, "Your cart."]]
    assert rows(client, "settings") == [[f"cart:* {shown}", lasts]]


def test_those_who_had_agreed_are_asked_again(app) -> None:  # type: ignore[no-untyped-def]
    from consent.site import versions

    before, after = (versions.fingerprints(parse(each)) for each in (SHOP, with_entry()))
    assert {purpose for purpose in before if before[purpose] != after[purpose]}


@pytest.mark.parametrize("name", ["", "*", "a*", "*-*", "two\\nlines"])
def test_a_name_that_takes_in_all_is_refused(name: str) -> None:
    with pytest.raises(SiteFileError) as refused:
        parse(with_entry(name=name))
    assert any(mistake.path[-2:] == (0, "name") for mistake in refused.value.mistakes)


def test_a_known_service_says_in_every_language_what_it_stores() -> None:
    source = shop_in(CATALOGUES) + '\n[[services]]\nuse = "posthog"\n'
    service = next(each for each in parse(source).services if each.key == "posthog")
    assert all(each.use.keys() == set(CATALOGUES) for each in service.storage)
