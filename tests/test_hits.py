"""Hits: what one page view adds to the counters, and what is not counted."""

from collections import Counter as Tally

import pytest
from flask import current_app
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from consent import cleaning
from consent.models import Counter
from tests import factories
from tests.conftest import count_hits
from tests.factories import hit, post_json


def counted(session) -> Tally[tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    count_hits(current_app)
    rows = session.execute(select(Counter.dimension, Counter.value, Counter.onward, Counter.count))
    return Tally({(dimension, value, onward): count for dimension, value, onward, count in rows})


def without_hour(cells: Tally[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    return {cell: count for cell, count in cells.items() if cell[0] != "hour"}


def test_a_visit_is_counted_in_every_dimension(
    client: FlaskClient, session, networks: None
) -> None:  # type: ignore[no-untyped-def]
    answer = post_json(
        client,
        "/e/07sor/hits",
        {
            "path": "/tjenester?navn=kari#topp",
            "referrer": "https://www.google.com/search?q=hemmelig",
        },
        **{"User-Agent": factories.IPHONE, "Accept-Language": "nb-NO,nb;q=0.9,en;q=0.5"},
    )

    assert (answer.status_code, answer.data) == (204, b"")
    cells = counted(session)
    assert cells[("network", "unknown", "")] == 1
    assert sum(count for cell, count in cells.items() if cell[0] == "hour") == 1
    assert without_hour(cells) == {
        ("total", "views", ""): 1,
        ("total", "visits", ""): 1,
        ("page", "/tjenester", ""): 1,
        ("entry", "/tjenester", ""): 1,
        ("referrer", "www.google.com", ""): 1,
        ("browser", "Mobile Safari", ""): 1,
        ("system", "iOS", ""): 1,
        ("device", "phone", ""): 1,
        ("network", "unknown", ""): 1,
        ("language", "nb", ""): 1,
    }


def test_going_on_is_no_visit_but_a_step_in_the_click_stream(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    hit(client, "/")
    hit(client, "/video", "http://127.0.0.1:8081/?utm_source=x")

    cells = counted(session)

    assert (cells["total", "views", ""], cells["total", "visits", ""]) == (2, 1)
    assert cells["flow", "/", "/video"] == 1
    assert cells["browser", "Chrome", ""] == 1


def test_from_another_of_the_sites_origins_is_no_visit_either(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    hit(client, "/video", "http://localhost:8081/")

    assert without_hour(counted(session)) == {("total", "views", ""): 1, ("page", "/video", ""): 1}


def test_the_same_hit_again_adds_up(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    for _ in range(3):
        hit(client, "/video")

    assert counted(session)["page", "/video", ""] == 3


@pytest.mark.parametrize(
    ("address", "name"),
    [("203.0.113.7", "Fjordnett AS"), ("198.51.100.9", "Heimnett SA"), ("192.0.2.1", "unknown")],
)
def test_the_network_has_its_name(
    client: FlaskClient, session, networks: None, address: str, name: str
) -> None:  # type: ignore[no-untyped-def]
    client.post(
        "/e/07sor/hits",
        data='{"path": "/"}',
        environ_base={"REMOTE_ADDR": address},
        headers={"User-Agent": factories.CHROME},
    )

    assert counted(session)["network", name, ""] == 1


@pytest.mark.parametrize(
    "headers",
    [{"Sec-GPC": "1"}, {"DNT": "1"}, {"User-Agent": factories.GOOGLEBOT}],
    ids=["Global Privacy Control", "Do Not Track", "robot"],
)
def test_some_are_not_counted(client: FlaskClient, session, headers: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    answer = hit(client, **headers)

    assert answer.status_code == 204
    assert answer.headers["X-Consent"].startswith("not counted")
    assert not counted(session)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"path": "video"}, {}, 422),
        ({"path": ""}, {}, 422),
        ({"path": "/", "title": "Kari"}, {}, 422),
        ({"path": "/" + "x" * 5000}, {}, 422),
        ("", {}, 400),
        ({"path": "/"}, {"Origin": "https://evil.example"}, 403),
        ("x" * 1_000_000, {}, 413),
    ],
)
def test_what_is_no_hit_is_refused(
    client: FlaskClient, session, body, headers: dict[str, str], status: int
) -> None:  # type: ignore[no-untyped-def]
    answer = post_json(client, "/e/07sor/hits", body, **headers)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert not counted(session)


@pytest.mark.parametrize("host", ["192.0.2.7", "[2001:db8::1]"])
def test_a_referrer_that_is_an_address_is_hidden(client: FlaskClient, session, host: str) -> None:  # type: ignore[no-untyped-def]
    hit(client, "/", f"http://{host}/page")

    assert counted(session)["referrer", "…", ""] == 1


@pytest.mark.parametrize(
    ("path", "referrer"),
    [
        ("/\0", ""),
        ("/", "http://a\0b.example/"),
        ("/\ud800", ""),
        ("/" + "å" * 2000, ""),
        ("/", f"https://{'x' * 2000}.example/" + "å/" * 500),
        ("/\u202e\u200b\x7f", "https://example.org/\x1b[31m"),
    ],
)
def test_whatever_is_sent_is_counted_or_refused(
    client: FlaskClient,
    session,  # type: ignore[no-untyped-def]
    path: str,
    referrer: str,
) -> None:
    """A value that no database takes would keep all that comes after it from being counted."""
    status = hit(client, path, referrer).status_code

    assert status in (204, 400, 422)
    assert counted(session)["total", "views", ""] == (status == 204)


@pytest.mark.parametrize(
    "referrer", ["about:blank", "android-app://com.google", "https://", "http://[", "nonsense"]
)
def test_a_referrer_that_names_no_site_counts_as_direct(
    client: FlaskClient, session, referrer: str
) -> None:  # type: ignore[no-untyped-def]
    assert hit(client, "/", referrer).status_code == 204

    assert counted(session)["referrer", "direct", ""] == 1


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/", "/"),
        ("/om-oss/", "/om-oss/"),
        ("/2026/11/nyheter", "/…/…/nyheter"),
        ("/søk?q=kari", "/søk"),
        ("/u/192.0.2.7", "/u/…"),
        ("/u/\0/x", "/u/…/x"),
        ("/v/2001:db8::1/x", "/v/…/x"),
        ("/reset/kQzVbTxRmPlWnYcHsJdFgA", "/reset/…"),
        ("/personvernerklaering-for-kunder", "/personvernerklaering-for-kunder"),
        ("/konto/kari@example.no/ordre", "/konto/…/ordre"),
        ("/ordre/20261124001", "/ordre/…"),
        ("/reset/9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c", "/reset/…"),
        ("/u/018f4e7a-9d2c-7b3a-8f1e-2d3c4b5a6978", "/u/…"),
    ],
)
def test_paths_lose_what_may_point_at_a_person(path: str, cleaned: str) -> None:
    assert cleaning.path(path) == cleaned


@given(st.text(max_size=500))
def test_a_cleaned_path_has_no_query_and_stays_short(text: str) -> None:
    cleaned = cleaning.path("/" + text)

    assert "?" not in cleaned
    assert "@" not in cleaned
    assert len(cleaned) <= cleaning.LONGEST_VALUE
    assert cleaning.path(cleaned) == cleaned
