"""What makes inputs for a target, each in a process of its own: python -m fuzz.engines ENGINE TARGET SECONDS.

hypothesis edits the seeds, and then repeats parts of them to see whether time grows with more than the length; atheris,
where it is installed, is led by the branches that an input takes. The time begins with the process, which takes some to
load what it needs. Ends with FOUND where something was found.
"""

import math
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click
import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.database import DirectoryBasedExampleDatabase

from fuzz import edits, finds
from fuzz.bounds import bounded
from fuzz.targets import TARGETS, Target

FOUND = 77
BEGUN = time.monotonic()
# Of the time of hypothesis, what is left for growth.
GROWTH = 0.3
# Seconds for making a find smaller, and examples between two looks at the clock.
SHRINKING = 15.0
EXAMPLES = 2000
# Instrumented code takes longer.
SLOWDOWN = 10
# Lengths at which growth looks: time that grows as they do is four times as long for each, with their square sixteen.
STEP = 4
SMALLEST = 1024
MOST_GROWTH = 9.0
# Seconds below which a time says nothing.
NOTICED = 0.05


class Stop(BaseException):
    """The time is over."""


def by_hypothesis(target: Target, seconds: float) -> None:
    _look_at_seeds("hypothesis", target)
    if found := _edited(target, BEGUN + seconds * (1 - GROWTH)):
        _report(target, found)
    _grow(target, BEGUN + seconds)


def _look_at_seeds(engine: str, target: Target) -> None:
    # Without a bound: what is loaded and cached is, the first time.
    for data in target.seeds:
        _checked(engine, target, data, nullcontext())


def _edited(target: Target, end: float) -> bytes | None:
    """The smallest input that breaks something."""
    found: list[bytes] = []
    look = target.check

    def check(data: bytes) -> None:
        if time.monotonic() > end + (SHRINKING if found else 0):
            raise Stop
        try:
            finds.last("hypothesis", target.name).write_bytes(data)
            with bounded(target.seconds):
                look(data)
        except Exception:
            found.append(data)
            raise

    try:
        while True:
            _given(edits.inputs(target), check)
    except Stop:
        pass
    except Exception:
        if not found:
            raise  # the mistake is in here
    return min(found, key=len, default=None)


def _given(strategy: Any, check: Callable[..., None]) -> None:
    settings = hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=DirectoryBasedExampleDatabase(finds.folder("hypothesis")),
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    test: Any = settings(hypothesis.given(strategy)(check))  # type: ignore[no-untyped-call]
    hypothesis.seed(random.randrange(2**32))(test)()


def _grow(target: Target, end: float) -> None:
    def check(pump: tuple[bytes, bytes, bytes]) -> None:
        if time.monotonic() > end:
            raise Stop
        if slow := _grown(target, *pump):
            click.echo(f"time grows with more than the length: {pump!r}"[:2000])
            _report(target, slow)

    with suppress(Stop):
        while True:
            _given(edits.pumps(target), check)


def _grown(target: Target, before: bytes, part: bytes, after: bytes) -> bytes | None:
    """An input for which time grows with more than its length, or that takes too long."""

    def pumped(length: int) -> bytes:
        # Whole, since half of an input may be another thing.
        times = (length - len(before) - len(after)) // len(part)
        return before + part * max(1, times) + after

    length, earlier = SMALLEST, math.inf
    while length <= target.longest:
        took = _took(target, pumped(length))
        if took > target.seconds:
            return pumped(length)
        if took > max(NOTICED, MOST_GROWTH * earlier):
            # Once more, since something else may have held it up: caches, a collection.
            took, earlier = (
                min(_took(target, pumped(each)) for _ in range(3))
                for each in (length, length // STEP)
            )
            if took > max(NOTICED, MOST_GROWTH * earlier):
                return pumped(length)
        length, earlier = length * STEP, took
    return None


def _took(target: Target, data: bytes) -> float:
    """Seconds of CPU time."""
    finds.last("hypothesis", target.name).write_bytes(data)
    begun = time.process_time()
    # What is slow is measured; whether it holds, the others see.
    with suppress(Exception), bounded(2 * target.seconds):
        target.check(data)
    return time.process_time() - begun


def by_atheris(target: Target, seconds: float) -> None:
    import atheris

    with atheris.instrument_imports(include=["consent"]):
        import_module(f"fuzz.{target.module}")
    _look_at_seeds("atheris", target)
    slower = SLOWDOWN * target.seconds
    seeds = finds.folder("seeds", target.name)
    for number, data in enumerate(target.seeds):
        (seeds / str(number)).write_bytes(data)
    corpus = finds.folder("corpus", target.name)
    left = max(1, round(BEGUN + seconds - time.monotonic()))
    atheris.Setup(
        [
            *(target.name, f"-max_total_time={left}", f"-max_len={target.longest}"),
            *("-timeout=120", "-rss_limit_mb=2048", "-verbosity=0"),
            *(f"-dict={_dictionary(target)}", f"-artifact_prefix={finds.folder('artifacts')}/"),
            *(str(corpus), str(seeds)),
        ],
        lambda data: _checked("atheris", target, data, bounded(slower)),
    )
    atheris.Fuzz()


def _dictionary(target: Target) -> str:
    path = finds.folder("words") / target.name
    lines = ("".join(f"\\x{each:02x}" for each in word) for word in target.words)
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return str(path)


def _checked(engine: str, target: Target, data: bytes, bound: AbstractContextManager[None]) -> None:
    finds.last(engine, target.name).write_bytes(data)
    try:
        with bound:
            target.check(data)
    except Exception:
        _report(target, data)


def _report(target: Target, data: bytes) -> None:
    """Says what is wrong with an input, and how to see it again, and ends the process."""
    path = finds.keep(target.name, data)
    reason = "It took too long, or went well this time."
    try:
        with bounded(target.seconds):
            target.check(data)
    except Exception:
        reason = traceback.format_exc(limit=-6)
    click.echo(f"FOUND {data[:300]!r}\n{reason}\nagain: {finds.again(target.name, path)}")
    os._exit(FOUND)


ENGINES = {"hypothesis": by_hypothesis, "atheris": by_atheris}


def available() -> list[str]:
    return [each for each in ENGINES if each != "atheris" or find_spec("atheris")]


@click.command()
@click.argument("engine", type=click.Choice(list(ENGINES)))
@click.argument("target")
@click.argument("seconds", type=float)
def main(engine: str, target: str, seconds: float) -> None:
    ENGINES[engine](TARGETS[target], seconds)


if __name__ == "__main__":
    sys.exit(main())
