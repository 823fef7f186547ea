"""Hits on their way to the counters: summed up in a file that survives the death of the process.

A hit is answered once its cells are counted in a file that is mapped into memory: what is written there belongs to the
kernel, and stays when the process is killed. The file holds sums of cells, as the counters do, and no record of a page
view; while it holds one page view only, its sums are those. Several times a second the sums are added to the counters
in one transaction, and the file is removed. That transaction also stores the file's number, so that the sums are added
once, whenever a process dies or a connection breaks. A file whose process died is merged by another, or by the next
that starts.

Space is bounded: while the database is away a process fills a few files, and then turns hits away.
"""

import errno
import fcntl
import json
import mmap
import os
import re
import threading
import time
import uuid
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from consent.core import log_throttle
from consent.core.errors import Overloaded
from consent.counting.counters import Cell, Sums

# Adds the sums of a process's file, which has this number, to the counters, unless that is done.
Merge = Callable[[uuid.UUID, int, Sums], object]

# Bytes of a file: some thousand different cells.
SIZE = 1 << 20
# Files of a process that wait for the database.
MOST_WAITING = 8
# Seconds between two merges, and after one that failed.
PACE = 0.1
PACE_AFTER_ERROR = 1.0
# Seconds without a hit after which the thread ends. The next hit starts one.
IDLE = 10.0

WORD = 8
SUFFIX = ".sums"
NAME = re.compile(rf"[0-9a-f-]{{36}}\.\d+{re.escape(SUFFIX)}")


class Journal:
    """The files of one process, and the thread that merges them. It begins with a hit, so a server may fork before."""

    def __init__(self, folder: Path, merge: Merge) -> None:
        self._folder = folder
        self._merge = merge
        self._process: uuid.UUID | None = None
        self._number = 0
        # Held while a hit is counted, and while `_file` or `_merger` is replaced; never while waiting for a disk.
        self._lock = threading.Lock()
        self._file: File | None = None
        self._full: deque[File] = deque()
        self._merger: threading.Thread | None = None
        # Held while `_file` is replaced, and the file made for that. Only the thread that merges removes from `_full`.
        self._making = threading.Lock()
        # Held by whoever merges.
        self._merging = threading.Lock()
        self._anything = threading.Event()

    def add(self, site: str, cells: list[Cell]) -> None:
        """Returns when the hit outlives this process. Raises Overloaded if there is no room for it."""
        while not self.add_at_once(site, cells):
            self._begin_another()

    def add_at_once(self, site: str, cells: list[Cell]) -> bool:
        """As `add`, where that waits for no disk. False, and nothing is counted: a new file is needed."""
        with self._lock:
            is_added = self._file is not None and self._file.add(site, cells)
        if is_added and not self._anything.is_set():
            self._require_merger()
        return is_added

    def _begin_another(self) -> None:
        """Puts a new file in the place of the one that has no room, or of none."""
        with self._making:
            full = self._file
            if full is not None and full.has_room:
                return  # another thread saw to it
            if len(self._full) >= MOST_WAITING:
                raise Overloaded("Too many page views wait for the database.")
            following = self._new()
            with self._lock:
                if full is not None:
                    self._full.append(full)
                self._file = following

    def _new(self) -> "File":
        self._process = self._process or uuid.uuid4()
        self._number += 1
        path = self._folder / f"{self._process}.{self._number}{SUFFIX}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self._folder):
                return File(path)
        except OSError as error:
            # Where it is kept is for whoever runs the server.
            log_throttle.log_error(
                __name__, f"Page views are kept in {self._folder}: {error.strerror}"
            )
            raise Overloaded(f"No page view can be kept: {error.strerror}.") from error

    def _require_merger(self) -> None:
        with self._lock:
            if self._merger is None or not self._merger.is_alive():  # a fork leaves threads behind
                self._merger = threading.Thread(target=self._run, name="merger", daemon=True)
                self._merger.start()
            # Under the lock: a merger that is about to end sees it.
            self._anything.set()

    def _run(self) -> None:
        while self._anything.wait(IDLE) or not self._ends():
            self._anything.clear()
            try:
                self.merge(goes_on=True)
            except Exception as error:  # whatever it is, the next hits are to be counted
                reason = getattr(error, "orig", None) or error
                log_throttle.log_error(__name__, f"Page views wait to be counted: {reason}")
                self._anything.set()
                time.sleep(PACE_AFTER_ERROR)
            else:
                time.sleep(PACE)

    def _ends(self) -> bool:
        with self._lock:
            if self._anything.is_set():
                return False
            self._merger = None
            return True

    def merge(self, goes_on: bool = False) -> None:
        """Adds to the counters all that was counted here until now, and what dead processes left. If it `goes_on`, the
        next hits find a file.

        Raises SQLAlchemyError and OSError. What is not merged then waits for the next time.
        """
        with self._merging:
            for file in self._until_now(goes_on):
                self._merge(*_of(file.path), file.sums())
                file.remove()
            for path, sums in _abandoned(self._folder):
                self._merge(*_of(path), sums)
                path.unlink()

    def settle(self) -> None:
        """Merges, for whoever goes on all the same where that fails: it is said, and done later."""
        try:
            self.merge()
        except Exception as error:
            reason = getattr(error, "orig", None) or error
            log_throttle.log_error(__name__, f"Page views wait to be counted: {reason}")

    def _until_now(self, goes_on: bool) -> "Iterator[File]":
        """The full files and the one that is being filled. Each stays until the caller asks for the next."""
        for _ in range(len(self._full) + 1):
            if not self._full:
                self._take(goes_on)
                if not self._full:
                    return
            yield self._full[0]
            self._full.popleft()

    def _take(self, goes_on: bool) -> None:
        """Puts the file that is being filled among the full ones."""
        with self._making:
            following = None
            if goes_on and self._file is not None:
                with suppress(Overloaded):
                    following = self._new()
            with self._lock:
                if self._file is not None:
                    self._full.append(self._file)
                self._file = following


