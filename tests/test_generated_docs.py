"""Pages of the docs that a program writes say what it would write now."""

import re
import runpy

import pytest

from consent.core.paths import ROOT


def test_the_threat_model_names_tests_that_exist() -> None:
    named = re.findall(r"`((?:\w+/)?test_\w+\.py)`", (ROOT / "docs/security.md").read_text())
    assert len(named) >= 15
    assert [each for each in named if not (ROOT / "tests" / each).exists()] == []


@pytest.mark.parametrize(
    ("page", "program"),
    [("real-pages.md", "list_real_pages.py"), ("services.md", "list_services.py")],
)
def test_it_is_as_written(page: str, program: str) -> None:
    written = runpy.run_path(str(ROOT / "docs" / program))["text"]()
    assert (ROOT / "docs" / page).read_text() == written, f"run .venv/bin/python docs/{program}"
