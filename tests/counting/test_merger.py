"""The thread that merges hits: it begins with a hit, goes on after an error, and ends when nothing comes."""

import threading
import uuid
from pathlib import Path

import pytest

from consent.counting import journal
from consent.counting.journal import Journal, Sums
from tests.counting.test_journal import Counters, cell


class Watched(Counters):
    """Tells when something was merged, and when it could not be."""

    def __init__(self) -> None:
        super().__init__()
        self.merged, self.failed = threading.Semaphore(0), threading.Semaphore(0)

    def merge(self, process: uuid.UUID, number: int, sums: Sums) -> None:
        try:
            super().merge(process, number, sums)
        except Exception:
            self.failed.release()
            raise
        self.merged.release()


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(journal, "IDLE", 0.01)
    monkeypatch.setattr(journal, "PACE_AFTER_ERROR", 0.01)
    return Watched()


def test_it_ends_when_nothing_comes_and_begins_with_the_next_hit(
    tmp_path: Path, counters: Watched
) -> None:
    kept, others = Journal(tmp_path, counters.merge), set(threading.enumerate())
    for number in (1, 2):
        kept.add("krukke", [cell("/")])

        assert counters.merged.acquire(timeout=5)
        assert counters.sums.total() == number
        for thread in set(threading.enumerate()) - others:
            thread.join(timeout=5)
            assert not thread.is_alive()


def test_it_goes_on_after_an_error_without_another_hit(tmp_path: Path, counters: Watched) -> None:
    counters.away = True
    Journal(tmp_path, counters.merge).add("krukke", [cell("/")])
    assert counters.failed.acquire(timeout=5)

    counters.away = False

    assert counters.merged.acquire(timeout=5)
    assert counters.sums == {("krukke", cell("/")): 1}
