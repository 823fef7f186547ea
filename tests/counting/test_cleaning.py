"""What is left of paths and referrers: the corpora say it of each kind, and what machines draw is found."""

import random
import string
import uuid
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from consent.counting import cleaning, letters, shapes
from consent.demo import SITE_FILE
from tests.conftest import publish
from tests.counting.test_hits import counted
from tests.factories import hit

CORPUS = Path(__file__).parent / "corpus"


def rows(name: str) -> list[tuple[str, str, str]]:
    """Of a corpus: what is expected, the kind, and the example."""
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [
        tuple(line.split("\t"))  # type: ignore[misc]
        for line in lines
        if line and not line.startswith("#")
    ]


@pytest.mark.parametrize(("expected", "kind", "path"), rows("paths.txt"))
def test_of_a_path_names_of_pages_are_left(expected: str, kind: str, path: str) -> None:
    assert cleaning.path(path) == (path if expected == "=" else expected)


@pytest.mark.parametrize(("expected", "kind", "referrer"), rows("referrers.txt"))
def test_of_a_referrer_the_website_is_left(expected: str, kind: str, referrer: str) -> None:
    assert cleaning.source(referrer).host == expected


def test_every_rule_is_needed_by_some_example() -> None:
    found = {shapes.kind(each) for _, _, path in rows("paths.txt") for each in path.split("/")}

    assert found - {None} == {each.name for each in shapes.KINDS}


DICE = random.Random(18)
NANOID = string.ascii_letters + string.digits + "_-"
DRAWN = {
    "uuid": (lambda: str(uuid.UUID(int=DICE.getrandbits(128), version=4)), 1.0),
    "uuid without hyphens": (lambda: uuid.UUID(int=DICE.getrandbits(128)).hex, 1.0),
    "hex": (lambda: DICE.randbytes(16).hex(), 1.0),
    "nanoid": (lambda: "".join(DICE.choices(NANOID, k=21)), 0.98),
    "letters": (lambda: "".join(DICE.choices(string.ascii_letters, k=22)), 0.98),
    "small letters": (lambda: "".join(DICE.choices(string.ascii_lowercase, k=22)), 0.97),
    "a video": (lambda: "".join(DICE.choices(NANOID, k=11)), 0.9),
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_a_machine_drew_is_hidden(name: str) -> None:
    draw, least = DRAWN[name]
    drawn = [draw() for _ in range(2000)]

    hidden = sum(cleaning.path(f"/{each}") == "/…" for each in drawn)

    assert hidden / len(drawn) >= least


def test_words_of_the_catalogues_are_no_tokens() -> None:
    """Long compounds too, in all the languages that the banner speaks."""
    texts = Path("translations").glob("*/LC_MESSAGES/messages.po")
    words = {
        word
        for each in texts
        for word in shapes.SEPARATORS.split(each.read_text(encoding="utf-8"))
        if word.isalpha()
    }

    random_ones = {each for each in words if letters.is_random(each)}

    assert len(words) > 15_000
    assert len(random_ones) < len(words) / 1000


@pytest.mark.parametrize(
    "segment",
    [
        # Digits of a script whose values Python's int() does not read.
        "\U00010a40.\U00010a41.\U00010a42.\U00010a43",
        "1²-3-4-5",
        "%" * 400,
        "%E6%F8",
        "-" * 400,
        "(" * 400,
        "1." * 200,
        "a1" * 200,
        "0:" * 200,
    ],
)
def test_no_segment_is_too_odd(segment: str) -> None:
    assert cleaning.path(f"/{segment}")


def test_a_path_of_many_segments_is_cut_before_it_is_judged() -> None:
    path = "/".join(f"a{number}" for number in range(1000))

    assert len(cleaning.path(path)) <= cleaning.LONGEST_VALUE


class TestSubdomains:
    @pytest.fixture
    def client(self, app, client: FlaskClient) -> FlaskClient:  # type: ignore[no-untyped-def]
        with app.app_context():
            listed = 'subdomains = ["news.example.com", "example.net", "intranett.lan"]'
            publish(SITE_FILE.read_text().replace("[hits]", f"[hits]\n{listed}", 1))
        return client

    @pytest.mark.parametrize(
        ("host", "name"),
        [
            ("news.example.com", "news.example.com"),
            ("www.news.example.com", "news.example.com"),
            ("kari.example.com", "example.com"),
            ("oldnews.example.com", "example.com"),
            ("kari.example.net", "example.net"),
            ("intranett.lan", "intranett.lan"),
            ("nas.lan", "…"),
        ],
    )
    def test_a_host_that_the_site_file_names_counts_by_itself(
        self, client: FlaskClient, session, host: str, name: str
    ) -> None:  # type: ignore[no-untyped-def]
        hit(client, "/", f"https://{host}/kari")

        assert counted(session)["referrer", name, ""] == 1
