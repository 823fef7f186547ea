"""An address sent with a hit or a decision is nowhere afterwards: in no table, no file, no log line."""

import ipaddress
import logging
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect

from consent.core.db import db
from consent.counting.networks import Networks
from tests import factories
from tests.conftest import count_hits, make_app, publish
from tests.factories import decision, post_json, shop

ADDRESSES = ("203.0.113.77", "2001:db8:abcd::77", "198.51.100.23")


def forms(address: str) -> list[bytes]:
    """The address as text and as bytes, and in hex."""
    parsed = ipaddress.ip_address(address)
    return [address.encode(), parsed.packed, parsed.packed.hex().encode(), parsed.exploded.encode()]


@pytest.mark.parametrize("proxies", [0, 1])
def test_no_address_stays(
    settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, proxies: int
) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level(logging.DEBUG)
    app = make_app({**settings, "trusted_proxies": proxies})
    app.extensions["consent_networks"] = Networks(
        str(factories.isp_database(tmp_path / "isp.mmdb"))
    )
    with app.app_context():
        publish(shop(**{'when = "analytics"': 'when = "always"'}))
    client = app.test_client()
    direct, through, forwarded = ADDRESSES
    for address in (direct, through):
        client.environ_base["REMOTE_ADDR"] = address
        headers = {"Origin": "https://shop.example", "X-Forwarded-For": forwarded}
        body = decision(language="en", purposes={"analytics": True, "sizing": True})
        assert post_json(client, "/e/krukke/decisions", body, **headers).status_code == 201
        assert post_json(client, "/e/krukke/hits", {"path": "/"}, **headers).status_code == 204
        client.get("/e/krukke.js", headers=headers)
        client.get("/privacy/krukke/", headers=headers)
        client.get("/nothing", headers=headers)

    stored = everything_stored(app)
    logged = caplog.text.encode()
    for address in ADDRESSES:
        for form in forms(address):
            assert form not in stored
            assert form not in logged
    assert b"/" in stored


def everything_stored(app: Flask) -> bytes:
    """What a thief of the database's files would have; on a server, of its tables."""
    count_hits(app)
    with app.app_context():
        url = db.engine.url
        if url.database and url.get_backend_name() == "sqlite":
            files = Path(url.database).parent.glob(f"{Path(url.database).name}*")
            return b"".join(path.read_bytes() for path in files)
        with db.engine.connect() as connection:
            return b"".join(
                repr(tuple(row)).encode()
                for table in inspect(connection).get_table_names()
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
            )


def test_a_forwarded_address_is_believed_only_from_a_trusted_proxy(
    settings, new_database, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    for proxies, name in ((0, "Heimnett SA"), (1, "Fjordnett AS")):
        app = make_app(
            {
                **settings,
                "database": new_database(),
                "trusted_proxies": proxies,
            }
        )
        app.extensions["consent_networks"] = Networks(
            str(factories.isp_database(tmp_path / "isp.mmdb"))
        )
        with app.app_context():
            publish(shop(**{'when = "analytics"': 'when = "always"'}))
        app.test_client().post(
            "/e/krukke/hits",
            data='{"path": "/"}',
            environ_base={"REMOTE_ADDR": "198.51.100.23"},
            headers={"X-Forwarded-For": "192.0.2.9, 203.0.113.77", "User-Agent": factories.CHROME},
        )
        assert networks_counted(app) == {name}


def networks_counted(app: Flask) -> set[str]:
    from consent.models import Counter

    count_hits(app)
    with app.app_context():
        return {row.value for row in db.session.query(Counter).filter_by(dimension="network")}


def test_no_table_has_a_column_for_one(app: Flask) -> None:
    with app.app_context():
        inspector = inspect(db.engine)
        columns = {
            f"{table}.{column['name']}"
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        }

    assert not [
        name
        for name in columns
        if name.split(".")[1] in ("ip", "address", "addr", "remote_addr", "ip_hash")
    ]
    assert not [
        name
        for name in columns
        if name.startswith("counters.") and name.split(".")[1] in ("visitor", "session")
    ]
