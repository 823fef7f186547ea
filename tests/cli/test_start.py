"""What the `consent` command loads before it does anything: each part only where it is used."""

import subprocess
import sys

import pytest

from consent.core.paths import ROOT
from consent.demo import SITE_FILE

RUN = """
import sys
from consent.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print("loaded:", *sys.modules)
"""
SERVER = (
    "consent.web.dashboard",
    "consent.web.api",
    "consent.web.embed",
    "consent.web.privacy",
    "alembic",
    "flask_limiter",
    "httptools",
    "psycopg",
    "pygal",
    "uvloop",
)
CLASSIFIER = ("ua_parser", "user_agents")


def loaded(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", RUN, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.rpartition("loaded: ")[2].split())


def test_help_loads_no_library_but_its_own() -> None:
    found = loaded("--help")

    assert not found & {*SERVER, *CLASSIFIER, "flask", "sqlalchemy", "pydantic", "babel"}


def test_what_begins_the_workers_loads_nothing_of_what_they_do() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import sys, consent.server.serving; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )

    found = set(ran.stdout.split())
    assert not found & {*SERVER, *CLASSIFIER, "asyncio", "flask", "sqlalchemy"}


def test_checking_a_site_file_loads_neither_server_nor_database() -> None:
    found = loaded("check", str(SITE_FILE))

    assert not found & {*SERVER, *CLASSIFIER, "sqlalchemy"}


def test_a_log_is_imported_without_the_server(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("CONSENT_SECRET_KEYS", "a-key-for-tests-that-is-long-enough-000")
    monkeypatch.setenv("CONSENT_DATABASE", settings["database"])
    log = tmp_path / "access.log"
    log.write_text("")

    drivers = {"psycopg"} if settings["database"].startswith("postgresql") else set()
    assert not loaded("import-log", "07sor", str(log)) & {*SERVER} - drivers
