"""From rounds of measurements to tables: medians for everyone, and ours against what is to be reached."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from textwrap import fill

from benchmarks.contenders import BARE, EMPTY, OURS, peers

Measured = dict[str, float | None]
# For each contender what one round measured.
Round = dict[str, Measured]
# For each contender the medians of all rounds.
Medians = dict[str, Measured]

# For each part of what a script does, milliseconds on a first and on a second visit.
Profile = dict[str, tuple[float, float]]

# What the page itself has a part in: given as what a contender adds to it.
ADDED = ("script", "second_script", "heap")
# Milliseconds. One frame of a screen that is drawn sixty times a second.
FRAME = 1000 / 60


@dataclass(frozen=True)
class Row:
    """A line of the table of medians."""

    label: str
    metric: str
    digits: int = 0
    # Yes-or-no figures: in how many of a hundred rounds.
    percent: bool = False

    def show(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.0%}" if self.percent else f"{value:,.{self.digits}f}"


BYTES = Row("bytes to first banner, brotli", "bytes")
GROWTH = Row("bytes the page itself grows by", "growth")
REQUESTS = Row("requests to first banner", "requests")
RAN = Row("an empty script runs, ms", "ran")
PAINTED = Row("first paint, ms", "painted")
VISIBLE = Row("visible, ms", "visible")
SLOW_RAN = Row("slow phone: an empty script runs, ms", "slow_ran")
SLOW_PAINTED = Row("slow phone: first paint, ms", "slow_painted")
SLOW_VISIBLE = Row("slow phone: visible, ms", "slow_visible")
SCRIPT = Row("script on the main thread, ms of CPU", "script", 1)
BLOCKED = Row("slow phone: blocking time, ms", "slow_blocked")
SHIFT = Row("layout shift, the worse of both devices", "worst_shift", 3)
LARGEST = Row("banner is the largest contentful paint", "ever_largest", percent=True)
REFUSED = Row("refuse click → gone, ms", "refused")
ACCEPTED = Row("accept click → services ran, ms", "accepted")
PAINTED_FIRST = Row("gone from sight before a service ran", "painted_first", percent=True)
SECOND_SCRIPT = Row("second visit: script, ms of CPU", "second_script", 1)
SECOND_REQUESTS = Row("second visit: requests not cached", "second_requests")
HEAP = Row("JS heap, KiB", "heap")

ROWS = (
    BYTES,
    GROWTH,
    REQUESTS,
    RAN,
    PAINTED,
    VISIBLE,
    SLOW_RAN,
    SLOW_PAINTED,
    SLOW_VISIBLE,
    SCRIPT,
    BLOCKED,
    SHIFT,
    LARGEST,
    REFUSED,
    ACCEPTED,
    PAINTED_FIRST,
    SECOND_SCRIPT,
    SECOND_REQUESTS,
    HEAP,
)


@dataclass(frozen=True)
class Goal:
    row: Row
    words: str
    limit: Callable[[Medians], float]
    at_least: bool = False
    # What stands in the way, said where the goal is missed.
    cause: str = ""

    def is_met(self, medians: Medians) -> bool:
        reached = medians[OURS][self.row.metric]
        if reached is None:
            return False
        limit = self.limit(medians)
        return reached >= limit if self.at_least else reached <= limit


def fixed(limit: float) -> Callable[[Medians], float]:
    return lambda _: limit


def of_best(metric: str, factor: float = 1, more: float = 0) -> Callable[[Medians], float]:
    return lambda medians: best(medians, metric)[1] * factor + more


def soonest_possible(medians: Medians) -> float:
    """No banner can be there before the page is painted, nor before a script from the same server runs."""
    painted, ran = medians[BARE]["slow_painted"], medians[EMPTY]["slow_ran"]
    return max(painted or 0, ran or 0)


GOALS = (
    Goal(BYTES, "≤ 5,000", fixed(5000)),
    Goal(REQUESTS, "1", fixed(1)),
    Goal(VISIBLE, "≤ the best peer", of_best("visible")),
    Goal(SLOW_VISIBLE, "≤ the best peer", of_best("slow_visible")),
    Goal(
        SLOW_VISIBLE,
        "≤ first paint or an empty script, the later, + 40 ms",
        lambda medians: soonest_possible(medians) + 40,
        cause="our bytes alone take 22 ms on a line of 1.6 Mbit/s, and an empty script has next to none. We also take "
        "what the least script takes beyond the empty one: the cookie, and a frame with something new in it.",
    ),
    Goal(
        SCRIPT,
        "≤ 0.5 × the best peer",
        of_best("script", factor=0.5),
        cause="the profile below shows where it goes. A third is compiling and style sheets, which grow with what a "
        "banner can do. The best peer has no purposes, no settings and no signals.",
    ),
    Goal(
        BLOCKED,
        "≤ the bare page + 5 ms",
        lambda medians: (medians[BARE]["slow_blocked"] or 0) + 5,
        cause="this counts what tasks take beyond 50 ms. Nearly all of it is the page's own first layout, and a task "
        "of ours that coincides with it counts in full. The bare page's own time varies by more between runs.",
    ),
    Goal(SHIFT, "0", fixed(0)),
    Goal(LARGEST, "never", fixed(0)),
    Goal(
        REFUSED,
        "≤ the best peer",
        of_best("refused"),
        cause="this is the wait for the next frame: less than one (17 ms) for every banner that leaves at once.",
    ),
    Goal(PAINTED_FIRST, "always", fixed(1), at_least=True),
    Goal(
        ACCEPTED,
        "≤ the best peer + one frame",
        of_best("accepted", more=FRAME),
        cause="the page is painted without the banner first. Each service then starts in a task of its own.",
    ),
    Goal(
        SECOND_SCRIPT,
        "≤ 2",
        fixed(2),
        cause="starting the two services is part of it. The least script, which does little else, also exceeds this.",
    ),
    Goal(SECOND_REQUESTS, "0", fixed(0)),
    Goal(HEAP, "≤ 60", fixed(60)),
)


def summarise(rounds: list[Round]) -> Medians:
    """The medians. What a contender adds to the bare page is taken within each round."""
    added = [_less_bare(each) for each in rounds]
    return {name: _median_of(each[name] for each in added) for name in rounds[0]}


def _less_bare(measured: Round) -> Round:
    bare = measured[BARE]
    return {
        name: {
            metric: value - (bare[metric] or 0) if metric in ADDED and value is not None else value
            for metric, value in values.items()
        }
        for name, values in measured.items()
    }


def _median_of(measured: Iterable[Measured]) -> Measured:
    everything = list(measured)
    found: Measured = {}
    for metric in everything[0]:
        values = [value for each in everything if (value := each[metric]) is not None]
        # What is asked to be always or never so is no question of the middle.
        is_share = any(row.percent for row in ROWS if row.metric == metric)
        middle = sum(values) / len(values) if values and is_share else None
        found[metric] = middle if is_share else median(values) if values else None
    return found


def best(medians: Medians, metric: str) -> tuple[str, float]:
    """The peer with the smallest figure, and the figure."""
    known = [
        (value, name) for name in peers(medians) if (value := medians[name].get(metric)) is not None
    ]
    value, name = min(known)
    return name, value


def tables(medians: Medians) -> list[tuple[str, list[list[str]]]]:
    """The two tables: titles, and rows of which the first is the header."""
    return [("Medians", _everyone(medians)), ("Targets", _goals(medians))]


def _everyone(medians: Medians) -> list[list[str]]:
    lines = [["", *medians]]
    for row in ROWS:
        values = [medians[name].get(row.metric) for name in medians]
        lines.append([row.label, *map(row.show, values)])
    return lines


def _goals(medians: Medians) -> list[list[str]]:
    lines = [["", "ours", "best peer", "ours / best", "target", "limit", ""]]
    for goal in GOALS:
        row, ours = goal.row, medians[OURS][goal.row.metric]
        name, theirs = best(medians, row.metric)
        comparable = not row.percent and ours is not None and theirs
        lines.append(
            [
                row.label,
                row.show(ours),
                "" if row.percent else f"{row.show(theirs)} ({name})",
                f"{(ours or 0) / theirs:.2f}" if comparable else "",
                goal.words,
                row.show(goal.limit(medians)),
                "met" if goal.is_met(medians) else "missed",
            ]
        )
    return lines


def causes(medians: Medians) -> list[str]:
    """For each goal that is missed, what stands in the way."""
    return [
        f"{goal.row.label}: {goal.cause}"
        for goal in GOALS
        if goal.cause and not goal.is_met(medians)
    ]


def profiles(measured: dict[str, Profile]) -> list[list[str]]:
    """The table of where the time goes: rows of which the first is the header."""
    header = [f"{name}, {visit} visit" for name in measured for visit in ("first", "second")]
    parts = next(iter(measured.values()))
    return [
        ["", *header],
        *(
            [part, *(f"{ms:.2f}" for found in measured.values() for ms in found[part])]
            for part in parts
        ),
    ]


def as_text(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def prose(text: str, first: str = "") -> str:
    """A paragraph, or with `first` a list item, wrapped as the docs are."""
    return fill(
        text,
        100,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def bullets(items: Iterable[str]) -> str:
    return "\n".join(prose(each, "- ") for each in items)


def as_markdown(lines: list[list[str]]) -> str:
    header, *rest = lines
    ruler = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ruler, *rest))
