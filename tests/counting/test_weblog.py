"""`consent import-log`: the page views in a web server's log, counted once."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from consent.core.db import db
from consent.core.periods import Period
from consent.counting import hits, weblog
from consent.site import versions
from consent.stats import closing, visits
from tests.conftest import Command
from tests.factories import CHROME, GOOGLEBOT

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def line(
    path: str = "/",
    referrer: str = "-",
    agent: str = CHROME,
    moment: str = "20/Nov/2026:08:00:00 +0100",
    request: str = "GET {} HTTP/1.1",
    status: int = 200,
) -> str:
    return f'203.0.113.9 - kari [{moment}] "{request.format(path)}" {status} 512 "{referrer}" "{agent}"\n'


@pytest.fixture
def imported(app: Flask, command: Command, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Imports a log of these lines, and gives what was said, and the figures by page."""

    def run(lines: list[str], name: str = "access.log") -> tuple[str, dict[str, int]]:
        path = tmp_path / name
        content = "".join(lines).encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        with time_machine.travel(NOW, tick=False):
            code, said, complaint = command("import-log", "07sor", str(path))
        assert code == 0, complaint
        return said, pages(app)

    return run


def pages(app: Flask, by: visits.By = "page", now: datetime = NOW) -> dict[str, int]:
    period = Period(datetime(2026, 11, 1, tzinfo=UTC).date(), now.date())
    with app.app_context():
        found = visits.answer(db.session(), "07sor", period, by, now)
        return {row.value: row.count for row in found.rows}


def test_a_line_without_end_is_read_in_pieces(app: Flask, imported) -> None:  # type: ignore[no-untyped-def]
    said, found = imported([line("/video")] * 6 + ["x" * 200_000 + "\n"] + [line("/video")] * 6)

    assert "2 unreadable" in said
    assert found["/video"] == 12


@pytest.mark.parametrize("name", ["access.log", "access.log.1.gz"])
def test_page_views_become_figures(app: Flask, imported, name: str) -> None:  # type: ignore[no-untyped-def]
    lines = [line("/tjenester?navn=kari", "https://www.google.com/search?q=hemmelig")] * 12
    lines += [line("/video", "http://127.0.0.1:8081/tjenester")] * 11

    said, found = imported(lines, name)

    assert "23 page views counted" in said
    assert found == {"/tjenester": 12, "/video": 11}
    assert pages(app, "referrer") == {"google.com": 12}
    assert pages(app, "hour") == {"08": 23}
    assert pages(app, "language") == {}


@pytest.mark.parametrize(
    "odd",
    [
        line("/style.css"),
        line("/bilde.JPG?v=2"),
        line(agent=GOOGLEBOT),
        line(agent="curl/8.5.0"),
        line(agent="-"),
        line(status=404),
        line(status=301),
        line(request="POST {} HTTP/1.1"),
        line(request="HEAD {} HTTP/1.1"),
        line(request="GET https://other.example{} HTTP/1.1"),
    ],
)
def test_what_nobody_viewed_is_not_counted(imported, odd: str) -> None:  # type: ignore[no-untyped-def]
    said, found = imported([line()] * 12 + [odd] * 12)

    assert "12 page views counted" in said
    assert "12 not page views" in said
    assert found == {"/": 12}


def test_a_file_counts_once_whatever_it_is_called(imported) -> None:  # type: ignore[no-untyped-def]
    imported([line()] * 12, "access.log")
    said, found = imported([line()] * 12, "access.log.1")

    assert "0 page views counted, 12 counted before" in said
    assert found == {"/": 12}


def test_an_import_that_was_stopped_goes_on(
    imported, monkeypatch: pytest.MonkeyPatch, command: Command, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(weblog, "LINES_AT_ONCE", 10)
    real, calls = hits.merge, []

    def stopped(*arguments: object) -> bool:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(hits, "merge", stopped)
    path = tmp_path / "access.log"
    path.write_text(line() * 45)
    with time_machine.travel(NOW, tick=False):
        assert command("import-log", "07sor", str(path))[0] == 130
    monkeypatch.setattr(hits, "merge", real)
    said, found = imported([line()] * 45)

    assert "25 page views counted, 20 counted before" in said
    assert found == {"/": 45}


def test_lines_that_are_none_and_times_that_are_not_kept_are_said(imported) -> None:  # type: ignore[no-untyped-def]
    said, found = imported(
        [line()] * 12
        + ["what is this\n", line(moment="31/Feb/2026:08:00:00 +0100"), "\udcff\udcfe\n"]
        + [line(moment="01/Jan/2019:08:00:00 +0100"), line(moment="01/Jan/2027:08:00:00 +0100")]
    )

    assert "17 lines" in said
    assert "3 unreadable" in said
    assert "2 older than" in said
    assert found == {"/": 12}


def test_a_file_that_is_not_there_is_said(command: Command) -> None:
    code, _, said = command("import-log", "07sor", "/nowhere.log")

    assert code != 0
    assert "/nowhere.log" in said


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip at all",
        gzip.compress(b"x" * 5000)[:-20],
        gzip.compress(b"x" * 5000)[:15] + b"zzzzzzzzzzzzzzzzzz",
    ],
    ids=["not gzip", "cut off", "damaged"],
)
def test_a_file_that_is_not_whole_is_said(command: Command, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "access.log.gz"
    path.write_bytes(content)

    code, _, said = command("import-log", "07sor", str(path))

    assert code == 1
    assert f"{path}: incomplete, or not a gzip file" in said


def test_whoever_reads_figures_meanwhile_does_not_break_it_up(
    app: Flask, imported, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(weblog, "LINES_AT_ONCE", 7)
    real = hits.merge

    def read_in_between(*arguments: object) -> bool:
        done = real(*arguments)  # type: ignore[arg-type]
        with app.app_context():
            version = versions.published(db.session(), "07sor", 1)
            closing.close_due(db.engine, "07sor", version.site_file, NOW)
        return done

    monkeypatch.setattr(hits, "merge", read_in_between)

    _, found = imported([line()] * 40)

    assert found == {"/": 40}
