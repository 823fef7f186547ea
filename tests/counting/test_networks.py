"""The name of a visitor's network, and their country, from the databases that people have."""

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from consent.app import create_app
from consent.core.settings import SettingError
from consent.counting import networks
from tests import factories
from tests.conftest import KEY, make_app
from tests.counting.test_hits import counted

# What records look like: MaxMind's GeoIP2 ISP and Enterprise and GeoLite2 ASN, DB-IP and ip-location-db, IPinfo's.
LAYOUTS: dict[str, dict[str, Any]] = {
    "GeoIP2 ISP": {"isp": "Fjordnett", "organization": "Hotell", "autonomous_system_number": 64500},
    "GeoIP2 Enterprise": {"country": {"iso_code": "NO"}, "traits": {"isp": "Fjordnett"}},
    "GeoLite2 ASN": {
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Fjordnett",
    },
    "IPinfo Lite": {"asn": "AS64500", "as_name": "Fjordnett", "country_code": "NO"},
    "IPinfo ASN": {"asn": "AS64500", "name": "Fjordnett", "domain": "fjord.example"},
}
CITIES = {"city": {"names": {"en": "Bergen"}}, "name": "Bergen"}


def database(path: Path, record: dict[str, Any]) -> str:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
    writer.insert_network(IPSet(["203.0.113.0/24"]), record)
    writer.to_db_file(str(path))
    return str(path)


@pytest.fixture
def app(settings: dict[str, Any], tmp_path: Path) -> Flask:
    path = database(tmp_path / "isp.mmdb", LAYOUTS["GeoLite2 ASN"])
    return make_app({**settings, "isp_database": path})


def view(client: FlaskClient, address: str) -> None:
    client.post(
        "/e/07sor/hits",
        data='{"path": "/"}',
        environ_base={"REMOTE_ADDR": address},
        headers={"User-Agent": factories.CHROME},
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_name_is_found_in_each_layout(
    settings: dict[str, Any], tmp_path: Path, layout: str
) -> None:
    path = database(tmp_path / "isp.mmdb", LAYOUTS[layout])
    app = make_app({**settings, "isp_database": path})
    view(app.test_client(), "203.0.113.7")

    with app.app_context():
        assert counted(app.extensions["sqlalchemy"].session)["network", "Fjordnett", ""] == 1


def test_an_ipv4_address_in_an_ipv6_one_is_known(client: FlaskClient, session) -> None:  # type: ignore[no-untyped-def]
    view(client, "::ffff:203.0.113.7")

    assert counted(session)["network", "Fjordnett", ""] == 1


def test_a_file_without_names_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = database(tmp_path / "city.mmdb", CITIES)

    with pytest.raises(SettingError) as refused:
        create_app({"secret_keys": (KEY,), "isp_database": path})

    assert "It has city, name; one of isp," in str(refused.value)


def test_a_file_that_is_damaged_while_it_is_used_is_said_and_costs_no_view(
    client: FlaskClient, session, tmp_path: Path, caplog
) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "isp.mmdb"
    whole = path.read_bytes()
    start = whole.index(b"Fjordnett") - 10
    with path.open("r+b") as file:  # as long as before: it is mapped into memory
        file.seek(start)
        file.write(b"\xff" * 20)
    view(client, "203.0.113.7")

    assert counted(session)["network", "unknown", ""] == 1
    assert "is damaged" in caplog.text


def test_what_a_file_holds_is_found_by_looking_up_alone(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """maxminddb's own iterator is not safe with a file that is damaged."""
    path = factories.isp_database(tmp_path / "some.mmdb")
    real = networks.maxminddb.open_database(path)

    class LookedUp:
        metadata, get, get_with_prefix_len = (
            real.metadata,
            real.get,
            real.get_with_prefix_len,
        )

        def __iter__(self) -> None:
            raise AssertionError

    monkeypatch.setattr(networks.maxminddb, "open_database", lambda _: LookedUp())

    assert networks.Networks(str(path)).of("198.51.100.1") == "Heimnett SA"


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 5000, b"\xab\xcd\xefMaxMind.com", b"\0" * 20 + b"\xab\xcd\xefMaxMind.com\xe0"],
)
def test_what_is_no_database_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "no.mmdb").write_bytes(data)

    with pytest.raises(SettingError, match="cannot read"):
        networks.Networks(str(tmp_path / "no.mmdb"))


def look_again(client: FlaskClient) -> None:
    """A page view has the file looked at, and goes on with what is known."""
    view(client, "198.51.100.7")
    for thread in threading.enumerate():
        if thread.name == networks.FOLLOWER:
            thread.join()


