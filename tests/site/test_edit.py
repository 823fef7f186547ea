"""Changing a TOML file: what is asked for is there, and all else is as it was written."""

import tomllib
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.errors import Invalid
from consent.demo import SITE_FILE
from consent.site import edit
from tests.factories import shop

DEMO = SITE_FILE.read_text()
SOURCE = """\
# Above all.
introduction.en = "Hello"   # beside it

[site]
key = "shop"   # stays
languages = [ "en" ]

# The first.
[[services]]
key = "one"
use.en = "1"
[[services.cookies]]
name = "a"

# The second,
# in two lines.
[[services]]
key = "two"

[[services]]
key = "three"
# Last words.
"""


def plain(source: str):  # type: ignore[no-untyped-def]
    return tomllib.loads(source)


def test_nothing_changes_where_the_values_are_the_same() -> None:
    values = {("site", "key"): "shop", ("services", 0, "use"): {"en": "1"}, ("banner",): None}

    assert edit.write(SOURCE, values) == SOURCE


def test_a_value_changes_and_its_line_stays() -> None:
    made = edit.write(SOURCE, {("introduction",): {"en": "Hei"}, ("services", 1, "key"): "second"})

    assert made == SOURCE.replace('"Hello"', '"Hei"').replace('"two"', '"second"')


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("services", 0, "title"), {"en": "One", "nb": "En"}, 'title.en = "One"\n'),
        (("services", 2, "name"), "Three", 'name = "Three"\n'),
        (("looks", "light", "surface"), "#fff", '[looks.light]\nsurface = "#fff"\n'),
        (("transfers",), {"en": "None"}, '[transfers]\nen = "None"\n'),
        (("services", 1, "cookies", 0, "name"), "b", '[[services.cookies]]\nname = "b"\n'),
        (("services", 3, "key"), "four", '[[services]]\nkey = "four"\n'),
        (("site", "updated"), date(2026, 1, 31), "updated = 2026-01-31\n"),
        (("site", "languages"), ["en", "nb"], 'languages = ["en", "nb"]'),
        (("introduction",), {"en": "two\nlines"}, 'introduction.en = """two\nlines"""'),
    ],
)
def test_what_is_new_is_written_as_people_write_it(path, value, line: str) -> None:  # type: ignore[no-untyped-def]
    made = edit.write(SOURCE, {path: value})

    assert line in made
    assert edit.at(plain(made), path) == value
    for comment in ("# Above all.", "# beside it", "# stays", "# in two lines.", "# Last words."):
        assert comment in made


@pytest.mark.parametrize("kind", ["services", "rights", "processors", "data"])
def test_a_row_goes_with_the_comment_above_it_and_no_other(kind: str) -> None:
    rows = plain(DEMO)[kind]
    for index in range(len(rows)):
        made = edit.remove(DEMO, kind, index)

        expected = plain(DEMO)
        del expected[kind][index]
        if not expected[kind]:
            del expected[kind]
        assert plain(made) == expected


def test_comments_go_with_what_they_are_about() -> None:
    made = edit.remove(SOURCE, "services", 0)

    assert "# The first." not in made
    assert "# The second,\n# in two lines.\n[[services]]" in made


def test_rows_change_places_with_their_comments() -> None:
    made = edit.swap(SOURCE, "services", 0)

    assert [each["key"] for each in plain(made)["services"]] == ["two", "one", "three"]
    assert '# The second,\n# in two lines.\n[[services]]\nkey = "two"\n' in made
    assert '# The first.\n[[services]]\nkey = "one"\n' in made
    assert edit.swap(made, "services", 0) == SOURCE


def test_the_last_row_changes_places_too() -> None:
    made = edit.swap(SOURCE, "services", 1)

    assert [each["key"] for each in plain(made)["services"]] == ["one", "three", "two"]


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_a_row_that_is_not_there_is_said(index: int) -> None:
    with pytest.raises(Invalid):
        edit.remove(SOURCE, "services", index)


@pytest.mark.parametrize("sign", ["\u2028", "\u0085"])
def test_signs_that_end_a_line_elsewhere_are_a_text_like_any_other(sign: str) -> None:
    source = f"# a{sign}b\n" + SOURCE.replace('"Hello"', f'"""a{sign}b{sign}c"""')

    for index in range(3):
        made = edit.remove(source, "services", index)
        expected = plain(source)
        del expected["services"][index]
        assert plain(made) == expected
    assert [each["key"] for each in plain(edit.swap(source, "services", 0))["services"]] == [
        "two",
        "one",
        "three",
    ]


