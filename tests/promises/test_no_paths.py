"""No answer tells where the server keeps its files, what it asks its database, or how its program is made.

Every address is asked, with odd values too, by nobody, by an owner and by a program with a token, while one thing
after another is broken.
"""

import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import maxminddb
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BaseLoader, Environment, TemplateSyntaxError
from sqlalchemy import event, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from consent.core import paths
from consent.core.db import Base, db
from consent.models import Version
from consent.people import api_tokens, staff
from consent.web import security
from tests import factories
from tests.conftest import PASSWORD, made_apps, make_app
from tests.promises.test_access import ARGUMENTS

# What no answer says, besides places.
TOLD = re.compile(
    r"Traceback|site-packages|File \"|\.py\b|sqlite:|postgres(ql)?(\+psycopg)?:|sqlalchemy|sqlite3?\."
    r"|\bSELECT\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|PRAGMA|no such table|psycopg"
)
# What does not belong where a key, a number or a token stands.
ODD = ("-1", "9" * 30, "%00", "..%2F..%2Fetc%2Fpasswd", "%ff'\"><x>")
QUERIES = (
    {},
    {
        **dict.fromkeys(("from", "to", "by", "cursor", "limit", "version", "q", "country"), "'x\0"),
        **dict.fromkeys(("lang", "next", "language", "old", "number", "page", "per"), "../\u202e"),
    },
    {"from": "0001-01-01", "to": "9999-12-31", "by": "day", "limit": "9" * 30, "version": "9" * 30},
)
FORM = {
    **dict.fromkeys(("email", "password", "current", "code", "token", "text", "source"), "x\0'"),
    **dict.fromkeys(("version", "id", "visitor", "role", "url", "name", "index"), "9" * 30),
}