class TestChanges:
    @pytest.fixture(autouse=True)
    def _looked_at_each_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(networks, "FRESH_FOR", 0)

    def test_a_new_file_is_followed(self, client: FlaskClient, session, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        database(tmp_path / "new.mmdb", {"isp": "Heimnett"})
        (tmp_path / "new.mmdb").replace(tmp_path / "isp.mmdb")
        look_again(client)
        view(client, "203.0.113.7")

        assert counted(session)["network", "Heimnett", ""] == 1

    @pytest.mark.parametrize("record", [CITIES, None])
    def test_one_that_cannot_be_used_is_said_and_changes_nothing(  # type: ignore[no-untyped-def]
        self, client: FlaskClient, session, tmp_path: Path, caplog, record: dict[str, Any] | None
    ) -> None:
        if record:
            database(tmp_path / "new.mmdb", record)
        else:
            (tmp_path / "new.mmdb").write_text("not a database")
        (tmp_path / "new.mmdb").replace(tmp_path / "isp.mmdb")
        look_again(client)
        view(client, "203.0.113.7")

        assert counted(session)["network", "Fjordnett", ""] == 1
        assert "What is known is that of the file before." in caplog.text


# MaxMind, DB-IP and IP2Location; IPinfo Lite, and its older files; ip-location-db.
COUNTRY_LAYOUTS: dict[str, dict[str, Any]] = {
    "GeoLite2 Country": {
        "continent": {"code": "EU"},
        "country": {"geoname_id": 3144096, "iso_code": "NO", "names": {"en": "Norway"}},
        "registered_country": {"iso_code": "SE"},
    },
    "GeoLite2 City": {"city": {"names": {"en": "Bergen"}}, "country": {"iso_code": "NO"}},
    "IPinfo Lite": {
        "asn": "AS64500",
        "country": "Norway",
        "country_code": "NO",
        "continent_code": "EU",
    },
    "IPinfo Country": {"country": "NO", "country_name": "Norway"},
    "ip-location-db": {"country_code": "NO"},
}


def counted_in_country(app: Flask, code: str) -> int:
    with app.app_context():
        return counted(app.extensions["sqlalchemy"].session)["country", code, ""]


class TestCountries:
    @pytest.fixture
    def app(self, settings: dict[str, Any], tmp_path: Path) -> Flask:
        path = database(tmp_path / "country.mmdb", COUNTRY_LAYOUTS["GeoLite2 Country"])
        return make_app({**settings, "country_database": path})

    @pytest.mark.parametrize("layout", COUNTRY_LAYOUTS)
    def test_the_country_is_found_in_each_layout(
        self, settings: dict[str, Any], tmp_path: Path, layout: str
    ) -> None:
        path = database(tmp_path / "country.mmdb", COUNTRY_LAYOUTS[layout])
        app = make_app({**settings, "country_database": path})
        view(app.test_client(), "203.0.113.7")

        assert counted_in_country(app, "NO") == 1

    def test_one_that_the_file_does_not_know_is_unknown(self, app: Flask) -> None:
        view(app.test_client(), "198.51.100.1")

        assert counted_in_country(app, "unknown") == 1

    def test_without_a_file_none_is_counted(self, settings: dict[str, Any]) -> None:
        app = make_app(settings)
        view(app.test_client(), "203.0.113.7")

        with app.app_context():
            found = counted(app.extensions["sqlalchemy"].session)
        assert not [each for each in found if each[0] == "country"]

    def test_a_decision_has_it_and_a_receipt_says_so(self, app: Flask) -> None:
        answer = app.test_client().post(
            "/e/07sor/decisions",
            json=factories.decision(),
            environ_base={"REMOTE_ADDR": "203.0.113.7"},
        )

        assert answer.get_json()["receipt"]["country"] == "NO"

    def test_a_file_without_countries_is_refused_with_what_it_has(self, tmp_path: Path) -> None:
        path = database(tmp_path / "isp.mmdb", LAYOUTS["GeoLite2 ASN"])

        with pytest.raises(SettingError) as refused:
            create_app({"secret_keys": (KEY,), "country_database": path})

        said = str(refused.value)
        assert said.startswith("CONSENT_COUNTRY_DATABASE: ")
        assert "has no country. It has autonomous_system_number," in said

    def test_a_new_file_is_followed(
        self, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(networks, "FRESH_FOR", 0)
        database(tmp_path / "new.mmdb", {"country_code": "SE"})
        (tmp_path / "new.mmdb").replace(tmp_path / "country.mmdb")
        look_again(app.test_client())
        view(app.test_client(), "203.0.113.7")

        assert counted_in_country(app, "SE") == 1

    def test_a_file_that_is_damaged_while_it_is_used_costs_no_decision(
        self, app: Flask, tmp_path: Path
    ) -> None:
        path = tmp_path / "country.mmdb"
        whole = path.read_bytes()
        with path.open("r+b") as file:
            # The tree stays, what it leads to is overwritten (MaxMind DB file format, "Data Section").
            file.seek(whole.index(b"\0" * 16) + 16)
            file.write(b"\xff" * 8)
        answer = app.test_client().post(
            "/e/07sor/decisions",
            json=factories.decision(),
            environ_base={"REMOTE_ADDR": "203.0.113.7"},
        )

        assert (answer.status_code, answer.get_json()["receipt"]["country"]) == (201, "unknown")
