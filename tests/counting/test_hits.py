"""Hits: what one page view adds to the counters, and what is not counted."""

from collections import Counter as Tally
from datetime import date

import pytest
from flask import current_app
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from consent.counting import cleaning, hits
from consent.counting.bounds import OTHER, Bounds
from consent.counting.counters import Sums
from consent.demo import SITE_FILE
from consent.models import Counter
from tests import factories
from tests.conftest import count_hits, publish
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
        ("referrer", "google.com", ""): 1,
        ("browser", "Safari", ""): 1,
        ("system", "iOS", ""): 1,
        ("device", "phone", ""): 1,
        # What came together; never shown.
        ("client", '["phone","iOS","Safari",""]', ""): 1,
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
    "referrer",
    [
        "about:blank",
        "https://",
        "http://[",
        "nonsense",
        "android-app://",
        "android-app://[",
        "android-app://gmail/",
        "android-app://192.0.2.7/",
        "android-app://com.kari@example.no-1/",
        "ios-app://544007664/",
    ],
)
def test_a_referrer_that_names_no_site_counts_as_direct(
    client: FlaskClient, session, referrer: str
) -> None:  # type: ignore[no-untyped-def]
    assert hit(client, "/", referrer).status_code == 204

    assert counted(session)["referrer", "direct", ""] == 1


@pytest.mark.parametrize(
    ("referrer", "name"),
    [
        ("android-app://com.google.android.gm/", "Gmail"),
        (
            "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
            "Google app",
        ),
        ("android-app://com.Slack", "Slack"),
        ("android-app://no.nrk.mobil.tv/secret?kari", "no.nrk.mobil.tv"),
        ("android-app://com." + "x" * 400, "com." + "x" * 296),
    ],
)
def test_an_android_app_has_its_name(
    client: FlaskClient, session, referrer: str, name: str
) -> None:  # type: ignore[no-untyped-def]
    hit(client, "/", referrer)

    cells = counted(session)
    assert cells["referrer", name, ""] == 1
    assert cells["total", "visits", ""] == 1


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/", "/"),
        ("/om-oss/", "/om-oss/"),
        ("/2026/11/nyheter", "/2026/11/nyheter"),
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


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("nb-NO,nb;q=0.9,en;q=0.5", "nb"),
        ("en;q=0.2, SE-no;q=0.8", "se"),
        ("", "unknown"),
        ("*", "unknown"),
        ("xx-klingon", "unknown"),
        ("nb;q=one", "unknown"),
        ("kari@example.no", "unknown"),
    ],
)
def test_of_the_languages_the_first_is_counted(
    client: FlaskClient,
    session,  # type: ignore[no-untyped-def]
    accepted: str,
    language: str,
) -> None:
    hit(client, "/", **{"Accept-Language": accepted})

    assert counted(session)["language", language, ""] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Purpose": "preview"},
        {"X-Moz": "prefetch"},
    ],
)
def test_what_is_fetched_in_advance_is_not_counted(
    client: FlaskClient,
    session,  # type: ignore[no-untyped-def]
    headers: dict[str, str],
) -> None:
    assert hit(client, "/", **headers).headers["X-Consent"] == "not counted: prefetch"
    assert not counted(session)