@pytest.fixture
def app(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    isp = factories.isp_database(tmp_path / "isp.mmdb")
    made = make_app({**settings, "isp_database": str(isp), "hits_folder": str(tmp_path / "hits")})
    # As in earnest: what nobody foresaw is answered.
    made.testing = False
    monkeypatch.setattr(security.limiter, "enabled", False)
    # Its database may be broken by then.
    made_apps.remove(made)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


Ask = Callable[..., list[TestResponse]]


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Asks every address as somebody who may: an owner, or a program with a token."""
    with app.app_context():
        staff.add(db.session(), "olga@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
        token = api_tokens.issue(db.session(), "07sor", "tests", datetime.now(UTC))
    nobody, owner, program = (app.test_client() for _ in range(3))
    owner.post("/dashboard/login", data={"email": "olga@example.no", "password": PASSWORD})
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def all_of_it(odd: Sequence[str] = ODD[:1], queries: Any = QUERIES[:1]) -> list[TestResponse]:
        found = [nobody.open(path, method=how) for path, how in OTHERS] + hot(nobody)
        for rule in app.url_map.iter_rules():
            who = program if rule.rule.startswith("/api") else owner
            if rule.endpoint not in ("dashboard.log_out", "account.end_others"):
                found += of_rule(who, rule, odd, queries)
        return found

    return all_of_it


OTHERS = (
    ("/", "GET"),
    ("/no/such/page", "GET"),
    ("/e/no-site.js", "GET"),
    ("/e/07sor.js", "GET"),
    ("/static/../consent/cli.py", "GET"),
    ("/static/%2e%2e/pyproject.toml", "GET"),
    ("/dashboard/07sor/", "GET"),
    ("/api/v1/sites/07sor/stats/visits", "GET"),
    ("/privacy/07sor/", "DELETE"),
)


def hot(client: FlaskClient) -> list[TestResponse]:
    bodies = ("", "{", "[" * 9000, "x" * 20_000, '{"path": "/"}', "\0", factories.decision())
    return [
        factories.post_json(client, f"/e/07sor/{path}", body)
        for path in ("hits", "decisions", "cookie")
        for body in bodies
    ]


def of_rule(
    client: FlaskClient, rule: Rule, odd: Sequence[str], queries: Sequence[dict[str, str]]
) -> list[TestResponse]:
    method = "POST" if "POST" in (rule.methods or ()) else "GET"
    form = FORM if method == "POST" else None
    asked = [(path(rule, {}), query) for query in queries]
    asked += [(path(rule, {name: each}), {}) for each in odd for name in rule.arguments]
    found = [
        client.open(where, method=method, query_string=query, data=form) for where, query in asked
    ]
    return [*found, client.open(path(rule, {}), method="PUT")]


def path(rule: Rule, values: dict[str, str]) -> str:
    """As somebody types it, whatever the rule would take."""
    given = {"language": "nb", "name": "notice", "what": "visits", "client": "autoconsent"}
    known = {**given, **ARGUMENTS, **values}
    return re.sub(r"<(?:[^<>:]*:)?(\w+)>", lambda found: str(known.get(found[1], "x")), rule.rule)


def drop(app: Flask, kept: Collection[str] = ()) -> None:
    with app.app_context():
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in kept:
                table.drop(db.engine)


def on_each_connection(app: Flask, statement: str) -> None:
    with app.app_context():
        db.session.remove()
        with db.engine.connect() as connection:
            # No page of the file is free.
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
        db.engine.dispose()
        event.listen(db.engine, "connect", lambda found, _: found.execute(statement))


def damage(app: Flask, **columns: Any) -> None:
    """What is stored of each version."""
    with app.app_context():
        db.session.execute(update(Version).values(columns))
        db.session.commit()
    app.extensions["consent_memory"].forget()


class Broken(BaseLoader):
    """Templates with a mistake, whose message names their file."""

    def __init__(self, inner: BaseLoader, but: tuple[str, ...]) -> None:
        self._inner, self._but = inner, but

    def get_source(self, environment: Environment, template: str) -> Any:
        if template.startswith(self._but):
            return self._inner.get_source(environment, template)
        raise TemplateSyntaxError("unexpected '}'", 1, template, str(paths.TEMPLATES / template))


def break_templates(app: Flask, *but: str) -> None:
    inner = app.jinja_env.loader
    assert inner
    app.jinja_env.loader = Broken(inner, but)
    assert app.jinja_env.cache is not None
    app.jinja_env.cache.clear()


class BadFile:
    def get(self, _: object) -> object:
        raise maxminddb.InvalidDatabaseError(f"Bad data in {paths.ROOT}/isp.mmdb")


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "hits", ignore_errors=True)
    (folder / "hits").touch()


FAULTS: dict[str, Callable[[Flask, Path], object]] = {
    "no tables but those of staff": lambda app, _: drop(
        app, ("staff", "staff_sessions", "memberships")
    ),
    "no tables": lambda app, _: drop(app),
    "a site file of another program": lambda app, _: damage(app, content={"site": 1}),
    "a site file that is none": lambda app, _: damage(app, content=[], source="["),
    "templates": lambda app, _: break_templates(app, "base", "_", "errors/"),
    "the file of networks": lambda app, _: setattr(
        app.extensions["consent_networks"], "_reader", BadFile()
    ),
    "the folder of hits": lambda _, folder: no_folder(folder),
}
OF_SQLITE = {
    "a read-only database": "PRAGMA query_only = ON",
    "a full disk": "PRAGMA max_page_count = 1",
}


def require_nothing_told(app: Flask, answers: list[TestResponse], folder: Path) -> None:
    database = app.extensions["consent_settings"].database
    places = [str(paths.ROOT), str(Path.home()), str(folder), database, database.split("///")[-1]]
    for each in answers:
        said = f"{each.status}\n{each.headers}\n{each.get_data().decode(errors='replace')}"
        each.close()
        told = TOLD.search(said) or next((place for place in places if place in said), None)
        assert not told, f"{each.request.method} {each.request.path}: {told}"


def test_odd_values_are_told_nothing_and_break_nothing(
    app: Flask, ask: Ask, tmp_path: Path
) -> None:
    found = ask(ODD, QUERIES)
    require_nothing_told(app, found, tmp_path)
    broken = [(each.request.method, each.request.url) for each in found if each.status_code >= 500]
    assert broken == []


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_broken_is_not_told(app: Flask, ask: Ask, tmp_path: Path, fault: str) -> None:
    FAULTS[fault](app, tmp_path)
    require_nothing_told(app, ask(), tmp_path)


@pytest.mark.sqlite
@pytest.mark.parametrize("fault", OF_SQLITE)
def test_nor_what_cannot_be_written(app: Flask, ask: Ask, tmp_path: Path, fault: str) -> None:
    on_each_connection(app, OF_SQLITE[fault])
    # What is left of the last page is used up.
    found = [factories.decide(app.test_client()) for _ in range(60)] + ask()
    require_nothing_told(app, found, tmp_path)
    assert 503 in {each.status_code for each in found}
