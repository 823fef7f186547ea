"""`consent check` and what it says of mistakes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from consent import sitefile, tomllines
from consent.cli import commands
from consent.demo import SITE_FILE
from tests import factories

TWELVE_MISTAKES = (
    ('key = "krukke"', 'key = "Krukke AS"', "site.key", "my-shop"),
    ('name = "Krukke & Sønn"\norigins', "name = 7\norigins", "site.name", "must be a text"),
    ('"https://shop.example"', '"https://shop.example/"', "site.origins[0]", "no origin"),
    ('timezone = "Europe/Lisbon"', 'timezone = "Lisbon"', "site.timezone", "Europe/Oslo"),
    ("updated = 2026-02-01", 'updated = "yesterday"', "site.updated", "2026-01-31"),
    (
        'when = "analytics"',
        'when = "sometimes"',
        "hits.when",
        "Write one of: always, analytics, never.",
    ),
    ("months = 6", "months = 3", "asking.months", "6 at the least"),
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


def test_it_passes_the_files_we_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(factories.shop())

    assert check(SITE_FILE, capsys, monkeypatch)[0] == 0
    code, said = check(path, capsys, monkeypatch)
    assert (code, said) == (
        0,
        f"{path}: fine. Site krukke, 2 purposes, 2 services, 1 processors, in en, nb.\n",
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
        (factories.SHOP.replace('"_count"', '"cons*"'), None, "remembers the choice itself"),
        (
            factories.SHOP.replace('"https://shop.example"', '"https://shop.example:443"'),
            None,
            "Write https://shop.example",
        ),
        (factories.SHOP.replace('["DE"]', '["XX"]'), None, "no country code"),
        (factories.SHOP.replace('["en", "nb"]', '["en", "nb", "en"]'), 8, "more than once"),
        (
            factories.SHOP.replace('key = "analytics"', 'key = "preferences"'),
            None,
            "no purpose analytics",
        ),
        (
            factories.SHOP.replace('key = "sizing"', 'key = "constructor"'),
            None,
            "has a meaning in scripts",
        ),
        (
            factories.SHOP.replace("[[processors]]", SIZING_AS_A_SERVICE + "[[processors]]", 1),
            None,
            "'sizing' is among the purposes already",
        ),
        ("a = " + "[" * 5000, 1, "nested too deep"),
        ('"\\U0001F600" = 1', 1, "site is missing"),
        (
            factories.SHOP.replace('["en", "nb"]', '["en", "tlh"]'),
            8,
            "no translation of the banner for 'tlh'",
        ),
    ],
)
def test_it_says_what_is_wrong(source: str, line: int | None, message: str) -> None:
    with pytest.raises(sitefile.SiteFileError) as refused:
        sitefile.parse(source)

    found = [mistake for mistake in refused.value.mistakes if message in mistake.message]
    assert found
    assert line is None or found[0].line == line


def test_lines_are_found_in_every_way_that_toml_is_written() -> None:
    lines = tomllines.Lines(
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
