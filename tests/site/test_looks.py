"""What a site file says of the banner's looks is held to WCAG's contrast, and cannot break out of the styles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from consent.site import looks, schema
from consent.site.schema import SiteFileError
from tests.factories import shop

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def parse(text: str) -> looks.Looks:
    return schema.parse(shop(**{"[hits]": f"{text}\n[hits]"})).looks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[looks.light]\ntext = "#999999"',
            "text #999999 on surface #ffffff has a contrast of 2.84",
        ),
        ('[looks.light]\nbutton_text = "#777"', "button_text #777777 on button"),
        ('[looks.light]\nbutton = "#eeeeee"\nbutton_text = "#000"', "needs 3 to be read"),
        ('[looks.dark]\nsurface = "#ffffff"', "text #eef2f7 on surface #ffffff"),
        ('[looks.light]\ntext = "black"', "Write #rrggbb or #rgb"),
        ('[looks]\nfont = "x; } * { display: none"', "is not a list of fonts"),
        ('[looks]\nfont = "O\'Reilly Sans, serif"', "is not a list of fonts"),
        ('[looks]\nlogo = "https://cdn.example/logo.svg"', "is not a path on the website"),
        ('[looks]\nlogo = "/a) url(https://evil.example/x"', "is not a path on the website"),
        ('[looks]\nlayout = "wall"', "Write one of: bar, box, centre."),
        ("[looks]\nradius = 99", "at most 30"),
        ('[looks.light]\naccept = "#00ff00"', "There is no such key here"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SiteFileError) as caught:
        parse(text)
    (mistake,) = caught.value.mistakes
    assert said in mistake.message
    assert mistake.key.startswith("looks")
    assert mistake.line > 1


def test_what_is_given_reaches_the_styles() -> None:
    found = parse('[looks]\nscheme = "light"\nradius = 3\nfont = "\'Open Sans\', serif"')
    css = looks.variables(found, ":host")
    assert "--consent-radius:3px" in css
    assert "'Open Sans', serif" in css
    assert "prefers-color-scheme" not in css


@given(COLOURS, COLOURS)
def test_contrast_is_the_same_both_ways_and_within_its_bounds(one: str, other: str) -> None:
    found = looks.contrast(one, other)
    assert found == looks.contrast(other, one)
    assert 1 <= found <= 21.001
    assert looks.contrast(one, one) == 1


@given(COLOURS, COLOURS, COLOURS, COLOURS)
def test_what_is_accepted_can_be_read(surface: str, text: str, button: str, label: str) -> None:
    try:
        palette = looks.Light(surface=surface, text=text, button=button, button_text=label)
    except ValidationError:
        return
    assert looks.contrast(palette.text, palette.surface) >= 4.5
    assert looks.contrast(palette.button_text, palette.button) >= 4.5
    assert looks.contrast(palette.button, palette.surface) >= 3
