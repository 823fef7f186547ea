"""The fields of a form of the site file as a page shows them: what each is called, what stands in it, what is wrong."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from consent.site import edit, forms, known_services, schema
from consent.site.forms import PARTS, ROWS, Field, Place
from consent.site.mistakes import Mistake
from consent.site.toml_lines import Path
from consent.web.dashboard import labels


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
        # A list of choices has an arrow beside the text.
        room = 22 if self.options else 28
        return self.field.kind in ("text", "choice") and max(map(len, said)) > room

    @property
    def all_mistakes(self) -> list[Mistake]:
        return [
            *self.mistakes,
            *(each for row in self.rows for shown in row for each in shown.all_mistakes),
        ]


@dataclass(frozen=True)
class Filled:
    """What the fields of a form have in common."""

    # What was sent, which stands there again; None: the draft is shown.
    form: "MultiDict[str, str] | None"
    spoken: list[str]
    mistakes: list[Mistake]
    # By the field's whole name, those that depend on the rest of the file.
    choices: Mapping[str, list[tuple[str, str]]]

    def at(self, path: Path) -> list[Mistake]:
        return [each for each in self.mistakes if each.path[: len(path)] == path]


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
    filled = Filled(form, forms.languages(source), found, _choices(place, source, purposes))
    root, base = place.root(source), f"{place.part}." if place.part in ROWS else ""
    made: list[Shown] = []
    table = ""
    for each in forms.fields(place.part):
        path: Path = (*root, *each.path)
        written, taken = edit.at(content, each.path), edit.at(inherited, each.path)
        one = _shown(filled, each, each.name, base + each.name, path, written, taken)
        if each.kind == "rows":
            rows = one.value if isinstance(one.value, list) else []
            one = replace(
                one,
                # And one for another.
                rows=[
                    _row(filled, each, base, number, path, edit.at(rows, (number,)))
                    for number in range(len(rows) + 1)
                ],
            )
        if place.part in PARTS and (own := _table(each)) != table:
            table = own
            hint = labels.hint(own) if "." in own else ""
            one = replace(one, heading=labels.of_table(own), heading_hint=hint)
        made.append(one)
    return made


def empty_row(part: str, rows: Field, number: int, source: str) -> list[Shown]:
    """The fields of one more row within a row."""
    filled = Filled(None, forms.languages(source), [], {})
    return _row(filled, rows, f"{part}.", number, (), None)


def _row(
    filled: Filled, rows: Field, base: str, number: int, path: Path, written: Any
) -> list[Shown]:
    """The fields of a row within a row."""
    return [
        _shown(
            filled,
            each,
            f"{rows.name}.{number}.{each.name}",
            f"{base}{rows.name}.{each.name}",
            (*path, number, *each.path),
            edit.at(written, each.path),
            None,
        )
        for each in rows.fields
    ]


def _table(each: Field) -> str:
    return ".".join(each.path[:-1]) or each.path[0]


def _shown(
    filled: Filled,
    each: Field,
    name: str,
    whole_name: str,
    path: Path,
    written: Any,
    inherited: Any,
) -> Shown:
    """A field: its name in the form, that by which labels know it, and its place in the file."""
    form, spoken = filled.form, filled.spoken
    value = _typed(each, written, spoken) if form is None else _sent(each, name, form, spoken)
    fallback = inherited if inherited is not None and written is None else each.default
    titles = labels.options(whole_name) if each.options else {}
    options = filled.choices.get(whole_name) or [
        (key, titles.get(key, key)) for key in each.options
    ]
    if options and isinstance(value, str) and value and value not in dict(options):
        # What is none of them stays as it was typed.
        options = [*options, (value, value)]
    return Shown(
        each,
        name,
        labels.label(whole_name),
        labels.hint(whole_name),
        value,
        _typed(each, fallback, spoken),
        filled.at(path),
        options,
    )


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
        return [{}] * max(forms.count(form, name) - 1, 0)
    return form.get(name, "")


def _choices(
    place: Place, source: str, purposes: Mapping[str, str]
) -> dict[str, list[tuple[str, str]]]:
    """The choices that depend on the rest of the file."""
    if place.part != "services":
        return {}
    raw = known_services.expand(edit.plain(source))
    context, rows = schema.context_of(raw), edit.at(raw, ("processors",))
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
    return {"": gettext("Default"), "yes": gettext("Yes"), "no": gettext("No")}
