"""What nobody would send or write on purpose is refused at once: time grows with the length, and with nothing else."""

import random
from collections.abc import Callable
from datetime import UTC

import pytest
from flask.testing import FlaskClient

from consent.core.errors import Invalid
from consent.counting import logformats, loglines
from consent.site import edit, schema
from consent.site.schema import SiteFileError
from fuzz.bounds import bounded
from tests.factories import shop

# Characters of the largest form of the dashboard.
LARGEST = 512 * 1024
# Seconds of CPU time, for what took longer or had no end; and for a text that is written.
MOST, MOST_WRITTEN = 10.0, 5.0


def alike(rng: random.Random) -> str:
    return "".join(rng.choice("ab") for _ in range(2500))


def keys_that_are_alike() -> str:
    """Of processors, and of those that services name, which are all others."""
    rng = random.Random(1)
    made = [f'[[processors]]\nkey = "{alike(rng)}"\n' for _ in range(95)]
    made += [f'[[services]]\nprocessor = "{alike(rng)}"\n' for _ in range(95)]
    return "".join(made)


SITE_FILES: dict[str, Callable[[], str]] = {
    "an address of dots": lambda: shop().replace("hello@shop.example", f"a@{'.' * 400_000}@"),
    "fonts with blanks between them": lambda: shop() + f'[looks]\nfont = "{"a,   " * 39}!"',
    "rows of many kinds": lambda: "".join(f"[[t{number}]]\n" for number in range(20_000)),
    "keys that are nearly another": keys_that_are_alike,
}


@pytest.mark.parametrize("source", SITE_FILES.values(), ids=SITE_FILES)
def test_a_site_file_is_refused_at_once(source: Callable[[], str]) -> None:
    written = source()
    assert len(written) < LARGEST

    with bounded(MOST), pytest.raises(SiteFileError):
        schema.parse(written)


@pytest.mark.parametrize("character", ['"', "\\", "\0"])
def test_a_text_of_what_is_escaped_is_written(character: str) -> None:
    text = character * LARGEST

    with bounded(MOST_WRITTEN):
        made = edit.write("a = 1\n", {("site", "name"): text})

    assert edit.plain(made)["site"]["name"] == text


@pytest.mark.parametrize("text", ["inf", "-Infinity", "nan", "1e400", "9" * 400])
def test_a_time_without_end_is_none(text: str) -> None:
    with bounded(MOST), pytest.raises(ValueError, match="is no time"):
        loglines.hour(text, UTC)


@pytest.mark.parametrize("written", ["1e400", "Infinity", '"inf"'])
def test_a_line_with_such_a_time_is_none_of_the_format(written: str) -> None:
    line = f'{{"ts": {written}, "request": "GET / HTTP/1.1", "status": 200}}'

    with bounded(MOST):
        assert logformats.detect([line]) is None


def test_rows_that_others_stand_between_are_not_moved() -> None:
    source = "[[a]]\nx = 1\n# About b.\n[b]\ny = 2\n\n[[a]]\nx = 2\n"

    with pytest.raises(Invalid):
        edit.write(source, {("b", "y"): 3})


NUMBERS = ["0x" + "f" * 5000, "0o" + "7" * 8000, "0b" + "1" * 20_000, "9223372036854775808"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("key", ["key", "consent_types", "title"])
def test_a_number_that_toml_does_not_have_is_a_mistake_of_its_line(number: str, key: str) -> None:
    with pytest.raises(SiteFileError) as refused:
        schema.parse(f"# 1\n[[purposes]]\n{key} = {number}\n")

    assert [each.line for each in refused.value.mistakes] == [3]
    assert "digits" in str(refused.value.mistakes[0])


def test_the_least_and_the_greatest_number_are_read() -> None:
    with pytest.raises(SiteFileError) as refused:
        schema.parse(shop() + f"[looks]\nradius = -{2**63}\n")

    assert [each.path for each in refused.value.mistakes] == [("looks", "radius")]


@pytest.mark.parametrize("path", ["decisions", "cookie", "hits"])
@pytest.mark.parametrize("length", ["0" * 5000 + "2", "9" * 5000, "9" * 10, "-2", "+2", "²"])
def test_a_length_that_is_none_is_refused(client: FlaskClient, path: str, length: str) -> None:
    answer = client.post(f"/e/07sor/{path}", environ_overrides={"CONTENT_LENGTH": length})

    assert answer.status_code in (400, 413)