@pytest.mark.parametrize(
    "source",
    [
        '[[services]]\nkey = "a"\n[[data]]\nx = 1\n[[services.cookies]]\nname = "c"\n',
        '[[services]]\nkey = "a"\n\n[[data]]\nx = 1\n\n[[services]]\nkey = "b"\n',
        'x = """\n[[services]]\n"""\n[[services]]\nkey = "a"\n[[services]]\nkey = "b"\n',
    ],
)
def test_an_odd_order_is_changed_rightly_or_left_to_the_text(source: str) -> None:
    for make in (edit.remove, edit.swap):
        for index in range(2):
            expected = plain(source)["services"]
            try:
                made = make(source, "services", index)
            except Invalid:
                continue
            if make is edit.swap:
                expected[index], expected[index + 1] = expected[index + 1], expected[index]
            else:
                del expected[index]
            assert plain(made).get("services", []) == expected


def test_rows_in_one_line_are_left_to_the_text() -> None:
    with pytest.raises(Invalid, match="as a text"):
        edit.remove('services = [{key = "one"}]\n', "services", 0)


def test_what_stands_between_two_rows_stays() -> None:
    source = """[[services]]
key = "one"

# Between.
[[processors]]
key = "own"

[[services]]
key = "two"
"""
    made = edit.swap(source, "services", 0)

    assert made.index('"two"') < made.index("# Between.") < made.index('"one"')
    assert plain(made)["processors"] == [{"key": "own"}]


@pytest.mark.parametrize("end", ["\u2028", "\u0085"])
def test_a_line_ends_only_where_toml_ends_it(end: str) -> None:
    source = SOURCE.replace("Above all.", f"Above{end} all.")

    assert edit.remove(source, "services", 0) == edit.remove(SOURCE, "services", 0).replace(
        "Above all.", f"Above{end} all."
    )


@pytest.mark.parametrize(
    "source",
    [
        # The cookies belong to the row above the other table, which its lines take in.
        '[[services]]\nkey = "one"\n[site]\nkey = "a"\n[[services.cookies]]\nname = "b"\n',
        # The last line of a text, and no comment.
        'introduction = """\n# Hello"""\n[[services]]\nkey = "one"\n',
    ],
)
def test_what_would_be_lost_with_a_row_is_left_to_the_text(source: str) -> None:
    with pytest.raises(Invalid, match="as a text"):
        edit.remove(source, "services", 0)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=30)
TEXTS = st.dictionaries(st.sampled_from(["nb", "nn", "en"]), TEXT, min_size=1) | st.none()
PLAIN = st.one_of(
    TEXT,
    st.integers(-(10**6), 10**6),
    st.booleans(),
    st.dates(),
    st.lists(TEXT, max_size=3),
    st.none(),
)


def places(last, *first):  # type: ignore[no-untyped-def]
    names = [st.sampled_from(each) if isinstance(each, list) else each for each in first]
    return st.tuples(*names, st.sampled_from(last))


TABLES = ["site", "hits", "banner", "dpo", "authority", "fresh"]
ROWS = [["services", "purposes", "rights", "kinds"], st.integers(0, 1)]
INNER = [["services"], st.integers(0, 1), ["cookies"], st.integers(0, 2)]
CHANGES = st.one_of(
    st.tuples(places(["introduction", "transfers", "extra"]), TEXTS),
    st.tuples(places(["title", "text"], TABLES), TEXTS),
    st.tuples(places(["title", "description", "task"], *ROWS), TEXTS),
    st.tuples(places(["use"], *INNER), TEXTS),
    st.tuples(places(["name", "when", "updated"], TABLES), PLAIN),
    st.tuples(places(["name", "purpose", "signal"], *ROWS), PLAIN),
    st.tuples(places(["name", "lifetime"], *INNER), PLAIN),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
@given(
    which=st.sampled_from(["demo", "shop"]),
    changes=st.lists(st.lists(CHANGES, max_size=4).map(dict), max_size=4),
)
def test_whatever_is_changed_says_what_it_should_and_keeps_the_comments(which, changes) -> None:  # type: ignore[no-untyped-def]
    """`write` compares what it wrote with what it should have written; here it never has to give up."""
    source = {"demo": DEMO, "shop": shop()}[which]
    comments = {line for line in source.splitlines() if line.startswith("#")}
    for values in changes:
        source = edit.write(source, values)
        for path, value in values.items():
            assert edit.at(plain(source), path) == value

    assert comments <= set(source.splitlines())
