"""What was answered is there after a kill, a stop, a reload, a full disk, and a database that dies or falls silent."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from consent.banner.in_force import FRESH_FOR
from consent.core.settings import database_url
from consent.demo import SITE_FILE
from tests import postgres
from tests.conftest import NewDatabase
from tests.factories import decision
from tests.processes import Load, Server, get, parent_of, stop, wait_until_gone, workers

DECISIONS, HITS = "/e/07sor/decisions", "/e/07sor/hits"


def page_view() -> dict[str, str]:
    return {"path": "/"}


def rows(server: Server) -> tuple[set[str], int]:
    """The ids of all decisions, and how many page views are counted."""
    engine = create_engine(database_url(server.environ["CONSENT_DATABASE"]))
    with engine.connect() as connection:
        ids = {
            str(found).replace("-", "")
            for found in connection.scalars(text("SELECT id FROM decisions"))
        }
        counted = text(
            "SELECT sum(count) FROM counters WHERE dimension = 'total' AND value = 'views'"
        )
        views = int(connection.scalar(counted) or 0)
    engine.dispose()
    return ids, views


def ids(answers: list[str]) -> set[str]:
    return {json.loads(answer)["receipt"]["id"].replace("-", "") for answer in answers}


@pytest.fixture
def server(tmp_path: Path, new_database: NewDatabase, published: str) -> Server:
    return Server(tmp_path, new_database(published))


def test_what_was_answered_survives_kill_9(server: Server) -> None:
    with server.running() as process:
        decided, viewed = Load(server, DECISIONS, decision), Load(server, HITS, page_view)
        decided.wait_for(60)
        viewed.wait_for(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept, counted = ids(decided.end()), len(viewed.end())

    # The next one counts what the killed one left; by its end, also what the last of its workers held until then.
    with server.running() as process:
        stop(process)
    stored, views = rows(server)

    assert kept <= stored
    assert counted <= views <= counted + 4


def test_a_worker_that_is_killed_is_replaced_and_what_it_counted_is_kept(server: Server) -> None:
    with server.running() as process:
        viewed = Load(server, HITS, page_view)
        viewed.wait_for(60)
        for worker in workers(process):
            os.kill(worker, signal.SIGKILL)
        viewed.wait_for(60)
        counted = len(viewed.end())
        stop(process)

    assert counted <= rows(server)[1] <= counted + 4 + viewed.gone


def test_so_is_the_process_that_has_the_workers(server: Server) -> None:
    with server.running() as process:
        before = workers(process)
        (loader,) = {parent_of(pid) for pid in before}
        os.kill(loader, signal.SIGKILL)
        wait_until_gone(before)
        decided = Load(server, DECISIONS, decision)
        decided.wait_for(10)
        kept = ids(decided.end())
        stop(process)

    assert kept <= rows(server)[0]


def test_visitors_of_two_workers_never_get_the_same_id(server: Server) -> None:
    """A copy of a process that has drawn random numbers would draw the same."""
    with server.running() as process:
        decided = Load(server, DECISIONS, decision)
        decided.wait_for(200)
        stop(process)
        tokens = [json.loads(answer)["token"].split(".")[1] for answer in decided.end()]

    assert len(set(tokens)) == len(tokens)


def test_a_stop_answers_and_counts_all_that_was_asked(server: Server) -> None:
    with server.running() as process:
        decided, viewed = Load(server, DECISIONS, decision), Load(server, HITS, page_view)
        decided.wait_for(60)
        viewed.wait_for(60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        kept, counted = ids(decided.end()), len(viewed.end())
        assert process.stdout
        said = process.stdout.read()

    stored, views = rows(server)
    assert kept <= stored
    assert counted <= views <= counted + 4
    assert "panicked" not in said


def test_new_workers_take_over_and_nothing_is_lost(server: Server) -> None:
    with server.running() as process:
        before = workers(process)
        decided, viewed = Load(server, DECISIONS, decision), Load(server, HITS, page_view)
        decided.wait_for(30)
        process.send_signal(signal.SIGHUP)
        while set(workers(process)) & set(before):
            decided.wait_for(10)
        decided.wait_for(30)
        viewed.wait_for(30)
        kept, counted = ids(decided.end()), len(viewed.end())
        stop(process)

    stored, views = rows(server)
    assert kept <= stored
    assert counted <= views <= counted + 8 + viewed.gone
    assert {code for code, _ in decided.answers} == {201}


def test_a_publication_reaches_every_process(server: Server, tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text(SITE_FILE.read_text().replace('name = "Syse AS"', 'name = "Syse ASA"'))
    script = server.address("/e/07sor.js")
    with server.running():
        # Each request has a connection of its own, and so any of the processes.
        old = {get(script) for _ in range(8)}
        server.publish(changed)
        published = time.monotonic()
        while old & (found := {get(script) for _ in range(8)}):
            pass
        passed = time.monotonic() - published

    assert (len(old), len(found)) == (1, 1)
    assert passed < FRESH_FOR + 5  # that the machine is busy is not what is tested


def ends_with(what: Callable[[], tuple[int, str]], status: int) -> str:
    """Asks until the answer has this status, as browsers do that are told to come again."""
    for _ in range(200):
        code, body = what()
        if code == status:
            return body
    raise AssertionError(f"never {status}; at last {code}: {body}")


@pytest.mark.sqlite
def test_a_full_disk_is_said_and_all_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        server = Server(tmp_path, f"sqlite:///{disk}/consent.db", CONSENT_WORKERS="1")
        server.publish()
        with server.running() as process:
            status, first = server.post(DECISIONS, decision())
            assert status == 201
            fill(disk / "filler")
            ends_with(lambda: server.post(DECISIONS, decision()), 503)
            refused = ends_with(lambda: server.post(HITS, page_view()), 503)
            assert "No space left on device" in json.loads(refused)["detail"]
            assert "is the disk full" in ends_with(server.is_ready, 503)
            assert "consent" in get(server.address("/e/07sor.js"))

            (disk / "filler").unlink()
            second = ends_with(lambda: server.post(DECISIONS, decision()), 201)
            ends_with(lambda: server.post(HITS, page_view()), 204)
            ends_with(server.is_ready, 200)
            stop(process)
            assert process.stdout
            assert "disk is full" in process.stdout.read()
        stored, views = rows(server)
    assert ids([first, second]) <= stored
    assert views == 1


def fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(65536))


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root mounts a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cluster() -> Iterator[postgres.Cluster]:
    if not postgres.programs():
        pytest.skip("needs a PostgreSQL that may be killed")
    with postgres.cluster() as made:
        yield made


@pytest.mark.postgresql
def test_a_database_that_is_killed_loses_nothing_and_is_found_again(
    tmp_path: Path, cluster: postgres.Cluster
) -> None:
    server = Server(tmp_path, cluster.url())
    server.publish()
    with server.running() as process:
        decided, viewed = Load(server, DECISIONS, decision), Load(server, HITS, page_view)
        decided.wait_for(60)
        cluster.kill()
        decided.wait_for(3, status=(503,))
        assert "consent" in get(server.address("/e/07sor.js"))
        cluster.start()
        decided.wait_for(30)
        viewed.wait_for(30)
        kept, counted = ids(decided.end()), len(viewed.end())
        stop(process)

    stored, views = rows(server)
    assert kept <= stored
    assert counted == views


@pytest.mark.postgresql
def test_a_database_that_falls_silent_is_given_up_and_found_again(
    tmp_path: Path, cluster: postgres.Cluster
) -> None:
    server = Server(tmp_path, cluster.url(), CONSENT_WORKERS="1")
    server.publish()
    with server.running() as process:
        status, first = server.post(DECISIONS, decision())
        assert status == 201
        with cluster.silent():
            assert server.post(DECISIONS, decision())[0] == 503
            assert server.post(HITS, page_view())[0] == 204
            assert "consent" in get(server.address("/e/07sor.js"))
        second = ends_with(lambda: server.post(DECISIONS, decision()), 201)
        stop(process)

    stored, views = rows(server)
    assert ids([first, second]) <= stored
    assert views == 1
