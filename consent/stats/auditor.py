"""Asks solver.py, a process of its own, which figures of a day give a small count away, and ends it when it is late."""

import atexit
import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from consent.core import log_throttle
from consent.stats.disclosure import Figure, System
from consent.stats.suppression import K

SOLVER = Path(__file__).with_name("solver.py")
# Of one system. Days are closed once, and a site with many pages and visits takes a few seconds.
SECONDS = 30.0
# After that it does not look at its own clock any more.
PATIENCE = SECONDS + 5


class Auditor:
    """Holds the process, from the first question until it has had none for a while. For any number of threads."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def withheld(self, system: System) -> set[Figure]:
        """The figures to withhold, so that no small cell can be told nearer than k.

        Where that takes too long, or the solver fails: all that are not of the system's first table.
        """
        if not system.may_tell:
            return set()
        question = {
            "k": K,
            "seconds": self._seconds,
            "cells": system.cells,
            "sums": [[number, cells, figure is not None] for number, cells, figure in system.sums],
        }
        with self._lock:
            answer = self._ask(json.dumps(question))
        if answer is None or not answer["in_time"]:
            return {figure for figure in system.figures if figure.dimension != system.first}
        named = [figure for _, _, figure in system.sums]
        return {figure for place in answer["withheld"] if (figure := named[place])}

    def close(self) -> None:
        with self._lock:
            if self._process is not None:
                _end(self._process)
                self._process = None

    def _ask(self, question: str) -> dict[str, Any] | None:
        # It may end for want of questions just when one comes.
        for _ in range(2):
            process = self._running()
            watch = threading.Timer(PATIENCE, process.kill)
            watch.start()
            try:
                if line := _exchange(process, question):
                    return dict(json.loads(line))
            finally:
                watch.cancel()
            self._process = None
            if _end(process) < 0:
                break
        log_throttle.log_error(
            __name__, "The solver did not answer: figures that it had to judge are withheld."
        )
        return None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is not None:
            _end(self._process)
            self._process = None
        if self._process is None:
            # By its path: `-m` would load the whole server in it. -P: beside it lie modules with everyday names.
            self._process = subprocess.Popen(  # noqa: S603 -- our own file
                [sys.executable, "-P", str(SOLVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process


def _exchange(process: "subprocess.Popen[str]", question: str) -> str:
    """The line that comes back; empty where the process has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(question + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    return process.stdout.readline()


def _end(process: "subprocess.Popen[str]") -> int:
    """How it ended."""
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with suppress(BrokenPipeError):
            pipe.close()
    return process.wait()


auditor = Auditor()
atexit.register(auditor.close)
