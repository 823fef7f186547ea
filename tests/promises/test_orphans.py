"""No worker outlives the process that began it, whenever that one dies."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import KEY, NewDatabase
from tests.ports import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
# How often the server is killed while it starts or stops. KILLS=100 takes some minutes.
KILLS = int(os.environ.get("KILLS", "4"))
# Seconds from the start of the server until its workers answer, more or less.
START = 3.0
PATIENCE = 10.0


def alive(mark: str) -> set[int]:
    """The processes that have this mark in their environment."""
    found = set()
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in each.read_bytes():
                found.add(int(each.parent.name))
        except OSError:
            continue
    return found


def wait_until(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return is_so()


def test_a_server_that_is_killed_while_it_starts_or_stops_leaves_no_worker(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    chance, mark = random.Random(5), f"ORPHANS_MARK={uuid.uuid4()}"
    name, _, value = mark.partition("=")
    environ = os.environ | {
        "CONSENT_SECRET_KEYS": KEY,
        "CONSENT_DATABASE": new_database(),
        "CONSENT_PORT": str(free_port()),
        "CONSENT_WORKERS": "2",
        name: value,
    }
    for number in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "consent", "serve"],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # The workers are begun; how far they are differs.
        assert wait_until(lambda: len(alive(mark)) > 1)
        time.sleep(chance.uniform(0, START))
        if number % 2:
            process.terminate()
            time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert wait_until(lambda: not alive(mark)), f"left after kill {number + 1}"


def test_a_process_whose_parent_was_gone_before_it_began_ends_at_once() -> None:
    never = 2**22 + 1
    code = (
        f"from consent.server.parents import end_with_parent; end_with_parent({never}); print('on')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert found.returncode != 0
    assert "on" not in found.stdout


def test_a_process_that_no_longer_hears_signals_ends_with_its_parent() -> None:
    mark = f"ORPHANS_MARK={uuid.uuid4()}"
    name, _, value = mark.partition("=")
    deaf = (
        "import os, signal, time; from consent.server.parents import end_with_parent;"
        "signal.signal(signal.SIGTERM, lambda *_: time.sleep(600));"
        "end_with_parent(os.getppid()); print('on', flush=True); time.sleep(600)"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {deaf!r}])"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {name: value}, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"on\n"
        parent.kill()

        assert wait_until(lambda: not alive(mark))