class File:
    """Sums of cells. Each takes a count, the length of a name, and the name.

    A lock is held on the file as long as its process lives.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            # Written, not only stretched: that the disk is full must show now, not in the middle of a hit.
            if os.write(self._descriptor, bytes(SIZE)) < SIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            self._map = mmap.mmap(self._descriptor, SIZE)
        except OSError:
            os.close(self._descriptor)
            path.unlink()
            raise
        self._words = memoryview(self._map).cast("Q")
        # Where in `_words` the count of a site's cell is.
        self._places: dict[str, dict[Cell, int]] = {}
        self._end = 0
        # Whether it has not turned a hit away yet.
        self.has_room = True

    def add(self, site: str, cells: list[Cell]) -> bool:
        """Counts each of the cells once more. False, and nothing is counted, if there is no room for the new ones."""
        places = self._places.setdefault(site, {})
        try:
            found = [places[cell] for cell in cells]
        except KeyError:
            if not self._make_room(site, [cell for cell in cells if cell not in places]):
                self.has_room = False
                return False
            found = [places[cell] for cell in cells]
        words = self._words
        for place in found:
            words[place] += 1
        return True

    def _make_room(self, site: str, cells: list[Cell]) -> bool:
        names = [_name(site, cell) for cell in cells]
        if self._end + sum(map(_space, names)) > SIZE:
            return False
        for cell, name in zip(cells, names, strict=True):
            start = self._end + 2 * WORD
            self._map[start : start + len(name)] = name
            self._words[self._end // WORD + 1] = len(name)
            self._places[site][cell] = self._end // WORD
            self._end += _space(name)
        return True

    def sums(self) -> Sums:
        return _sums(memoryview(self._map))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._words.release()
        self._map.close()
        os.close(self._descriptor)


def _name(site: str, cell: Cell) -> bytes:
    day, *rest = cell
    return json.dumps([site, day.isoformat(), *rest]).encode()


def _space(name: bytes) -> int:
    return (2 + -(-len(name) // WORD)) * WORD


def _sums(content: memoryview) -> Sums:
    sums: Sums = Tally()
    words, end = content.cast("Q"), 0
    while end + 2 * WORD <= len(content) and (length := words[end // WORD + 1]):
        start = end + 2 * WORD
        name = bytes(content[start : start + length])
        try:
            site, day, dimension, value, onward = json.loads(name)
            cell = (date.fromisoformat(day), dimension, value, onward)
        except ValueError:
            break  # a power cut may have kept the page with the length, and lost the one with the name
        sums[site, cell] = words[end // WORD]
        end += _space(name)
    return +sums


def _of(path: Path) -> tuple[uuid.UUID, int]:
    process, number, _ = path.name.split(".")
    return uuid.UUID(process), int(number)


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _abandoned(folder: Path) -> Iterator[tuple[Path, Sums]]:
    """The files whose process is gone, in their order; none while another process is at it."""
    if not folder.exists():
        return
    turn = folder / "recovery"
    turn.touch(mode=0o600)
    with suppress(BlockingIOError), _locked(turn, fcntl.LOCK_EX | fcntl.LOCK_NB):
        with _locked(folder):  # nobody makes a file meanwhile, and has not locked it yet
            found = [
                each for each in folder.iterdir() if NAME.fullmatch(each.name) and _is_free(each)
            ]
        for path in sorted(found, key=_of):
            yield path, _sums(memoryview(path.read_bytes()))


def _is_free(path: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError), _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
        # Its owner removes it before he gives up the lock.
        return path.exists()
    return False
