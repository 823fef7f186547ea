"""Paths and referrers that name people: hits with such are counted, and nothing that names anybody is stored."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from tests.factories import CHROME, hit
from tests.promises.test_no_address import everything_stored

# Of each kind of finding a path and a referrer, and what of them must be nowhere.
SENT = {
    "(at) address": (
        "/konto/kari(at)nordmann.example",
        "https://kari-at-nordmann.example.com/",
        ["nordmann"],
    ),
    "written address": (
        "/u/ola%20at%20hansen%20dot%20no",
        "https://ola%2540hansen.example.com/",
        ["hansen"],
    ),
    "encoded address": ("/u/per%252540olsen.example", "https://per:olsen@example.com/", ["olsen"]),
    "token of letters": (
        "/reset/kqzvbtxrmplwnychsj",
        "https://wvxkqjzrtbpldmnfh.example.com/",
        ["kqzvbt", "wvxkqj"],
    ),
    "token": (
        "/invite/V1StGXR8_Z5jdHi6B-myT",
        "https://9f8a7b6c5d4e3f2a.example.com/",
        ["V1StGX", "9f8a7b"],
    ),
    "plate": ("/bil/EL98765", "https://el98765.example.com/", ["EL98765", "el98765"]),
    "plate, small": ("/bil/ab12cde", "https://ab12cde.example.com/", ["ab12cde"]),
    "order": ("/ORD-2024-00123", "https://ord-00123.example.com/", ["ORD-2024", "ord-00123"]),
    "customer": ("/kunde-472", "https://kunde-472.example.com/", ["kunde-472"]),
    "telephone": (
        "/tlf/900-12-345",
        "https://90012345.example.com/",
        ["900-12-345", "90012345"],
    ),
    "national id": ("/fi/131052-308T", "https://131052-308t.example.com/", ["131052-308"]),
    "date of birth": ("/kari-1984-03-12", "https://born-1984-03-12.example.com/", ["1984-03-12"]),
    "coordinates": ("/kart/59.91n-10.75e", "https://n59-91.example.com/", ["59.91n", "n59-91"]),
    "address in a host": (
        "/ip-203-0-113-5.eu-north-1",
        "https://host-203-0-113-5.example.net/",
        ["203-0-113"],
    ),
    "address": ("/v/2001-db8--77", "http://3405803781/", ["db8--77", "3405803781"]),
    "intranet": ("/~larsen/", "http://larsen-pc.local/", ["larsen"]),
    "host without a dot": ("/@berg", "http://berg-laptop/", ["@berg", "berg-laptop"]),
    "a customer's site": (
        "/user77/x",
        "https://familien-lie.github.io/",
        ["user77", "familien-lie"],
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_nothing_that_names_somebody_is_stored(client: FlaskClient, name: str) -> None:
    path, referrer, secrets = SENT[name]
    app = client.application
    before = everything_stored(app)

    for from_where in (referrer, ""):
        assert hit(client, path, from_where).status_code == 204
    # The page before, on the site itself.
    assert hit(client, "/", f"http://127.0.0.1:8081{path}").status_code == 204

    stored = everything_stored(app)
    for secret in secrets:
        assert stored.count(secret.encode()) == before.count(secret.encode())
    # They are counted nevertheless.
    assert "…".encode() in stored


def test_nor_what_a_log_says(client: FlaskClient, command, tmp_path) -> None:  # type: ignore[no-untyped-def]
    # Of a day that is not closed, whose counters are there yet.
    moment = datetime.now(UTC)
    log = tmp_path / "access.log"
    with log.open("w", encoding="utf-8") as file:
        for path, referrer, _ in SENT.values():
            file.write(
                f"192.0.2.7 - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "
                f'"GET {path} HTTP/1.1" 200 1 "{referrer}" "{CHROME}"\n'
            )
    before = everything_stored(client.application)

    code, said, _ = command("import-log", "07sor", str(log))

    assert code == 0, said
    assert "…".encode() in (stored := everything_stored(client.application))
    for _, _, secrets in SENT.values():
        for secret in secrets:
            assert stored.count(secret.encode()) == before.count(secret.encode())
