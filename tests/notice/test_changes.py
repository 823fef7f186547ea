"""Comparing two versions: nothing is left out, and nothing that widens processing is called minor."""

import copy
import random
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.demo import SITE_FILE
from consent.notice import changes
from consent.site import schema
from consent.site.schema import SiteFile
from tests.factories import SHOP, shop, shop_in

Raw = dict[str, Any]
SHOP_RAW = tomllib.loads(SHOP)
DEMO_RAW = tomllib.loads(SITE_FILE.read_text(encoding="utf-8"))


def load(raw: Raw) -> SiteFile:
    return schema.load(raw)


def both(word: str) -> dict[str, str]:
    return {"en": word, "nb": f"{word} på norsk"}


ENTRY = {"kind": "session", "name": "id", "lifetime": "1 hour", "use": both("Id")}


def processor(**values: Any) -> Raw:
    return {
        "key": "new",
        "name": "New Inc.",
        "countries": ["US"],
        "task": both("Ads"),
        "note": both("All"),
        **values,
    }


def service(**values: Any) -> Raw:
    return {
        "key": "fresh",
        "name": "Fresh",
        "purpose": "analytics",
        "processor": SHOP_RAW["processors"][0]["key"],
        "description": both("Counts"),
        **values,
    }


# What widens processing or narrows rights, each with the reason that is to be given. They change the shop's raw file.
def _widenings() -> dict[str, tuple[str, Any]]:
    cookie = {"name": "_more", "lifetime": "2 years", "use": both("More")}

    def change(found: Any, **values: Any) -> None:
        found.update(values)

    return {
        "another controller": (
            "controller",
            lambda raw: change(raw["controller"], name="Another AS"),
        ),
        "a recipient": ("recipient", lambda raw: raw["processors"].append(processor())),
        "a recipient of another name": (
            "recipient",
            lambda raw: change(raw["processors"][0], name="Sold Inc."),
        ),
        "a country": ("country", lambda raw: change(raw["processors"][0], countries=["NO", "CN"])),
        "a country that is no longer said": (
            "country",
            lambda raw: change(raw["processors"][0], countries=[]),
        ),
        "a seat": ("country", lambda raw: change(raw["processors"][0], seat="US")),
        "a purpose": ("purpose", lambda raw: raw["purposes"].append({"key": "marketing"})),
        "a signal more": (
            "signal",
            lambda raw: change(raw["purposes"][0], consent_types=["ad_user_data"]),
        ),
        "a service": ("service", lambda raw: raw["services"].append(service())),
        "a service that is not asked for": (
            "purpose",
            lambda raw: change(raw["services"][0], purpose="necessary"),
        ),
        "a cookie": (
            "cookie",
            lambda raw: raw["services"][0].setdefault("cookies", []).append(cookie),
        ),
        "a cookie that lives longer": (
            "lifetime",
            lambda raw: change(raw["services"][0]["cookies"][0], lifetime="12 years"),
        ),
        "another entry in the browser": (
            "storage",
            lambda raw: raw["services"][0]["storage"].append({**ENTRY, "name": "other"}),
        ),
        "an entry that outlives the tab": (
            "storage",
            lambda raw: change(raw["services"][0]["storage"][0], kind="local"),
        ),
        "an entry that is no longer deleted": (
            "storage",
            lambda raw: raw["services"][0]["storage"][0].pop("lifetime"),
        ),
        "a kind of data": (
            "data",
            lambda raw: raw["data"].append(
                {"what": both("Faces"), "whose": both("All"), "why": both("Fun")}
            ),
        ),
        "another use of data": ("described", lambda raw: change(raw["data"][0], why=both("Sale"))),
        "a longer retention": (
            "retention",
            lambda raw: change(raw["retention"][0], period=both("For ever")),
        ),
        "decisions kept longer": (
            "retention",
            lambda raw: change(raw.setdefault("keep", {}), decisions="50 years"),
        ),
        "another thing that is stated": (
            "described",
            lambda raw: raw.setdefault("statements", []).append(
                {"key": "more", "title": both("More"), "text": both("We profile you")}
            ),
        ),
        "other words for what is necessary": (
            "described",
            lambda raw: raw["purposes"].append(
                {"key": "necessary", "description": both("Also advertising")}
            ),
        ),
        "another introduction": (
            "described",
            lambda raw: change(raw, introduction=both("We sell")),
        ),
        "people of another age": (
            "described",
            lambda raw: change(raw["data"][0], whose=both("People > 18")),
        ),
        "a kind of data whose name is odd": (
            "data",
            lambda raw: raw["data"].append(
                {"what": both("Health in order"), "whose": both("All"), "why": both("Fun")}
            ),
        ),
        "a retention no longer promised": (
            "retention",
            lambda raw: change(raw["retention"][0], what=both("Other")),
        ),
        "a right gone": (
            "right",
            lambda raw: change(
                raw, rights=[{"key": "other", "title": both("Other"), "text": both("Other")}]
            ),
        ),
        "referrers by their hosts": (
            "counting",
            lambda raw: change(raw.setdefault("hits", {}), subdomains=["news.example.com"]),
        ),
        "page views of everybody": (
            "counting",
            lambda raw: change(raw.setdefault("hits", {}), when="always"),
        ),
        "a choice that stands longer": (
            "asking",
            lambda raw: change(raw.setdefault("asking", {}), months=13),
        ),
        "Google before the choice": (
            "signal",
            lambda raw: change(raw.setdefault("signals", {}), google="advanced"),
        ),
        "identifiers in links": (
            "signal",
            lambda raw: change(raw.setdefault("signals", {}), url_passthrough=True),
        ),
        "no obedience to the browser": (
            "right",
            lambda raw: raw["purposes"].append({**raw["purposes"].pop(0), "opt_out_signal": False}),
        ),
    }


