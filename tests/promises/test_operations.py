"""Health, headers, settings, schema, and the promises of the docs."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskClient

from consent.app import create_app
from consent.core import settings
from consent.core.db import Base, db
from consent.core.settings import SettingError, Settings, variable
from tests.conftest import KEY

ROOT = Path(__file__).parents[2]


def test_a_live_and_ready_server_says_so(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.data) == (200, b"ok\n")
        assert answer.headers["Cache-Control"] == "no-store"


def test_without_its_schema_it_is_not_ready(tmp_path: Path) -> None:
    app = create_app({"secret_keys": (KEY,), "database": f"sqlite:///{tmp_path}/empty.db"})

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert b"consent migrate" in answer.data


def test_without_a_database_it_is_not_ready(tmp_path: Path) -> None:
    app = create_app({"secret_keys": (KEY,), "database": f"sqlite:///{tmp_path}/no/such/folder.db"})

    assert app.test_client().get("/readyz").status_code == 503
    assert app.test_client().get("/healthz").status_code == 200


def test_migrations_make_the_tables_that_the_models_describe(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_an_installed_server_finds_its_database_where_it_was(app: Flask) -> None:
    # Flask names the folder of an installed package after this: var/consent-instance.
    assert app.import_name == "consent"


@pytest.mark.sqlite
def test_sqlite_syncs_at_each_commit(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_headers_of_a_visitor_page_in_full(client: FlaskClient) -> None:
    headers = dict(client.get("/privacy/07sor/", base_url="https://consent.example").headers)
    headers.pop("Content-Length")

    assert headers == {
        "Content-Type": "text/html; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Cookie, Sec-GPC, DNT",
    }


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "CONSENT_SECRET_KEYS is not set"),
        (
            {"CONSENT_SECRET_KEYS": "short"},
            "CONSENT_SECRET_KEYS: each key needs at least 32 characters",
        ),
        (
            {"CONSENT_SECRET_KEYS": KEY, "CONSENT_PORT": "http"},
            "CONSENT_PORT: 'http' is not a whole number",
        ),
        (
            {"CONSENT_SECRET_KEYS": KEY, "CONSENT_PUBLIC_URL": "consent.example"},
            "CONSENT_PUBLIC_URL: ",
        ),
        ({"CONSENT_SECRET_KEYS": KEY, "CONSENT_DATABSE": "x"}, "CONSENT_DATABSE: no such setting"),
        ({"CONSENT_SECRET_KEYS_FILE": "/no/such/file"}, "CONSENT_SECRET_KEYS_FILE: cannot read"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        settings.read(environ)


@pytest.mark.parametrize("name", ["WORKERS", "THREADS", "CONNECTIONS", "EMBED_LIMIT"])
def test_no_number_is_negative(name: str) -> None:
    with pytest.raises(SettingError, match=f"CONSENT_{name}: -1 is too small"):
        settings.read({f"CONSENT_{name}": "-1", "CONSENT_SECRET_KEYS": KEY})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")

    assert settings.read({"CONSENT_SECRET_KEYS_FILE": str(tmp_path / "key")}).secret_keys == (KEY,)


def test_a_missing_isp_database_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="CONSENT_ISP_DATABASE"):
        create_app({"secret_keys": (KEY,), "isp_database": str(tmp_path / "absent.mmdb")})


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/settings.md").read_text()

    for name, field in Settings.__dataclass_fields__.items():
        assert f"`{variable(name)}`" in text
        assert field.metadata["meaning"] in text


def test_the_version_of_htmx_is_the_one_that_is_tested() -> None:
    from consent.web.security import HTMX_VERSION

    assert f'"htmx.org": "{HTMX_VERSION}"' in (ROOT / "package.json").read_text()
