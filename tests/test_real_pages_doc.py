"""docs/real-pages.md says what the tests of real pages say."""

import runpy

from consent.paths import ROOT


def test_the_list_of_real_pages_is_that_of_the_tests() -> None:
    module = runpy.run_path(str(ROOT / "docs/list_real_pages.py"))

    assert (ROOT / "docs/real-pages.md").read_text() == module["text"]()
