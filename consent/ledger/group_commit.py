"""Commits in groups: what many requests hand in at the same time is written in one transaction.

A commit that syncs a disk, or that a server far away has to answer, takes as long for a hundred rows as for one. So
items are handed to one thread of the process, by an event loop or by threads. It writes all that has gathered while it
was writing the group before, and each request is answered once its own item is committed.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from consent.core.errors import Overloaded

Item = TypeVar("Item")
Written = TypeVar("Written")

# Seconds. A request waits this long for its commit, and so long may a writer take for a group.
PATIENCE = 8.0
# Seconds without an item after which the writer ends. The next item starts one.
IDLE = 10.0
# Items that may wait: some tenths of a second of work. More come only where something floods it or the database hangs.
MOST_WAITING = 1000
# Items in one transaction.
MOST_AT_ONCE = 200

log = logging.getLogger(__name__)


class Writer(Protocol[Item, Written]):
    """What writes groups, in one thread, and what that keeps open."""

    def commit(self, items: list[Item]) -> list[Written]:
        """Commits the items of a group, and returns what each item's request is to have, in their order."""

    def close(self) -> None: ...


class Handed(Generic[Item, Written]):
    """An item on its way, and what became of it."""

    __slots__ = ("error", "is_finished", "item", "then", "written")

    def __init__(self, item: Item, then: "Callable[[Handed[Item, Written]], None]") -> None:
        self.item = item
        # Called when it is finished, in the writer's thread or on the loop (GroupCommit).
        self.then = then
        self.written: Written | None = None
        self.error: Exception | None = None
        self.is_finished = False

    def finish(self, written: Written | None = None, error: Exception | None = None) -> None:
        if not self.is_finished:
            self.written, self.error, self.is_finished = written, error, True

    def give_up(self) -> None:
        """Ends the wait. A writer that comes to it later leaves it out."""
        self.finish(error=Overloaded("The database takes too long."))

    def result(self) -> Written:
        """What was written. Raises what stopped that."""
        if self.error is not None:
            raise self.error
        return self.written  # type: ignore[return-value]


class GroupCommit(Generic[Item, Written]):
    """One writer for all threads of the process. It starts with an item, so that a server may fork before.

    `make_writer` is called in the writer's thread, and connects to nothing yet.
    """

    def __init__(self, make_writer: Callable[[], Writer[Item, Written]]) -> None:
        self._make_writer = make_writer
        self._queue: SimpleQueue[Handed[Item, Written]] = SimpleQueue()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        # When the writer began with the group that it has in hand.
        self._began: float | None = None
        # When the database last took nothing; None: it has taken something since.
        self._failed_at: float | None = None
        # Calls a function on an event loop.
        self._call_soon: Callable[..., object] | None = None

    def is_failing(self, within: float) -> bool:
        """Whether the database took nothing when it was last asked, in the last `within` seconds."""
        failed_at = self._failed_at
        return failed_at is not None and time.monotonic() - failed_at < within

    def commit(self, item: Item) -> Written:
        """Returns when the item is committed, with what was written of it.

        Raises Overloaded if too many wait or the database takes too long, and whatever stopped the commit. An item
        whose wait was given up may be committed all the same.
        """
        # A bare lock is the cheapest thing to wait for.
        done = threading.Lock()
        done.acquire()
        handed = self.hand(item, lambda _: done.release())
        if not done.acquire(timeout=PATIENCE):
            handed.give_up()
        return handed.result()

    def hand(
        self, item: Item, then: Callable[[Handed[Item, Written]], None]
    ) -> Handed[Item, Written]:
        """Returns at once; `then` is called when the item is finished, and must not wait. Raises Overloaded."""
        handed = Handed(item, then)
        # Under the lock, so that no two pass as the last one, and a writer that is about to end sees the item.
        with self._lock:
            if self._queue.qsize() >= MOST_WAITING:
                raise Overloaded("Too many requests wait for the database.")
            self._queue.put(handed)
        self._require_writer()
        return handed

    def tell_through(self, call_soon: Callable[..., object]) -> None:
        """From now on `then` is called on an event loop, which is woken once for a group, and not in the writer's
        thread. `call_soon` takes a function and what it is to be called with.
        """
        self._call_soon = call_soon

    def _require_writer(self) -> None:
        writer, began = self._writer, self._began
        hangs = began is not None and time.monotonic() - began > PATIENCE
        if writer is not None and writer.is_alive() and not hangs:
            return
        with self._lock:
            if self._writer is not writer:
                return  # another thread saw it too
            if hangs:
                log.error("A commit has taken more than %.0f s; another writer goes on.", PATIENCE)
            self._began = None
            self._writer = threading.Thread(target=self._run, name="writer", daemon=True)
            self._writer.start()

    def _run(self) -> None:
        with closing(self._make_writer()) as writer:
            self._write_groups(writer)

    def _write_groups(self, writer: Writer[Item, Written]) -> None:
        me = threading.current_thread()
        while me is self._writer:
            try:
                group = [self._queue.get(timeout=IDLE)]
            except Empty:
                with self._lock:
                    if me is self._writer and self._queue.empty():
                        self._writer = None
                continue
            try:
                while len(group) < MOST_AT_ONCE:
                    group.append(self._queue.get_nowait())
            except Empty:
                pass
            if me is self._writer:
                self._began = time.monotonic()
            try:
                self._commit(writer, [each for each in group if not each.is_finished])
            except BaseException:
                with self._lock:
                    if me is self._writer:
                        self._writer = None
                if not self._queue.empty():
                    self._require_writer()
                raise
            finally:
                for each in group:
                    each.finish(error=Overloaded("The writer stopped."))
                self._tell(group)
                if me is self._writer:
                    self._began = None

    def _commit(self, writer: Writer[Item, Written], group: list[Handed[Item, Written]]) -> None:
        if not group:
            return
        try:
            found = writer.commit([each.item for each in group])
        except SQLAlchemyError as error:
            is_of_one = isinstance(error, (IntegrityError, DataError))
            if not is_of_one:
                self._failed_at = time.monotonic()
            if len(group) == 1 or not is_of_one:
                self._fail(group, error)
                return
            # One of them cannot be written; the others have no part in that.
            for each in group:
                self._commit(writer, [each])
        except (
            Exception
        ) as error:  # a mistake of ours: whoever answers the request says so and logs it
            self._fail(group, error)
        else:
            self._failed_at = None
            for each, written in zip(group, found, strict=True):
                each.finish(written)

    def _tell(self, group: list[Handed[Item, Written]]) -> None:
        if self._call_soon is None:
            _tell_each(group)
        else:
            self._call_soon(_tell_each, group)

    def _fail(self, group: list[Handed[Item, Written]], error: Exception) -> None:
        for each in group:
            each.finish(error=error)


def _tell_each(group: list[Handed[Item, Written]]) -> None:
    for each in group:
        each.then(each)
