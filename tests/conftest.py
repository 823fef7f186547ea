"""Fixtures: an application on a fresh database, with the demo's site and an invented shop published."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine
from werkzeug.routing import Rule

from consent import cli
from consent.app import create_app
from consent.core.db import db, migrate
from consent.core.settings import database_url
from consent.counting.networks import Networks
from consent.demo import SITE_FILE
from consent.ledger import decisions
from consent.ledger.decisions import Decided
from consent.notice import publishing
from consent.people import api_tokens, staff
from tests import factories, postgres
from tests.mailbox import FROM, SERVER, Mailbox, serving, wait_for_letters

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

HERE = Path(__file__).parent
KEY = "a-key-for-tests-that-is-long-enough-000"
ORIGIN = "http://127.0.0.1:8081"
# Makes a database for the test, a copy of another if that is given, and returns its URL.
NewDatabase = Callable[..., str]
# Its exit code, what it printed, and what it complained of.
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """What makes guessing passwords slow would make the tests slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_routes() -> Iterator[None]:
    """Werkzeug compiles each route for each application, half of what making one takes; here all are the same."""
    made: dict[tuple[object, ...], Any] = {}
    compile_builder = Rule._compile_builder

    def remember(rule: Rule, append_unknown: bool = True) -> Any:
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", remember)
        yield


