"""The fuzzing itself: the seeds hold, what is planted is found, and the time is kept to."""

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fuzz import engines, sockets
from fuzz.__main__ import API_SHARE, SOCKETS_SHARE, turns
from fuzz.server import serving
from fuzz.sockets import KINDS, Checked, Conversation
from fuzz.targets import KB, SEEDS, TARGETS

# Conversations of each kind.
OF_EACH_KIND = 3


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_hold(name: str) -> None:
    target = TARGETS[name]
    assert target.check.__doc__

    for data in target.seeds:
        target.check(data)


def test_each_target_has_a_few_small_seeds() -> None:
    assert {each.name for each in SEEDS.iterdir()} == set(TARGETS)
    for target in TARGETS.values():
        assert 0 < sum(map(len, target.seeds)) < 16 * KB, target.name


def planted(check: Callable[[bytes], None], seconds: float = 2.0) -> Any:
    return SimpleNamespace(
        **{"name": "planted", "check": check, "seeds": [b"a = 1\n"], "words": (b"{",)},
        **{"longest": 64 * KB, "seconds": seconds},
    )


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is written below the folder in which it is run."""
    monkeypatch.chdir(tmp_path)


def test_an_exception_is_found_and_made_small() -> None:
    def check(data: bytes) -> None:
        assert b"{" not in data

    found = engines._edited(planted(check), engines.BEGUN + 1e9)

    assert found is not None
    assert b"{" in found
    assert len(found) < 10


def test_an_input_without_end_is_found() -> None:
    def check(data: bytes) -> None:
        while b"{" in data:
            pass

    found = engines._edited(planted(check, 0.02), engines.BEGUN + 1e9)

    assert found is not None
    assert b"{" in found


@pytest.mark.parametrize(("power", "is_found"), [(1, False), (2, True)])
def test_time_that_grows_with_the_square_is_found(
    monkeypatch: pytest.MonkeyPatch, power: int, is_found: bool
) -> None:
    monkeypatch.setattr(engines, "_took", lambda _, data: (len(data) / (64 * KB)) ** power)

    found = engines._grown(planted(lambda _: None), b"a", b"{", b"b")

    assert (found is not None) is is_found


@pytest.mark.parametrize("wanted", [(), ("log",), ("api",)])
def test_all_turns_together_take_the_time_that_is_given(wanted: tuple[str, ...]) -> None:
    found = list(turns(600, wanted, ()))

    assert sum(turn.seconds for turn in found) == pytest.approx(600)
    if not wanted:
        assert {turn.target for turn in found} == {*TARGETS, "api", "sockets"}
        assert found[0].seconds == pytest.approx(600 * API_SHARE)
        assert found[1].seconds == pytest.approx(600 * SOCKETS_SHARE)


def test_whatever_comes_over_a_socket_is_answered_and_the_server_goes_on() -> None:
    rng = random.Random(1)
    with serving() as server:
        checked = Checked(server)
        for kind in KINDS:
            for closes in [True] + [False] * (OF_EACH_KIND - 1):
                checked.hold(Conversation(kind(rng), closes, kind.__name__))
            checked.require_good()
        checked.require_stored()

    assert len(checked.promised) >= len(KINDS)


def test_answers_that_follow_each_other_are_told_apart() -> None:
    got = (
        b"HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 9\r\n\r\ncut"
    )

    assert [(status, body) for status, _, body in sockets.answers(got)] == [
        (204, b""),
        (200, b"ok"),
        (200, b"2\r\nok\r\n0\r\n\r\n"),
    ]