class TestCampaigns:
    @pytest.fixture
    def client(self, app, client: FlaskClient) -> FlaskClient:  # type: ignore[no-untyped-def]
        listed = (
            '\n[hits.campaigns]\nutm_campaign = ["spring", "a&b"]\nutm_source = ["newsletter"]\n'
        )
        with app.app_context():
            publish(SITE_FILE.read_text().replace("[asking]", listed + "\n[asking]", 1))
        return client

    @pytest.mark.parametrize(
        ("query", "campaign", "source"),
        [
            ("", "none", "none"),
            ("?utm_campaign=spring&utm_source=newsletter", "spring", "newsletter"),
            ("?x=1&utm_campaign=a%26b#top", "a&b", "none"),
            ("?utm_campaign=kari@example.no", "other", "none"),
            ("?utm_medium=email", "none", "none"),
        ],
    )
    def test_values_of_the_list_are_counted(
        self,
        client: FlaskClient,
        session,  # type: ignore[no-untyped-def]
        query: str,
        campaign: str,
        source: str,
    ) -> None:
        hit(client, "/" + query)

        found = {cell[:2] for cell in counted(session)}
        assert {("campaign", campaign), ("source", source), ("page", "/")} <= found
        assert not {"medium", "term", "content"} & {dimension for dimension, _ in found}

    @pytest.mark.parametrize("query", ["?" + "&" * 60, "?" + "a=1&" * 200, "?%ff=%00", "?=&=", "?"])
    def test_odd_queries_are_none(self, client: FlaskClient, query: str) -> None:
        assert hit(client, "/" + query).status_code == 204

    def test_a_page_that_follows_has_none(self, client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
        hit(client, "/video?utm_campaign=spring", "http://127.0.0.1:8081/")

        assert "campaign" not in {dimension for dimension, _, _ in counted(session)}


class TestShownBanner:
    def test_it_is_counted_with_a_visit(self, client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
        post_json(client, "/e/07sor/hits", {"path": "/", "referrer": "", "banner": "nn"})

        cells = counted(session)
        assert {cell[:2] for cell in cells if cell[0].startswith(("banner", "shown"))} == {
            ("banner", "shown"),
            ("shown.language", "nn"),
            ("shown.device", "desktop"),
            ("shown.version", "1"),
        }

    @pytest.mark.parametrize(
        "body",
        [
            {"path": "/", "referrer": "", "banner": False},
            {"path": "/", "referrer": "", "banner": None},
            {"path": "/", "referrer": "", "banner": "xx"},
            {"path": "/", "referrer": "http://127.0.0.1:8081/", "banner": "nn"},
        ],
    )
    def test_else_it_is_not(self, client: FlaskClient, session, body) -> None:  # type: ignore[no-untyped-def]
        assert post_json(client, "/e/07sor/hits", body).status_code == 204
        assert not {each for each, _, _ in counted(session)} & {"banner", "shown.language"}

    def test_true_is_no_language(self, client: FlaskClient) -> None:
        body = {"path": "/", "banner": True}
        assert post_json(client, "/e/07sor/hits", body).status_code == 422


class TestWithoutScripts:
    def image(self, client: FlaskClient, site: str = "07sor", path: str = "", **headers: str):  # type: ignore[no-untyped-def]
        query = {"path": path} if path else {}
        sent = {"User-Agent": factories.CHROME, **headers}
        return client.get(f"/e/{site}/hits.gif", query_string=query, headers=sent)

    @pytest.mark.parametrize(
        ("path", "referrer", "page"),
        [
            ("/om-oss?x=1", "", "/om-oss"),
            ("/om-oss", "http://127.0.0.1:8081/", "/om-oss"),
            ("", "http://127.0.0.1:8081/ordre/123?navn=kari", "/ordre/…"),
        ],
    )
    def test_the_image_counts_a_page_view(
        self,
        client: FlaskClient,
        session,  # type: ignore[no-untyped-def]
        path: str,
        referrer: str,
        page: str,
    ) -> None:
        answer = self.image(client, path=path, Referer=referrer)

        assert (answer.status_code, answer.content_type) == (200, "image/gif")
        assert answer.data.startswith(b"GIF89a")
        assert answer.headers["Cache-Control"] == "no-store"
        # Where somebody came from is not known, and so not whether it was a visit.
        assert without_hour(counted(session)) == {("total", "views", ""): 1, ("page", page, ""): 1}

    @pytest.mark.parametrize(
        ("site", "path", "headers"),
        [
            ("07sor", "", {}),
            ("07sor", "nowhere", {}),
            ("07sor", "/", {"Referer": "https://evil.example/"}),
            ("07sor", "/", {"Sec-GPC": "1"}),
            ("07sor", "/", {"Sec-Purpose": "prefetch"}),
            ("07sor", "/", {"User-Agent": factories.GOOGLEBOT}),
            ("krukke", "/", {}),  # which counts only who has agreed
        ],
    )
    def test_else_it_is_an_image_alone(
        self,
        client: FlaskClient,
        session,  # type: ignore[no-untyped-def]
        site: str,
        path: str,
        headers: dict[str, str],
    ) -> None:
        answer = self.image(client, site, path, **headers)

        assert answer.status_code == 200
        assert answer.headers["X-Consent"].startswith("not counted")
        assert not counted(session)

    def test_an_unknown_site_has_none(self, client: FlaskClient) -> None:
        assert self.image(client, "nowhere", "/").status_code == 404


class TestBounds:
    def add(
        self, session, bounds: Bounds, values: dict[tuple[str, str], int], dimension: str
    ) -> None:  # type: ignore[no-untyped-def]
        day = date(2026, 11, 20)
        sums = Sums(
            {("07sor", (day, dimension, value, onward)): n for (value, onward), n in values.items()}
        )
        sums["07sor", (day, "total", "views", "")] = sum(values.values())
        with session.get_bind().begin() as connection:
            hits.add(connection, sums, bounds)

    def stored(self, session, dimension: str) -> dict[tuple[str, str], int]:  # type: ignore[no-untyped-def]
        query = select(Counter.value, Counter.onward, Counter.count)
        rows = session.execute(query.where(Counter.dimension == dimension))
        return {(value, onward): count for value, onward, count in rows}

    @given(
        st.lists(st.dictionaries(st.integers(0, 30), st.integers(1, 9), max_size=12), max_size=8),
        st.integers(1, 3),
    )
    @settings(
        max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_so_many_values_and_one_for_all_others(self, session, batches, processes: int) -> None:  # type: ignore[no-untyped-def]
        session.execute(delete(Counter))
        session.commit()
        known = [Bounds(most=10) for _ in range(processes)]
        for number, batch in enumerate(batches):
            values = {(f"/{page}", ""): times for page, times in batch.items()}
            self.add(session, known[number % processes], values, "page")

        stored = self.stored(session, "page")
        session.rollback()
        assert len(stored.keys() - {(OTHER, "")}) <= 10
        assert sum(stored.values()) == sum(sum(batch.values()) for batch in batches)

    def test_a_value_that_has_a_name_keeps_it(self, session) -> None:  # type: ignore[no-untyped-def]
        bounds = Bounds(most=2)
        for values in ({"/a": 1, "/b": 1}, {"/c": 5, "/a": 2}, {"/a": 1}):
            self.add(session, bounds, {(page, ""): n for page, n in values.items()}, "page")

        assert self.stored(session, "page") == {("/a", ""): 4, ("/b", ""): 1, (OTHER, ""): 5}

    def test_a_way_that_is_too_much_still_leaves_its_page(self, session) -> None:  # type: ignore[no-untyped-def]
        bounds = Bounds(most=2)
        self.add(session, bounds, {("/a", ""): 3, ("/b", ""): 1}, "page")
        self.add(session, bounds, {("/a", "/b"): 2, ("/a", "/c"): 1}, "flow")
        self.add(session, bounds, {("/a", "/d"): 1, ("/e", "/f"): 1}, "flow")

        assert self.stored(session, "flow") == {
            ("/a", "/b"): 2,
            ("/a", "/c"): 1,
            ("/a", OTHER): 1,
            (OTHER, OTHER): 1,
        }


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/bruker/42", "/bruker/…"),
        ("/faktura-1042.pdf", "/…"),
        ("/kunde-4711", "/…"),
        ("/user123", "/…"),
        ("/x8f3k2m9", "/…"),
        ("/K7Q2P9ZX", "/…"),
        ("/dQw4w9WgXcQ", "/…"),
        ("/AbCdEfGhIjKlMnO", "/…"),
        ("/kari＠example.no", "/…"),
        ("/kari%252540example.no", "/…"),
        ("/festival-2026", "/festival-2026"),
        ("/2026", "/2026"),
        ("/windows11", "/windows11"),
        ("/mp3-spiller", "/mp3-spiller"),
        ("/OmOss", "/OmOss"),
        ("/topp-10-tips", "/topp-10-tips"),
        ("/faktura-20261042.pdf", "/…"),
        ("/tlf/+47%2038%2012%2039%2000", "/tlf/…"),
        ("/u/kari%40example.no", "/u/…"),
        ("/u/kari%2540example.no", "/u/…"),
        ("/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x-y_z", "/…"),
        ("/s/aB3_dE6-gH9jK1mN4pQ7", "/s/…"),
        ("/del-12/side-2", "/del-12/side-2"),
        ("/windows-11", "/windows-11"),
        ("/søk%3Fnavn=kari", "/…"),
        ("/01011912345", "/…"),
        ("/deadbeef01", "/…"),
    ],
)
def test_what_looks_like_somebody_is_hidden(path: str, cleaned: str) -> None:
    assert cleaning.path(path) == cleaned
