"""Errors that come with every request: said once, and again after a while with how often they came."""

import pytest

from consent.core import log_throttle


def test_the_same_is_said_once_and_another_at_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_throttle, "_said", {})
    for text in ("away", "away", "full", "away"):
        log_throttle.log_error("consent.tests", text)
    assert caplog.messages == ["away", "full"]

    monkeypatch.setattr(log_throttle, "PAUSE", 0.0)
    log_throttle.log_error("consent.tests", "away")

    assert caplog.messages[-1] == "away (and 2 times since it was last said)"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_throttle, "_said", {})
    for number in range(3 * log_throttle.MOST):
        log_throttle.log_error("consent.tests", f"another {number}")

    assert len(log_throttle._said) <= log_throttle.MOST
