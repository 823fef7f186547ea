"""`consent check` and what it says of mistakes."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask_babel import force_locale

from consent.cli import commands
from consent.demo import SITE_FILE
from consent.site import schema, toml_lines
from consent.site.mistakes import Mistake
from tests import factories

TWELVE_MISTAKES = (
    ('key = "krukke"', 'key = "Krukke AS"', "site.key", "my-shop"),
    ('name = "Krukke & Sønn"\norigins', "name = 7\norigins", "site.name", "must be a text"),
    ('"https://shop.example"', '"https://shop.example/"', "site.origins[0]", "not an origin"),
    ('timezone = "Europe/Lisbon"', 'timezone = "Lisbon"', "site.timezone", "Europe/Oslo"),
    ("updated = 2026-02-01", 'updated = "yesterday"', "site.updated", "2026-01-31"),
    (
        'when = "analytics"',
        'when = "sometimes"',
        "hits.when",
        "Write one of: always, analytics, never.",
    ),
    ("months = 6", "months = 3", "asking.months", "at least 6"),
    (
        'email = "hello@shop.example"',
        'mail = "hello@shop.example"',
        "controller.mail",
        "Did you mean email?",
    ),
    ('title.nb = "Finne størrelsen din"\n', "", "purposes[1].title", "missing in nb"),
    ('purpose = "sizing"', 'purpose = "sising"', "services[1].purpose", "Did you mean sizing?"),
    ('lifetime = "30 days"', 'lifetime = "a while"', "services[0].cookies[0].lifetime", "90 days"),
    ('countries = ["DE"]', 'countries = ["Germany"]', "processors[0].countries[0]", "country code"),
)
# By the mistake's key: its path, and how it is to be mended.
NORWEGIAN = {
    "site.key": (("site", "key"), "min-butikk", "min-butikk"),
    "site.name": (("site", "name"), "må være en tekst", "må vere ein tekst"),
    "site.origins[0]": (("site", "origins", 0), "protokoll og vertsnavn", "protokoll og vertsnamn"),
    "site.timezone": (("site", "timezone"), "et navn som Europe/Oslo", "eit namn som Europe/Oslo"),
    "site.updated": (("site", "updated"), "en dato, som 2026-01-31", "ein dato, som 2026-01-31"),
    "hits.when": (("hits", "when"), "Skriv en av disse: always", "Skriv ein av desse: always"),
    "asking.months": (("asking", "months"), "for lite: minst 6", "for lite: minst 6"),
    "controller.mail": (("controller", "mail"), "Mente du email?", "Meinte du email?"),
    "purposes[1].title": (("purposes", 1, "title"), "mangler på nb", "manglar på nb"),
    "services[1].purpose": (("services", 1, "purpose"), "Mente du sizing?", "Meinte du sizing?"),
    "services[0].cookies[0].lifetime": (
        ("services", 0, "cookies", 0, "lifetime"),
        "ingen levetid",
        "inga levetid",
    ),
    "processors[0].countries[0]": (
        ("processors", 0, "countries", 0),
        "to store bokstaver",
        "to store bokstavar",
    ),
}

SIZING_AS_A_SERVICE = """
[[services]]
key = "sizing"
name = "Sizes"
purpose = "sizing"
processor = "nobody"
"""


def run(*arguments: str):  # type: ignore[no-untyped-def]
    from consent import cli

    runner = CliRunner()
    return runner.invoke(commands, list(arguments)), cli


def check(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str]:
    from consent import cli

    monkeypatch.setattr("sys.argv", ["consent", "check", str(path)])
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out + out.err


def test_it_names_twelve_mistakes_at_once_each_with_line_key_and_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = factories.shop(**{old: new for old, new, _, _ in TWELVE_MISTAKES})
    path = tmp_path / "shop.toml"
    path.write_text(source)

    code, said = check(path, capsys, monkeypatch)

    assert code == 1
    for _, new, key, mend in TWELVE_MISTAKES:
        line = next(line for line in said.splitlines() if f" {key}: " in line)
        assert mend in line
        assert line.startswith(f"{path}:")
        number = int(line.split(":")[1])
        if new:
            assert new.splitlines()[0] in source.splitlines()[number - 1]


def refused(source: str) -> list[Mistake]:
    with pytest.raises(schema.SiteFileError) as error:
        schema.parse(source)
    return error.value.mistakes


@pytest.mark.parametrize(("language", "column"), [("nb", 1), ("nn", 2)])
def test_staff_read_them_in_their_language(app: Flask, language: str, column: int) -> None:
    source = factories.shop(**{old: new for old, new, _, _ in TWELVE_MISTAKES})

    with app.app_context(), force_locale(language):
        found = {mistake.key: mistake for mistake in refused(source)}

    for key, told in NORWEGIAN.items():
        assert told[column] in found[key].message
        assert found[key].path == told[0]


def test_a_mistake_of_the_whole_file_has_no_path(app: Flask) -> None:
    with app.app_context(), force_locale("nb"):
        (mistake,) = refused("a = 1\nb =")

    assert mistake.path == ()
    assert str(mistake).startswith("2: Dette er ikke TOML")


def test_a_mistake_in_a_key_has_the_path_of_the_key() -> None:
    (mistake,) = refused(factories.shop(**{"[hits]": "[hits]\ncampaigns.utm_foo = []"}))

    assert mistake.path == ("hits", "campaigns", "utm_foo")
    assert "utm_campaign, utm_source" in mistake.message


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("https://news.example.com/", "Did you mean news.example.com?"),
        ("News.Example.com", "Did you mean news.example.com?"),
        ("news.example.com:8443", "Did you mean news.example.com?"),
        ("bücher.example", "Did you mean xn--bcher-kva.example?"),
        ("*.example.com", "without scheme, port or path"),
        ("192.0.2.7", "without scheme, port or path"),
        ("http://[", "without scheme, port or path"),
        ("", "without scheme, port or path"),
        ("-news.example.com", "without scheme, port or path"),
        (f"{'x' * 64}.example.com", "without scheme, port or path"),
        ("a." * 127 + "no", "without scheme, port or path"),
    ],
)
def test_subdomains_are_names_of_hosts(written: str, mend: str) -> None:
    (mistake,) = refused(factories.shop(**{"[hits]": f'[hits]\nsubdomains = ["{written}"]'}))

    assert mistake.path == ("hits", "subdomains", 0)
    assert mend in mistake.message


@pytest.mark.parametrize(
    "host", ["news.example.com", "intranett", "nas.local", "xn--frde-gra.no", "1177.se"]
)
def test_names_of_hosts_are_taken(host: str) -> None:
    parsed = schema.parse(factories.shop(**{"[hits]": f'[hits]\nsubdomains = ["{host}"]'}))

    assert parsed.hits.named_hosts == {host}


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("products", "from its first slash"),
        ("", "from its first slash"),
        ("https://shop.example/products", "Did you mean /products?"),
        ("http://[", "from its first slash"),
        ("/products?page=2", "without a query"),
        ("/products#cups", "without a query"),
        ("/products*", "only follow the last slash"),
        ("/*/cups", "only follow the last slash"),
        ("/products/**", "only follow the last slash"),
        ("/two cups", "not the path of a page"),
        ("/" + "a" * 300, "at most 300 characters"),
    ],
)
def test_public_pages_are_paths(written: str, mend: str) -> None:
    (mistake,) = refused(factories.shop(**{"[hits]": f'[hits]\npublic_pages = ["{written}"]'}))

    assert mistake.path == ("hits", "public_pages", 0)
    assert mend in mistake.message


@pytest.mark.parametrize("path", ["/", "/*", "/products", "/products/", "/products/*", "/kafé"])
def test_paths_of_pages_are_taken(path: str) -> None:
    parsed = schema.parse(factories.shop(**{"[hits]": f'[hits]\npublic_pages = ["{path}"]'}))

    assert parsed.hits.public_pages == [path]


def test_it_passes_the_files_we_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(factories.shop())

    assert check(SITE_FILE, capsys, monkeypatch)[0] == 0
    code, said = check(path, capsys, monkeypatch)
    assert (code, said) == (
        0,
        f"{path}: no mistakes. Site krukke, 2 purposes, 2 services, 1 processors, in en, nb.\n",
    )


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a = 1\nb =", 2, "This is not TOML"),
        ("", 1, "site is missing"),
        (factories.SHOP + '\n[[purposes]]\nkey = "analytics"\n', None, "used more than once"),
        (
            factories.SHOP.replace('title.en = "Finding your size"\n', "").replace(
                'title.nb = "Finne størrelsen din"\n', ""
            ),
            None,
            "needs a title",
        ),
        (factories.SHOP.replace('"_count"', '"cons*"'), None, "remembers the choice"),
        (
            factories.SHOP.replace('"https://shop.example"', '"https://shop.example:443"'),
            None,
            "Write https://shop.example",
        ),
        (factories.SHOP.replace('["DE"]', '["XX"]'), None, "not a country code"),
        (factories.SHOP.replace('["en", "nb"]', '["en", "nb", "en"]'), 8, "more than once"),
        (
            factories.SHOP.replace('key = "analytics"', 'key = "preferences"'),
            None,
            "needs a purpose analytics",
        ),
        (
            factories.SHOP.replace('key = "sizing"', 'key = "constructor"'),
            None,
            "has a meaning in scripts",
        ),
        (
            factories.SHOP.replace("[[processors]]", SIZING_AS_A_SERVICE + "[[processors]]", 1),
            None,
            "'sizing' is already the key of a purpose",
        ),
        ("a = " + "[" * 5000, 1, "nested too deep"),
        ('"\\U0001F600" = 1', 1, "site is missing"),
        (
            factories.SHOP.replace('["en", "nb"]', '["en", "tlh"]'),
            8,
            "banner is not translated into 'tlh'",
        ),
    ],
)
def test_it_says_what_is_wrong(source: str, line: int | None, message: str) -> None:
    found = [mistake for mistake in refused(source) if message in mistake.message]
    assert found
    assert line is None or found[0].line == line


def test_lines_are_found_in_every_way_that_toml_is_written() -> None:
    lines = toml_lines.Lines(
        'a.b = 1\n"q k" = { c = 2, "d" = [3,\n 4] }\n[t.u]\nv = """\nlong\n"""\nw = 5\n'
        "[[s]]\nx = 1\n[[s.r]]\ny = 2\n[[s.r]]\ny = 3\n[[s]]\n[[s.r]]\ny = 4\n"
    )

    assert lines.of(("a", "b")) == 1
    assert lines.of(("q k", "c")) == 2
    assert lines.of(("q k", "d", 1)) == 3
    assert lines.of(("t", "u", "w")) == 8
    assert lines.of(("s", 0, "r", 1, "y")) == 14
    assert lines.of(("s", 1, "r", 0, "y")) == 17
    assert lines.of(("t", "u", "absent")) == 4


@pytest.mark.parametrize(
    "value", ['"""\n\\""". """', "'''\n'. '''", '"\\". "', "'\\. '", "1.5 # . ", '"""\n. """""']
)
def test_dots_are_counted_in_keys_only(value: str) -> None:
    """Those in texts and comments are none of a key."""
    source = f"a = {value.replace('. ', '.' * 99)}\nb.c = 1\n"

    assert toml_lines.loads(source) == tomllib.loads(source)
