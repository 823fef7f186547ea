"""Which licences the linter allows."""

import pytest

from release.licences import allows

RULES = {"allowed": ["MIT", "PSF-2.0"]}


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [
        ("MIT", True),
        ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("(GPL-3.0-only OR MIT)", True),
        ("GPL-3.0-only", False),
        ("", False),
    ],
)
def test_an_unknown_licence_is_not_allowed(expression: str, is_allowed: bool) -> None:
    assert allows(RULES, expression) == is_allowed
