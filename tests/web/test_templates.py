"""What holds for all templates."""

import re

import pytest
from flask.testing import FlaskClient

from consent.core.paths import ROOT

INLINE = "(?:a|b|code|small|span|strong|time)"
# Jinja takes away the line's end after a block, and the blanks before one at the beginning of the next line.
RUN_TOGETHER = re.compile(rf"</{INLINE}>{{% endif %}}\n\s*{{% if[^%]*%}}\s*<{INLINE}\b")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.stem
)
def test_words_that_both_may_be_missing_do_not_run_together(path) -> None:  # type: ignore[no-untyped-def]
    assert not RUN_TOGETHER.findall(path.read_text())


def test_the_links_of_a_service_stand_apart(client: FlaskClient) -> None:
    assert re.search("policy</a>\\s+<a ", client.get("/e/07sor/1/en/cookies").text)
