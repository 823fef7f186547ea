"""The forms of the site file: every key of it has a field, and a form that is sent as it was shown changes nothing."""

import tomllib

import pytest
from werkzeug.datastructures import MultiDict

from consent.demo import SITE_FILE
from consent.site import edit, forms, schema
from consent.site.forms import FIXED, PARTS, ROWS, Field, Place
from tests.factories import shop

SOURCES = {
    "demo": SITE_FILE.read_text(),
    "shop": shop(),
    "known": shop() + '\n[[services]]\nuse = "google-analytics"\n',
}


def filled(field: Field, name: str, value, spoken: list[str]) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
    """What a browser sends of a field that shows the value."""
    if field.kind == "rows":
        rows = value or []
        inner = [
            pair
            for number, row in enumerate(rows)
            for each in field.fields
            for pair in filled(each, f"{name}.{number}.{each.name}", row.get(each.name), spoken)
        ]
        return [*inner, (f"{name}.rows", str(len(rows) + 1))]
    if value is None:
        return []
    if field.kind == "texts":
        texts = dict.fromkeys(spoken, value) if isinstance(value, str) else value
        return [(f"{name}.{language}", text) for language, text in texts.items()]
    if field.kind == "many":
        return [(name, each) for each in value]
    if field.kind == "lines":
        return [(name, "\r\n".join(value))]
    if field.kind == "flag":
        return [(name, "on")] if value else []
    if field.kind == "maybe":
        return [(name, "yes" if value else "no")]
    return [(name, str(value))]


def places(source: str) -> list[Place]:
    raw = tomllib.loads(source)
    rows = [Place(kind, index) for kind in ROWS for index in range(len(raw.get(kind, [])))]
    return [*map(Place, PARTS), *rows]


def form_of(place: Place, source: str) -> MultiDict[str, str]:
    content, spoken = place.content(source), forms.languages(source)
    return MultiDict(
        pair
        for field in forms.fields(place.part)
        for pair in filled(field, field.name, edit.at(content, field.path), spoken)
    )


def test_every_key_of_the_file_is_in_a_form() -> None:
    """Tables and rows are in parts, and each model's keys are fields."""
    in_parts = {name for names in PARTS.values() for name in names} | set(ROWS)
    missing = schema.SiteFile.model_fields.keys() - in_parts
    assert missing == set(), "add them to PARTS or ROWS in consent/site/forms.py"
    assert in_parts - schema.SiteFile.model_fields.keys() == set(), "not in the schema"
    names = {field.path for part in (*PARTS, *ROWS) for field in forms.fields(part)}
    for part, model in {
        "site": schema.SiteTable,
        "hits": schema.Hits,
        "asking": schema.Asking,
        "keep": schema.Keep,
        "banner": schema.Banner,
        "looks": schema.Looks,
        "signals": schema.Signals,
        "controller": schema.Contact,
        "authority": schema.Authority,
        "sources": schema.Sources,
    }.items():
        for key in model.model_fields:
            assert any(path[:2] == (part, key) for path in (*names, *FIXED))
    for part, row in {
        "purposes": schema.Purpose,
        "services": schema.Service,
        "processors": schema.Processor,
        "data": schema.DataKind,
        "retention": schema.Retention,
        "rights": schema.Statement,
    }.items():
        assert {field.name for field in forms.fields(part)} == row.model_fields.keys()


@pytest.mark.parametrize("name", SOURCES)
def test_a_form_that_is_sent_as_it_is_changes_nothing(name: str) -> None:
    source = SOURCES[name]
    for place in places(source):
        values = forms.sent(place, form_of(place, source), source)

        assert edit.write(source, values) == source


def change(place: Place, source: str, **fields: str | None) -> dict:  # type: ignore[type-arg]
    """What the row says after the form was sent with these fields changed."""
    form = form_of(place, source)
    for name, value in fields.items():
        form.pop(name.replace("__", "."), None)
        if value is not None:
            form[name.replace("__", ".")] = value
    return place.content(edit.write(source, forms.sent(place, form, source)))


def test_rows_within_a_row_are_added_changed_and_dropped() -> None:
    source, place = SOURCES["demo"], Place("services", 0)
    before = place.content(source)["cookies"]
    assert len(before) >= 2
    number = len(before)

    added = change(place, source, **{f"cookies__{number}__name": "_new"})
    dropped = change(
        place,
        source,
        cookies__0__name=None,
        cookies__0__lifetime=None,
        **{f"cookies__0__use__{language}": None for language in ("nb", "nn", "en")},
    )

    assert added["cookies"] == [*before, {"name": "_new"}]
    assert dropped["cookies"] == before[1:]


def test_all_rows_within_a_row_may_go() -> None:
    source, place = SOURCES["shop"], Place("services", 0)
    form = form_of(place, source)
    for name in [name for name in form if name.startswith("cookies.0")]:
        form.pop(name)

    made = place.content(edit.write(source, forms.sent(place, form, source)))

    assert "cookies" not in made


def test_a_table_that_may_be_left_out_goes_when_nothing_is_left_in_it() -> None:
    source, place = SOURCES["demo"], Place("contacts")
    names = [name for name in form_of(place, source) if name.startswith("dpo.")]

    made = change(place, source, **{name.replace(".", "__"): None for name in names})

    assert "dpo" not in made
    assert made["controller"] == place.content(source)["controller"]


@pytest.mark.parametrize(
    ("part", "fields", "path", "value"),
    [
        ("banner", {"asking__months": "9"}, ("asking", "months"), 9),
        ("banner", {"asking__months": "nine"}, ("asking", "months"), "nine"),
        ("banner", {"looks__light__surface": "#eee"}, ("looks", "light", "surface"), "#eee"),
        ("signals", {"hits__public": None}, ("hits", "public"), False),
        ("signals", {"hits__subdomains": "news.example.com\r\nexample.net"},
         ("hits", "subdomains"), ["news.example.com", "example.net"]),
        ("signals", {"hits__public_pages": "/\r\n/products/*"},
         ("hits", "public_pages"), ["/", "/products/*"]),
        ("signals", {"hits__noise": "0,5"}, ("hits", "noise"), 0.5),
        ("signals", {"hits__campaigns__utm_source": "a\r\n\r\n b "},
         ("hits", "campaigns", "utm_source"), ["a", "b"]),
        ("site", {"site__updated": "2026-13-01"}, ("site", "updated"), "2026-13-01"),
        ("site", {"introduction__nb": "En\r\nto"}, ("introduction", "nb"), "En\nto"),
        ("site", {"site__key": "other"}, ("site", "key"), "07sor"),
        ("sources", {"transfers__nb": None, "transfers__nn": None, "transfers__en": None},
         ("transfers",), None),
    ],
)  # fmt: skip
def test_what_is_typed_is_what_the_file_says(part, fields, path, value) -> None:  # type: ignore[no-untyped-def]
    made = change(Place(part), SOURCES["demo"], **fields)

    assert edit.at(made, path) == value
