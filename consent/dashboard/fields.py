"""The fields of a form of the site file as a page shows them: what each is called, what stands in it, what is wrong."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from consent import known_services, sitefile, siteform, tomledit
from consent.dashboard import labels
from consent.mistakes import Mistake
from consent.siteform import PARTS, ROWS, Field, Place
from consent.tomllines import Path


@dataclass(frozen=True)
class Shown:
    field: Field
    # In the form.
    name: str
    label: str
    hint: str
    # As typed: a text, texts by language, a list of what is chosen.
    value: Any
    # What the program takes where nothing is written, as typed.
    inherited: Any
    mistakes: list[Mistake]
    # Value and title of each choice.
    options: list[tuple[str, str]]
    # The heading above it, where a new table begins.
    heading: str = ""
    heading_hint: str = ""
    rows: "list[list[Shown]]" = dataclasses.field(default_factory=list)

    @property
    def is_long(self) -> bool:
        """Whether it wants a line of its own."""
        said = [title for _, title in self.options] or [str(self.value)]
        return self.field.kind in ("text", "choice") and max(map(len, said)) > 28

    @property
    def all_mistakes(self) -> list[Mistake]:
        return [
            *self.mistakes,
            *(each for row in self.rows for shown in row for each in shown.all_mistakes),
        ]


def shown_fields(
    place: Place,
    source: str,
    found: list[Mistake],
    form: "MultiDict[str, str] | None",
    purposes: Mapping[str, str],
) -> list[Shown]:
    """The fields of a part, with what the draft says, or what was typed in the form that was sent.

    `purposes`: what those are called that are in force.
    """
    content, inherited = place.content(source), place.inherited(source)
    spoken, root = siteform.languages(source), place.root(source)
    choices = _choices(place, source, purposes)
    made: list[Shown] = []
    table = ""
    for each in siteform.fields(place.part):
        path: Path = (*root, *each.path)
        base = f"{place.part}." if place.part in ROWS else ""
        one = _shown(
            each,
            each.name,
            f"{base}{each.name}",
            tomledit.at(content, each.path),
            tomledit.at(inherited, each.path),
            form,
            spoken,
            _at(path, found),
            choices,
        )
        if each.kind == "rows":
            one = replace(one, rows=_rows(each, one, base, path, found, form, spoken))
        if place.part in PARTS:
            own = _table(each)
            if own != table:
                one = replace(
                    one,
                    heading=labels.of_table(own),
                    heading_hint=labels.hint(own) if "." in own else "",
                )
            table = own
        made.append(one)
    return made


def _table(each: Field) -> str:
    return ".".join(each.path[:-1]) or each.path[0]


def _at(path: Path, found: list[Mistake]) -> list[Mistake]:
    return [each for each in found if each.path[: len(path)] == path]


def _shown(
    each: Field,
    name: str,
    full_name: str,
    written: Any,
    inherited: Any,
    form: "MultiDict[str, str] | None",
    spoken: list[str],
    found: list[Mistake],
    choices: Mapping[str, list[tuple[str, str]]],
) -> Shown:
    value = _typed(each, written, spoken) if form is None else _sent(each, name, form, spoken)
    fallback = inherited if inherited is not None and written is None else each.default
    options = choices.get(full_name) or [
        (key, labels.option(full_name, key)) for key in each.options
    ]
    if options and isinstance(value, str) and value:
        # What is none of them stays as it was typed.
        options += [(value, value)] if value not in dict(options) else []
    return Shown(
        each,
        name,
        labels.label(full_name),
        labels.hint(full_name),
        value,
        _typed(each, fallback, spoken),
        found,
        options,
    )


def _rows(
    each: Field,
    shown: Shown,
    base: str,
    path: Path,
    found: list[Mistake],
    form: "MultiDict[str, str] | None",
    spoken: list[str],
) -> list[list[Shown]]:
    """A row of fields for each row there is, and one for another."""
    rows = shown.value if isinstance(shown.value, list) else []
    return [
        [
            _shown(
                inner,
                f"{each.name}.{number}.{inner.name}",
                f"{base}{each.name}.{inner.name}",
                tomledit.at(rows, (number, *inner.path)),
                None,
                form,
                spoken,
                _at((*path, number, *inner.path), found),
                {},
            )
            for inner in each.fields
        ]
        for number in range(len(rows) + 1)
    ]


def _typed(each: Field, value: Any, spoken: list[str]) -> Any:
    """A value of the file as somebody would type it."""
    if each.kind == "texts":
        if isinstance(value, str):
            return dict.fromkeys(spoken, value)
        return {key: str(text) for key, text in value.items()} if isinstance(value, dict) else {}
    if each.kind in ("many", "rows"):
        return value if isinstance(value, list) else []
    if value is None:
        return ""
    if each.kind == "lines":
        return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
    if each.kind == "flag":
        return value is True
    if each.kind == "maybe":
        return {True: "yes", False: "no"}.get(value, "")
    if isinstance(value, dict):  # a lifetime, as the schema has it
        amount, unit = value.get("amount"), value.get("unit")
        return f"{amount} {unit}{'s' if amount != 1 else ''}" if amount else str(unit)
    return str(value)


def _sent(each: Field, name: str, form: "MultiDict[str, str]", spoken: list[str]) -> Any:
    if each.kind == "texts":
        return {language: form.get(f"{name}.{language}", "") for language in spoken}
    if each.kind == "many":
        return form.getlist(name)
    if each.kind == "flag":
        return name in form
    if each.kind == "rows":
        # What is in them is asked of the form, field by field; the last of them is the one for another.
        return [{}] * max(siteform.rows_of(each, form) - 1, 0)
    return form.get(name, "")


def _choices(
    place: Place, source: str, purposes: Mapping[str, str]
) -> dict[str, list[tuple[str, str]]]:
    """The choices that depend on the rest of the file."""
    if place.part != "services":
        return {}
    raw = known_services.expand(tomledit.plain(source))
    context, rows = sitefile.context_of(raw), tomledit.at(raw, ("processors",))
    names = {
        row.get("key"): str(row.get("name") or row.get("key"))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and isinstance(row.get("key"), str)
    }
    return {
        "services.purpose": [(key, purposes.get(key, key)) for key in context["purposes"]],
        "services.processor": sorted(
            ((key, names.get(key, key)) for key in context["processors"]),
            key=lambda each: each[1].casefold(),
        ),
    }


def yes_or_no() -> dict[str, str]:
    return {"": gettext("As usual"), "yes": gettext("Yes"), "no": gettext("No")}
