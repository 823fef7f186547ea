"""Runs the fuzzing, for so many minutes in all: python -m fuzz."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import click

from fuzz import finds
from fuzz.engines import ENGINES, FOUND, available

# Seconds that a process may take beyond its time: to begin, to make a find smaller.
GRACE = 90.0
# Seconds without which a turn does not come to its first input.
LEAST = 5.0
# Shares of the time that the API and the hot paths get; the parsers have the rest.
API_SHARE = SOCKETS_SHARE = 0.15


@dataclass(frozen=True)
class Turn:
    engine: str
    target: str
    seconds: float


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option("--minutes", default=10.0, show_default=True, help="For all of it.")
@click.option("--target", "wanted", multiple=True, help="Only these; `list` names them.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(list(ENGINES)))
def run(minutes: float, wanted: tuple[str, ...], engines: tuple[str, ...]) -> None:
    """Fuzzes every target in turn, and ends with an error if anything was found."""
    begun = time.monotonic()
    if "atheris" not in available():
        click.echo("atheris is not installed, or not made for this system: hypothesis only")
    found, left = [], list(turns(minutes * 60, wanted, engines))
    # Another order each time, since the last ones have what the others leave.
    random.shuffle(left)
    while left and (rest := begun + minutes * 60 - time.monotonic()) > LEAST:
        planned = sum(each.seconds for each in left)
        turn = left.pop()
        turn = replace(turn, seconds=max(LEAST, turn.seconds * rest / planned))
        found += [] if _well(turn) else [turn]
    for turn in left:
        click.echo(f"{turn.target} ({turn.engine}): there was no time left")
    click.echo(f"{len(found)} found in {(time.monotonic() - begun) / 60:.1f} minutes")
    for turn in found:
        click.echo(f"  {turn.target} ({turn.engine})")
    sys.exit(bool(found))


@main.command("list")
def list_targets() -> None:
    """Names what is fuzzed, and what has to hold."""
    for name, purpose in _purposes():
        click.echo(f"{name:12} {purpose}")


@main.command()
@click.argument("target")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def repeat(target: str, path: Path) -> None:
    """Asks a target once more what it makes of an input."""
    from fuzz.bounds import bounded
    from fuzz.targets import TARGETS

    if target == "sockets":
        from fuzz import sockets

        sockets.repeat(path.read_bytes())
        return
    with bounded(TARGETS[target].seconds):
        TARGETS[target].check(path.read_bytes())


def turns(seconds: float, wanted: tuple[str, ...], engines: tuple[str, ...]) -> Iterator[Turn]:
    """What is run, and for how long."""
    from fuzz.targets import TARGETS

    parsers = [each for each in TARGETS if not wanted or each in wanted]
    used = [each for each in available() if not engines or each in engines]
    others = [
        (name, share)
        for name, share in (("api", API_SHARE), ("sockets", SOCKETS_SHARE))
        if (not wanted or name in wanted) and not engines
    ]
    for name, share in others:
        yield Turn(name, name, seconds * share if parsers else seconds / len(others))
    left = seconds * (1 - sum(share for _, share in others)) if others else seconds
    for name in parsers:
        for engine in used:
            yield Turn(engine, name, left / len(parsers) / len(used))


def _well(turn: Turn) -> bool:
    """Runs it, in a process of its own, since what is looked for may end one. Whether nothing was found."""
    click.echo(f"{turn.target} ({turn.engine}): {turn.seconds:.0f} s")
    module = "fuzz.engines" if turn.engine in ENGINES else f"fuzz.{turn.engine}"
    arguments = [turn.engine, turn.target] if turn.engine in ENGINES else []
    command = [sys.executable, "-m", module, *arguments, str(turn.seconds)]
    last = finds.last(turn.engine, turn.target)
    last.unlink(missing_ok=True)
    said = finds.folder("log") / f"{turn.engine}-{turn.target}"
    # A folder of its own, since a process that ends at once leaves files behind.
    with said.open("w") as log, tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        code = _ended(command, turn.seconds + GRACE, log, os.environ | {"TMPDIR": folder})
    if code:
        told = said.read_text(errors="replace")
        click.echo(told[told.find("FOUND") if "FOUND" in told else -3000 :])
    if code not in (0, FOUND) and last.exists():
        path = finds.folder("finds", turn.target) / f"last-{turn.engine}"
        shutil.copy(last, path)
        click.echo(f"{turn.target}: the process ended with {code}, or not in time")
        click.echo(f"again: {finds.again(turn.target, path)}")
    return code == 0


def _ended(command: list[str], seconds: float, log: IO[str], environ: dict[str, str]) -> int:
    """What the command ended with; -1 where it did not in time. What it has begun ends with it."""
    with subprocess.Popen(
        command, stdout=log, stderr=log, env=environ, start_new_session=True
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _purposes() -> Iterator[tuple[str, str]]:
    from fuzz import api, sockets
    from fuzz.targets import TARGETS

    for target in TARGETS.values():
        yield target.name, (target.check.__doc__ or "").strip().split("\n")[0]
    for name, module in (("api", api), ("sockets", sockets)):
        yield name, (module.__doc__ or "").strip().split("\n")[0]


if __name__ == "__main__":
    main()
