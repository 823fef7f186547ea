"""How the banner looks: what a site file may say of it, held to the law's and WCAG's limits.

Accepting and refusing share every colour there is, so that no site file can favour one of them (EDPB,
Cookie Banner Taskforce, type D and E practices). What is left to check is contrast.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from consent.site.values import wrong

# WCAG 2.2: 1.4.3 for text, 1.4.11 for what a control is seen by.
TEXT_CONTRAST = 4.5
CONTROL_CONTRAST = 3.0


def _colour(value: str) -> str:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{3}){1,2}", value):
        raise wrong("%(value)s is not a colour. Write #rrggbb or #rgb.", value=repr(value))
    digits = value[1:].lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def _font(value: str) -> str:
    # What is read is not given back (+): blanks that two parts could share would be shared out in every way.
    name = r"""(?:[\w -]++|"[\w -]++"|'[\w -]++')"""
    if not re.fullmatch(rf"{name}(?:,\s*+{name})*+", value):
        raise wrong(
            "%(value)s is not a list of fonts. Write only names, as in CSS: Georgia, serif.",
            value=repr(value),
        )
    return value


def _logo(value: str) -> str:
    if not re.fullmatch(r"/[^/\s\\\"'()<>][^\s\\\"'()<>]*", value):
        raise wrong(
            "%(value)s is not a path on the website. The logo must come from the website itself, "
            "so that the banner calls nobody else. Write a path such as /images/logo.svg.",
            value=repr(value),
        )
    return value


Colour = Annotated[str, AfterValidator(_colour)]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


class Palette(BaseModel):
    """The colours of one scheme. `button` is that of accepting and refusing alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    surface: Colour
    text: Colour
    line: Colour
    button: Colour
    button_text: Colour

    @model_validator(mode="after")
    def _require_contrast(self) -> "Palette":
        pairs = (
            ("text", "surface", TEXT_CONTRAST),
            ("button_text", "button", TEXT_CONTRAST),
            ("button", "surface", CONTROL_CONTRAST),
        )
        for one, other, least in pairs:
            found = contrast(getattr(self, one), getattr(self, other))
            if found < least:
                raise wrong(
                    "%(one)s on %(other)s has a contrast of %(found)s, and needs %(least)s to be "
                    "readable (WCAG 2.2). Choose a lighter or darker colour.",
                    one=f"{one} {getattr(self, one)}",
                    other=f"{other} {getattr(self, other)}",
                    # Rounded down: 4.49 must not read as enough.
                    found=f"{int(found * 100) / 100:.2f}",
                    least=f"{least:g}",
                )
        return self


class Light(Palette):
    surface: Colour = "#ffffff"
    text: Colour = "#1b2430"
    line: Colour = "#7b8594"
    button: Colour = "#1f4e9e"
    button_text: Colour = "#ffffff"


class Dark(Palette):
    surface: Colour = "#1c2430"
    text: Colour = "#eef2f7"
    line: Colour = "#8391a5"
    button: Colour = "#9cc2ff"
    button_text: Colour = "#0e1826"


class Looks(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    # A bar along the lower edge, a box in the lower corner, or a box in the middle. None locks the page.
    layout: Literal["bar", "box", "centre"] = "box"
    # What stays after a choice: a round button with an icon, the same in words, or nothing, for a website that has a
    # `data-consent-open` of its own on every page.
    control: Literal["icon", "words", "none"] = "icon"
    # On the other side in languages written from right to left.
    side: Literal["left", "right"] = "left"
    # auto follows the visitor's system.
    scheme: Literal["auto", "light", "dark"] = "auto"
    # Pixels.
    radius: Annotated[int, Field(ge=0, le=30)] = 10
    # Fonts that visitors have, or that the website itself loads.
    font: Annotated[str, Field(max_length=200), AfterValidator(_font)] = "system-ui,sans-serif"
    logo: Annotated[str, Field(max_length=300), AfterValidator(_logo)] | None = None
    light: Light = Light()
    dark: Dark = Dark()


def logo(looks: Looks) -> str:
    """The logo above the text, as CSS; empty where there is none."""
    if not looks.logo:
        return ""
    # Of fixed height, so that nothing moves when it arrives.
    return (
        'section>:first-child::before{content:"";display:block;height:28px;margin-bottom:12px;'
        f"background:url({looks.logo}) 0/contain no-repeat}}"
    )


def side(looks: Looks) -> str:
    """Where the control lies, as CSS: clear of a phone's rounded corners."""
    start = "start" if looks.side == "left" else "end"
    safe = "env(safe-area-inset-left),env(safe-area-inset-right)"
    return f"[data-consent-tab]{{inset-inline-{start}:max(12px,{safe})}}"


def variables(looks: Looks, selector: str) -> str:
    """The custom properties that carry the looks, as CSS for `selector`."""
    shape = f"--consent-radius:{looks.radius}px;--consent-font:max(16px,1rem)/1.45 {looks.font};"
    if looks.scheme != "auto":
        palette = looks.light if looks.scheme == "light" else looks.dark
        return f"{selector}{{{shape}{_colours(palette)}color-scheme:{looks.scheme}!important}}"
    return (
        f"{selector}{{{shape}{_colours(looks.light)}color-scheme:light dark!important}}"
        f"@media(prefers-color-scheme:dark){{{selector}{{{_colours(looks.dark)}}}}}"
    )


def _colours(palette: Palette) -> str:
    return "".join(
        f"--consent-{name.replace('_', '-')}:{_short(value)};"
        for name, value in palette.model_dump().items()
    )


def _short(colour: str) -> str:
    return re.sub(r"#(.)\1(.)\2(.)\3", r"#\1\2\3", colour)
