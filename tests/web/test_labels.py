"""What the forms call the keys of a site file: each field has a label in words."""

from collections.abc import Iterator

from flask import Flask
from flask_babel import force_locale

from consent.site import forms
from consent.site.forms import PARTS, ROWS, Field
from consent.web.dashboard import labels


def names(fields: tuple[Field, ...], base: str = "") -> Iterator[str]:
    for field in fields:
        yield base + field.name
        yield from names(field.fields, f"{base}{field.name}.")


def test_each_field_has_a_label(app: Flask) -> None:
    found = [
        *(name for part in PARTS for name in names(forms.fields(part))),
        *(name for part in ROWS for name in names(forms.fields(part), f"{part}.")),
    ]

    with app.app_context(), force_locale("en"):
        # A campaign's parameter is its own name.
        bare = [
            name
            for name in found
            if labels.label(name) == name.rpartition(".")[2] and "campaigns" not in name
        ]

    assert bare == [], "add them to _LABELS in consent/web/dashboard/labels.py"
