"""Hits on their way to the counters: none lost, none twice, bounded, and on the disk nothing but sums."""

import fcntl
import json
import signal
import struct
import subprocess
import sys
import uuid
from collections import Counter as Tally
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from consent.core.db import db
from consent.core.errors import Overloaded
from consent.counting import hits, journal
from consent.counting.bounds import Bounds
from consent.counting.counters import Cell
from consent.counting.journal import Journal, Sums
from consent.models import Counter
from tests import factories
from tests.conftest import count_hits
from tests.factories import hit

# A process that is no more.
DEAD = "0192f000-0000-7000-8000-000000000000"
DAY = date(2026, 11, 25)


def cell(page: str) -> Cell:
    return (DAY, "page", page, "")


class Counters:
    """As the database: takes each file of a process once, unless it is away."""

    def __init__(self) -> None:
        self.sums: Sums = Tally()
        self.away = False
        self._last: dict[uuid.UUID, int] = {}

    def merge(self, process: uuid.UUID, number: int, sums: Sums) -> None:
        if self.away:
            raise OperationalError("", {}, Exception("away"))
        if number > self._last.get(process, 0):
            self.sums += sums
            self._last[process] = number


@pytest.fixture(autouse=True)
def only_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is merged by itself while a test looks; test_merger.py is about that."""
    monkeypatch.setattr(Journal, "_require_merger", lambda self: None)


@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from(["krukke", "07sor"]), st.lists(st.text(max_size=30), max_size=9)
            ),
            st.sampled_from(["merge", "away", "back"]),
        ),
        max_size=60,
    )
)
def test_all_that_is_taken_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[object]
) -> None:
    counters, taken = Counters(), Tally[tuple[str, Cell]]()
    kept = Journal(tmp_path_factory.mktemp("hits"), counters.merge)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "SIZE", 4096)  # so that files fill
        for step in steps:
            if step in ("away", "back"):
                counters.away = step == "away"
            elif step == "merge":
                merge(kept)
            else:
                site, pages = step  # type: ignore[misc]
                cells = [cell(page) for page in dict.fromkeys(pages)]
                try:
                    kept.add(site, cells)
                except Overloaded:
                    continue
                taken.update((site, each) for each in cells)
        counters.away = False
        merge(kept)

    assert counters.sums == taken


def merge(kept: Journal) -> None:
    with suppress(OperationalError):
        kept.merge()


def test_space_is_bounded_while_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SIZE", 4096)
    counters = Counters()
    counters.away = True
    kept = Journal(tmp_path / "hits", counters.merge)

    taken = 0
    with suppress(Overloaded):
        while taken < 10_000:
            merge(kept)
            kept.add("krukke", [cell(f"/{taken}")])
            taken += 1

    assert 0 < taken < 10_000
    assert sum(path.stat().st_size for path in (tmp_path / "hits").iterdir()) <= 4096 * (
        journal.MOST_WAITING + 1
    )
    counters.away = False
    kept.merge()
    kept.add("krukke", [cell("/again")])
    kept.merge()
    assert counters.sums.total() == taken + 1


def test_on_the_disk_is_what_the_counters_will_hold_and_who_saw_what_is_not(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two browsers and two pages: which saw which cannot be told from the file."""
    folder = Path(app.extensions["consent_settings"].hits_folder)
    first, second = factories.CHROME, factories.IPHONE
    for browsers in ((first, second), (second, first)):
        for page, browser in zip(("/a", "/b"), browsers, strict=True):
            hit(client, page, **{"User-Agent": browser})
        (path,) = folder.glob("*.sums")
        found = names(path.read_bytes())
        count_hits(app)
        assert list(folder.glob("*.sums")) == []
        with app.app_context():
            columns = Counter.site, Counter.day, Counter.dimension, Counter.value, Counter.onward
            stored = {
                (site, str(day), *rest) for site, day, *rest in db.session.execute(select(*columns))
            }
        assert found == stored


def names(content: bytes) -> set[tuple[str, ...]]:
    """All that the file says, apart from the counts."""
    text = content.replace(b"\0", b" ").decode("latin-1")
    found, at = set(), text.find("[")
    while at >= 0:
        cell, length = json.JSONDecoder().raw_decode(text[at:])
        found.add(tuple(cell))
        at = text.find("[", at + length)
    return found


DIES = """
import os, sys
from datetime import date
from pathlib import Path
from consent.counting.journal import Journal
Journal._require_merger = lambda self: None
journal = Journal(Path(sys.argv[1]), lambda process, number, sums: os.kill(os.getpid(), 9))
for _ in range(3):
    journal.add("krukke", [(date(2026, 11, 25), "page", "/", "")])
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_left_is_counted_by_another(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL

    counters = Counters()
    Journal(tmp_path, counters.merge).merge()

    assert counters.sums == {("krukke", cell("/")): 3}
    assert list(tmp_path.glob("*.sums")) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("copy.sums", b""),
        (f"{DEAD}.1.sums", struct.pack("QQ", 1, 20) + bytes(4080)),
        (f"{DEAD}.1.sums", b"\xff" * 64),
        (f"{DEAD}.1.sums", b""),
        (f"{DEAD}.2.sums", struct.pack("QQ", 1, 9) + b'["a",1,2]' + bytes(7)),
    ],
)
def test_a_file_that_nobody_can_read_stops_no_other(
    tmp_path: Path, name: str, content: bytes
) -> None:
    """A power cut may leave any part of one."""
    (tmp_path / name).write_bytes(content)
    counters = Counters()
    kept = Journal(tmp_path, counters.merge)
    kept.add("krukke", [cell("/")])

    kept.merge()

    assert counters.sums == {("krukke", cell("/")): 1}


def test_what_a_living_process_has_is_left_to_it(tmp_path: Path) -> None:
    mine, others = Counters(), Counters()
    kept = Journal(tmp_path, mine.merge)
    kept.add("krukke", [cell("/")])

    Journal(tmp_path, others.merge).merge()
    kept.merge()

    assert (mine.sums.total(), others.sums.total()) == (1, 0)


def test_a_file_that_its_owner_removes_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = Counters(), Counters()
    kept = Journal(tmp_path, mine.merge)
    kept.add("krukke", [cell("/")])
    flock, once = fcntl.flock, iter([kept.merge])

    def late(descriptor: int, how: int) -> None:
        if how & fcntl.LOCK_NB and "sums" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            next(once, lambda: None)()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    (tmp_path / "recovery").touch()
    Journal(tmp_path, others.merge).merge()

    assert (mine.sums.total(), others.sums.total()) == (1, 0)


def test_a_process_that_dies_between_commit_and_removal_counts_once(app: Flask) -> None:
    with app.app_context():
        process, sums = uuid.uuid4(), Tally({("krukke", cell("/")): 2})
        for number in (1, 1, 2, 2):
            hits.merge(db.engine, Bounds(), process, number, sums)

        assert db.session.scalar(select(Counter.count)) == 4


def test_a_folder_that_takes_nothing_is_said(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Path(app.extensions["consent_settings"].hits_folder)
    folder.touch()

    answer = hit(client)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    folder.unlink()
    # To whoever runs the server, and to nobody else.
    assert str(folder) in caplog.text
    assert str(folder) not in answer.text
    assert hit(client).status_code == 204
