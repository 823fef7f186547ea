"""Fixtures: an application on a fresh database, with the demo's site and an invented shop published."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from consent import create_app, notice, staff
from consent.db import db, migrate
from consent.demo import SITE_FILE
from consent.networks import Networks
from tests import factories

KEY = "a-key-for-tests-that-is-long-enough-000"
ORIGIN = "http://127.0.0.1:8081"


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """What makes guessing passwords slow would make the tests slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {"secret_keys": (KEY,), "database": f"sqlite:///{tmp_path}/consent.db"}


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the demo's site `07sor` and the invented shop `krukke`, made once and copied."""
    path = tmp_path_factory.mktemp("published") / "consent.db"
    app = make_app({"secret_keys": (KEY,), "database": f"sqlite:///{path}"})
    with app.app_context():
        publish(SITE_FILE.read_text())
        publish(factories.shop())
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture
def app(published: Path, settings: dict[str, Any]) -> Iterator[Flask]:
    """The application, with both sites published."""
    shutil.copy(published, settings["database"].removeprefix("sqlite:///"))
    app = make_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


def make_app(settings: dict[str, Any]) -> Flask:
    app = create_app(settings)
    app.testing = True
    app.config["RATELIMIT_ENABLED"] = False
    with app.app_context():
        migrate(db.engine)
    return app


def publish(source: str) -> notice.Publication:
    return notice.publish(db.session(), source, datetime.now(UTC))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Any]:
    with app.app_context():
        yield db.session()


@pytest.fixture
def stats_token(app: Flask) -> str:
    with app.app_context():
        return staff.issue_token(db.session(), "07sor", "tests", datetime.now(UTC))


@pytest.fixture
def networks(app: Flask, tmp_path: Path) -> None:
    """A database of two networks."""
    path = factories.isp_database(tmp_path / "isp.mmdb")
    app.extensions["consent_networks"] = Networks(str(path))