WIDENINGS = _widenings()


def base() -> Raw:
    raw = copy.deepcopy(SHOP_RAW)
    raw["purposes"][0]["opt_out_signal"] = True
    raw["data"][0]["whose"] = both("People < 18")
    raw["services"][0].setdefault(
        "cookies", [{"name": "_id", "lifetime": "1 day", "use": both("Id")}]
    )
    raw["services"][0]["storage"] = [dict(ENTRY)]
    return raw


@pytest.mark.parametrize("name", WIDENINGS)
def test_what_widens_processing_is_material_and_says_why(name: str) -> None:
    reason, widen = WIDENINGS[name]
    raw = base()
    widen(raw)

    found = changes.compare(load(base()), load(raw))

    assert reason in {change.reason for change in found}


@settings(deadline=None)
@given(st.sampled_from(sorted(WIDENINGS)), st.randoms(use_true_random=False))
def test_no_other_change_hides_it(name: str, chance: random.Random) -> None:
    raw = base()
    WIDENINGS[name][1](raw)
    harmless(raw, chance)

    assert changes.is_material(changes.compare(load(base()), load(raw)))


def harmless(raw: Raw, chance: random.Random) -> None:
    """Changes that widen nothing, some of them."""
    some = [
        lambda: raw["site"].update(name="Renamed"),
        lambda: raw["controller"].update(email="new@shop.example"),
        lambda: chance.shuffle(raw["processors"]),
        lambda: chance.shuffle(raw["purposes"]),
        lambda: raw["rights"].append({"key": "more", "title": both("More"), "text": both("More")}),
        lambda: raw.setdefault("looks", {}).update(layout="box"),
        lambda: raw.setdefault("hits", {}).update(public_pages=["/"]),
    ]
    for each in chance.sample(some, chance.randint(0, len(some))):
        each()


@pytest.mark.parametrize("seed", range(20))
def test_what_widens_nothing_is_minor(seed: int) -> None:
    raw = base()
    harmless(raw, random.Random(seed))

    assert not changes.is_material(changes.compare(load(base()), load(raw)))


@pytest.mark.parametrize(
    "narrow",
    [
        lambda raw: raw["services"].pop(),
        lambda raw: raw["data"].append(raw["data"].pop(0)),
        lambda raw: raw["services"][0]["cookies"][0].update(lifetime="1 minute"),
        lambda raw: raw["services"][0]["storage"][0].update(lifetime="1 minute"),
        lambda raw: raw["services"][0]["storage"].pop(),
        lambda raw: raw.setdefault("asking", {}).update(months=6),
        lambda raw: raw["controller"].update(phone="+47 22 22 22 22"),
    ],
)
def test_what_narrows_processing_is_minor(narrow: Any) -> None:
    raw = base()
    narrow(raw)

    assert not changes.is_material(changes.compare(load(base()), load(raw)))


def test_other_languages_are_other_words() -> None:
    """Nobody can tell whether they say the same."""
    german = shop_in(["de"])
    english = shop_in(["en"])

    assert changes.is_material(changes.compare(schema.parse(english), schema.parse(german)))


def test_punctuation_is_minor_and_other_words_are_not() -> None:
    before = schema.parse(SHOP)
    rights = {"Ask us.": "Ask us!"}
    assert not changes.is_material(changes.compare(before, schema.parse(shop(**rights))))
    assert changes.is_material(
        changes.compare(before, schema.parse(shop(**{"Ask us.": "Ask them."})))
    )


def test_writing_a_default_down_is_no_change() -> None:
    raw = copy.deepcopy(SHOP_RAW)
    raw["purposes"][0]["consent_types"] = ["analytics_storage"]
    raw["signals"] = {"google": "basic"}

    assert changes.compare(load(SHOP_RAW), load(raw)) == []


@settings(deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from([SHOP_RAW, DEMO_RAW]),
    st.sampled_from([SHOP_RAW, DEMO_RAW]),
)
def test_the_comparison_applied_to_the_old_gives_the_new(
    chance: random.Random, one: Raw, other: Raw
) -> None:
    old, new = load(mutated(one, chance)), load(mutated(other, chance))

    found = changes.compare(old, new)

    language = changes._common_language(old, new)
    assert changes.apply(changes.tree(old, language), found) == changes.tree(new, language)
    assert (found == []) == (changes.tree(old, language) == changes.tree(new, language))


def mutated(raw: Raw, chance: random.Random) -> Raw:
    """The file with some rows gone, doubled or moved, and some texts changed; still a site file."""
    made = copy.deepcopy(raw)
    for _ in range(chance.randint(0, 6)):
        tables = [name for name in ("data", "retention", "rights", "services") if made.get(name)]
        table = made[chance.choice(tables)]
        match chance.randint(0, 3):
            case 0 if len(table) > 1:
                table.pop(chance.randrange(len(table)))
            case 1 if "key" not in table[0]:
                table.append(copy.deepcopy(chance.choice(table)))
            case 2:
                chance.shuffle(table)
            case _:
                row = chance.choice(table)
                text = chance.choice([each for each in row.values() if isinstance(each, dict)])
                text[chance.choice(list(text))] = f"Changed {chance.random()}"
    return made
