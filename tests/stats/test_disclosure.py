"""Figures of several tables that hold each other: what one tells of another is withheld, and no more."""

import os
import signal
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from contextlib import closing as closing_of

import pytest

from consent.counting import hits
from consent.stats import closing
from consent.stats.auditor import Auditor
from consent.stats.disclosure import Figure, System
from consent.stats.figures import FigureRow

Tables = Mapping[str, Mapping[str, int]]


def released(tables: Tables, **more: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """What a day shows, of whose tables each counts all visits."""
    total = sum(next(iter(tables.values())).values())
    counted = {
        "total": Tally({("views", ""): total + 20, ("visits", ""): total}),
        **{
            dimension: Tally({(value, ""): count for value, count in values.items()})
            for dimension, values in tables.items()
        },
        **{dimension.replace("_", "."): Tally(cells) for dimension, cells in more.items()},
    }
    return by_dimension(closing.released(counted))


def by_dimension(rows: list[FigureRow]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.value != "*" and not row.onward:
            found.setdefault(row.dimension, {})[row.value] = row.number
    return found


def of_links(links: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    campaigns, sources = Tally[str](), Tally[str]()
    for (campaign, source), count in links.items():
        campaigns[campaign] += count
        sources[source] += count
    cells = {
        (hits.combine((campaign, source, "none", "none", "none")), ""): count
        for (campaign, source), count in links.items()
    }
    return released({"campaign": campaigns, "source": sources}, link=cells)


def test_a_source_and_its_campaign_do_not_tell_the_few_of_no_campaign() -> None:
    found = of_links(
        {("none", "none"): 200, ("spring", "newsletter"): 40, ("none", "newsletter"): 3}
    )

    told = found.get("source", {}).get("newsletter", 0) - found.get("campaign", {}).get("spring", 0)
    assert told != 3
    without = found.get("campaign", {}).get("none", 0) - found.get("source", {}).get("none", 0)
    assert without != 3


def test_campaigns_that_hold_nothing_small_are_all_shown() -> None:
    found = of_links(
        {("none", "none"): 200, ("spring", "newsletter"): 40, ("autumn", "newsletter"): 30}
    )

    assert found["campaign"] == {"none": 200, "spring": 40, "autumn": 30}
    assert found["source"] == {"none": 200, "newsletter": 70}


def test_one_table_of_campaigns_is_shown_where_nobody_knows_what_holds_what() -> None:
    found = released(
        {"campaign": {"none": 100, "spring": 40}, "source": {"none": 90, "newsletter": 50}}
    )

    assert found["campaign"] == {"none": 100, "spring": 40}
    assert "source" not in found


def test_a_country_and_its_networks_do_not_tell_the_few_of_a_small_network() -> None:
    places = {("NO", "Telenor"): 60, ("NO", "Altibox"): 30, ("NO", "Tiny"): 4, ("SE", "Telia"): 40}
    places |= {("SE", "Other"): 7}
    countries, networks = Tally[str](), Tally[str]()
    for (country, network), count in places.items():
        countries[country] += count
        networks[network] += count
    combined = {(hits.combine(place), ""): count for place, count in places.items()}
    found = released({"country": countries, "network": networks}, place=combined)

    shown = found["network"]
    assert found["country"] == {"NO": 94, "SE": 47}
    assert not shown.keys() >= {"Telenor", "Altibox"}
    assert "Telia" not in shown


@pytest.mark.parametrize(
    ("tables", "one", "other"),
    [
        # A browser that only one system has, and the other way round.
        (
            {
                "system": {"Windows": 60, "Android": 40},
                "browser": {"Chrome": 63, "Samsung Internet": 37},
            },
            ("system", "Android"),
            ("browser", "Samsung Internet"),
        ),
        (
            {
                "system": {"Chrome OS": 30, "Windows": 70},
                "browser": {"Chrome": 33, "Edge": 67},
            },
            ("browser", "Chrome"),
            ("system", "Chrome OS"),
        ),
        # Two tables further apart: all iPhones have Safari here, and all are phones.
        (
            {
                "device": {"phone": 54, "desktop": 46},
                "system": {"iOS": 50, "Windows": 50},
            },
            ("device", "phone"),
            ("system", "iOS"),
        ),
    ],
)
def test_what_holds_another_is_not_shown_beside_it_where_few_are_left(
    tables: Tables, one: tuple[str, str], other: tuple[str, str]
) -> None:
    found = released(tables)

    assert not (found.get(one[0], {}).get(one[1]) and found.get(other[0], {}).get(other[1]))


def test_withdrawals_do_not_tell_how_few_answers_were_not_timed() -> None:
    rows = closing.released(
        {
            "consents.action": Tally({("accept", ""): 23, ("withdraw", ""): 12}),
            "consents.took": Tally({("5", "accept"): 20, ("unknown", "accept"): 3}),
        }
    )

    assert "consents.took" not in by_dimension(rows)


def small_beside_large() -> System:
    """Of 13, ten are shown in each of two tables: so are the three that are left."""
    system = System("first")
    cells = [system.add_cell(count) for count in (10, 3, 40)]
    system.know(53, cells)
    system.know(13, cells[:2], Figure("first", "both"))
    system.know(10, cells[:1], Figure("second", "one"))
    return system


@pytest.fixture
def auditor() -> Iterator[Auditor]:
    with closing_of(Auditor()) as one:
        yield one


def test_the_smallest_figure_that_tells_is_withheld(auditor: Auditor) -> None:
    assert auditor.withheld(small_beside_large()) == {Figure("second", "one")}


def test_only_the_first_table_stays_where_time_is_up() -> None:
    with closing_of(Auditor(seconds=0)) as auditor:
        assert auditor.withheld(small_beside_large()) == {Figure("second", "one")}


def test_totals_that_tell_by_themselves_cost_no_figure(auditor: Auditor) -> None:
    system = System()
    few, many = system.add_cell(3), system.add_cell(50)
    system.know(3, [few])
    system.know(50, [many], Figure("table", "many"))

    assert auditor.withheld(system) == set()


def test_a_solver_is_not_ended_with_a_key(auditor: Auditor) -> None:
    expected = auditor.withheld(small_beside_large())
    process = auditor._process
    assert process is not None
    os.kill(process.pid, signal.SIGINT)

    assert auditor.withheld(small_beside_large()) == expected
    assert auditor._process is process


def test_a_solver_that_was_killed_is_started_again(auditor: Auditor) -> None:
    expected = auditor.withheld(small_beside_large())
    assert auditor._process is not None
    os.kill(auditor._process.pid, signal.SIGTERM)
    auditor._process.wait()

    assert auditor.withheld(small_beside_large()) == expected