class Compiled(BytecodeCache):
    """The code of each template, which every application would compile anew: a fifth of the time of pages' tests."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


compiled = Compiled()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="The kind of database that the tests run on.",
    )


# They use a database, and are about files, scripts and texts, or about questions that other tests ask as well.
SAME_ON_EACH_DATABASE = {
    "banner/test_script.py",
    "banner/test_types.py",
    "core/test_translations.py",
    "counting/test_cleaning.py",
    "counting/test_networks.py",
    "counting/test_robots.py",
    "counting/test_weblog_formats.py",
    "ledger/test_first_party.py",
    "notice/test_change_words.py",
    "notice/test_dpv.py",
    "notice/test_facts.py",
    "people/test_provider.py",
    "promises/test_anonymity.py",
    "promises/test_bodies.py",
    "promises/test_no_paths.py",
    "server/test_connection.py",
    "server/test_slow_clients.py",
    "site/test_known_services.py",
    "site/test_schema_check.py",
    "site/test_schema_words.py",
    "site/test_signals.py",
    "web/test_install_page.py",
    "web/test_labels.py",
    "web/test_openapi.py",
    "web/test_staff_page_sizes.py",
    "web/test_templates.py",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        uses_one = "databases" in getattr(item, "fixturenames", ())
        if not uses_one or item.path.relative_to(HERE).as_posix() in SAME_ON_EACH_DATABASE:
            item.add_marker(pytest.mark.same)
    others = {"sqlite", "postgresql"} - {config.option.database}
    for item in items:
        for other in others:
            if item.get_closest_marker(other):
                item.add_marker(pytest.mark.skip(reason=f"about {other} itself"))


class Sqlite:
    """Databases as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str, template: str | None = None) -> str:
        """The URL of a new database: an empty one, or a copy of another."""
        path = self._folder / f"{name}.db"
        if template:
            shutil.copy(template.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        for path in self._folder.glob(f"{Path(url).stem}.db*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class Postgres:
    """Databases of one server, whose names no other run of the tests has."""

    def __init__(self, url: str) -> None:
        self._server = url
        self._engine = create_engine(
            database_url(url), isolation_level="AUTOCOMMIT", pool_pre_ping=True
        )
        self._run = f"samtykke_{os.getpid()}_{uuid.uuid4().hex[:8]}"

    def make(self, name: str, template: str | None = None) -> str:
        made = f"{self._run}_{name}"
        self._execute(f"CREATE DATABASE {made} TEMPLATE {_name(template) or 'template0'}")
        return f"{self._server.rpartition('/')[0]}/{made}"

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def close(self) -> None:
        self._engine.dispose()

    def _execute(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


def _name(url: str | None) -> str:
    return (url or "").rpartition("/")[2]


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sqlite | Postgres]:
    if request.config.option.database == "sqlite":
        yield Sqlite(tmp_path_factory.mktemp("databases"))
    else:
        with postgres.server() as url:
            made = Postgres(url)
            yield made
            made.close()


@pytest.fixture
def new_database(databases: Sqlite | Postgres) -> Iterator[NewDatabase]:
    """Makes databases for one test; each call gives the URL of another."""
    made: list[str] = []

    def make(template: str | None = None) -> str:
        made.append(databases.make(f"t{uuid.uuid4().hex[:12]}", template))
        if template:
            copies.add(made[-1])
        return made[-1]

    yield make
    for url in made:
        databases.drop(url)


@pytest.fixture
def settings(new_database: NewDatabase, published: str) -> dict[str, Any]:
    return {
        "secret_keys": (KEY,),
        "database": new_database(published),
        # Websites and receivers of tests are on this machine.
        "inside_hosts": ("127.0.0.1",),
        # Nobody is at more than one address.
        "embed_limit": 0,
        "view_limit": 0,
    }


@pytest.fixture(scope="session")
def published(databases: Sqlite | Postgres) -> Iterator[str]:
    """A database with the demo's site `07sor` and the invented shop `krukke`, made once and copied."""
    yield from publish_once(databases, SITE_FILE.read_text(), factories.shop())


def publish_once(databases: Sqlite | Postgres, *sources: str) -> Iterator[str]:
    url = databases.make(f"published_{uuid.uuid4().hex[:8]}")
    app = make_app({"secret_keys": (KEY,), "database": url})
    with app.app_context():
        for source in sources:
            # Its script too, so that it is composed once.
            app.test_client().get(f"/e/{publish(source).version.site}.js")
        db.session.remove()
        db.engine.dispose()
    yield url
    databases.drop(url)


@pytest.fixture
def app(settings: dict[str, Any]) -> Flask:
    """The application, with both sites published."""
    return make_app(settings)


made_apps: list[Flask] = []
# Databases whose schema is current, as that of what they were copied from is.
copies: set[str] = set()
hits_folders = tempfile.TemporaryDirectory()


@pytest.fixture(autouse=True)
def close_connections(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of every application that the test made, before its database is dropped."""
    if "new_database" in request.fixturenames:
        request.getfixturevalue("new_database")  # so that it ends after this
    yield
    while made_apps:
        count_hits(made_apps[-1])
        with made_apps.pop().app_context():
            db.session.remove()
            db.engine.dispose()


def make_app(settings: dict[str, Any]) -> Flask:
    app = create_app({"hits_folder": f"{hits_folders.name}/{uuid.uuid4()}", **settings})
    made_apps.append(app)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled
    if settings["database"] not in copies:
        with app.app_context():
            migrate(db.engine)
    return app


def count_hits(app: Flask) -> None:
    """As the application itself does before figures are read, and several times a second."""
    app.extensions["consent_journal"].merge()


def record(*decided: Decided) -> None:
    """Stores decisions, with the application at hand."""
    decisions.record(db.session.connection(), list(decided))
    db.session.commit()


def publish(source: str) -> publishing.Publication:
    return publishing.publish(db.session(), source, datetime.now(UTC))


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
        return api_tokens.issue(db.session(), "07sor", "tests", datetime.now(UTC))


@pytest.fixture
def command(
    app: Flask,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Runs `consent` on the database of the test: its exit code, and what it printed where."""
    monkeypatch.setenv("CONSENT_SECRET_KEYS", KEY)
    monkeypatch.setenv("CONSENT_DATABASE", settings["database"])

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["consent", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


PASSWORD = "correct horse battery"


@pytest.fixture
def alice(app: Flask, client: FlaskClient) -> FlaskClient:
    """Looks after 07sor, and has logged in."""
    with app.app_context():
        staff.add(db.session(), "alice@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
    client.post("/dashboard/login", data={"email": "alice@example.no", "password": PASSWORD})
    return client


# Logs somebody in, in a browser of their own.
Person = Callable[[str], FlaskClient]


@pytest.fixture
def person(app: Flask) -> Person:
    """Olga owns 07sor, Erik and Eva edit it, Vera views it; Sam owns the shop."""
    with app.app_context():
        for name, site, role in (
            ("olga", "07sor", "owner"),
            ("erik", "07sor", "editor"),
            ("eva", "07sor", "editor"),
            ("vera", "07sor", "viewer"),
            ("sam", "krukke", "owner"),
        ):
            email = f"{name}@example.no"
            staff.add(db.session(), email, PASSWORD, [site], datetime.now(UTC), role)

    def log_in(name: str) -> FlaskClient:
        client = app.test_client()
        data = {"email": f"{name}@example.no", "password": PASSWORD}
        assert client.post("/dashboard/login", data=data).status_code == 303
        return client

    return log_in


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """A mail server, and its address."""
    with serving() as found:
        yield found


@pytest.fixture
def box(mailbox: tuple[Mailbox, str]) -> Mailbox:
    return mailbox[0]


@pytest.fixture
def mailing(settings: dict[str, Any], mailbox: tuple[Mailbox, str]) -> Iterator[dict[str, Any]]:
    """Settings of a server that sends e-mail."""
    yield {**settings, "smtp_url": mailbox[1], "mail_from": FROM, "public_url": SERVER}
    wait_for_letters()


@pytest.fixture
def networks(app: Flask, tmp_path: Path) -> None:
    """A database of two networks."""
    path = factories.isp_database(tmp_path / "isp.mmdb")
    app.extensions["consent_networks"] = Networks(str(path))
