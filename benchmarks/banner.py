"""Measures our banner beside others, in a real browser: `python -m benchmarks.banner`.

Every contender is put into the same page, served by the same server, and visited in turn; each round begins with
another one, so that whatever else the machine does meets all alike. Every visit is by a browser that has been nowhere
yet. Compare within one run only: an absolute time says more about the machine than about a banner.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import sync_playwright

from benchmarks import contenders, ours, report
from benchmarks.contenders import BARE, ESBUILD, LEAST, OURS, Contender
from benchmarks.profile import profile
from benchmarks.report import Medians, Profile, Round
from benchmarks.serve import Server, serving
from benchmarks.visits import DESKTOP, SLOW_PHONE, Measured, Visitor
from tests.browser.conftest import ARGUMENTS
from tests.browser.install import chromium_path

COMMAND = "make bench-banner"
INTRODUCTION = (
    "The page is an article of 30 kB, with two services that wait for consent, three purposes, Bokmål and English. "
    "One server serves all banners, compressed with brotli.",
    "The slow phone has {slow.width} × {slow.height} pixels, a {slow.cpu_slowdown} × slower CPU, {slow.latency_ms} ms "
    "of latency and {megabits} Mbit/s. All other visits have {fast.width} × {fast.height} pixels, unthrottled.",
    '"Visible" is the first frame in which the accept button is in the viewport at full opacity. "Gone" is the first '
    "frame without it.",
    "Script is the CPU time that the page's main thread takes to compile and run scripts.",
    "Script and heap are given minus the bare page's. Blocking time includes the page's own.",
)
PROFILE = (
    "Where the time goes, in ms of CPU, from a trace. The trace itself takes some of it. The page's own inline script "
    "is included, and on the second visit the start of both services:"
)


@click.command(help=__doc__)
@click.option(
    "--rounds",
    default=lambda: int(os.environ.get("ROUNDS", "11")),
    type=click.IntRange(min=1),
    help="How often everything is measured. Default: ROUNDS, or 11.",
)
@click.option("--only", multiple=True, help="Part of a peer's name; leaves out the other peers.")
@click.option(
    "--json", "raw", type=click.Path(path_type=Path), help="File for each round's figures."
)
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="File for the tables in Markdown."
)
def main(rounds: int, only: tuple[str, ...], raw: Path | None, markdown: Path | None) -> None:
    if not ESBUILD.exists():
        raise click.ClickException("First install the others: npm ci --prefix benchmarks")
    with prepared() as (server, everyone), sync_playwright() as playwright:
        everyone = chosen(everyone, only)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        visitor = Visitor(browser, server.origin)
        warm_up(visitor, everyone)
        measured = [one_round(number, visitor, server, everyone) for number in range(rounds)]
        profiles = {
            each.name: profile(browser, server.origin, each)
            for each in everyone
            if each.name in (OURS, LEAST)
        }
        facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "chromium": browser.version}
        browser.close()
    medians = report.summarise(measured)
    for title, lines in [*report.tables(medians), ("Profile", report.profiles(profiles))]:
        click.echo(f"\n{title}\n{report.as_text(lines)}")
    if raw:
        raw.write_text(json.dumps({**facts, "rounds": measured}, indent=1) + "\n")
    if markdown:
        markdown.write_text(
            as_markdown(medians, profiles, everyone, len(measured), facts), encoding="utf-8"
        )


@contextmanager
def prepared() -> Iterator[tuple[Server, list[Contender]]]:
    """The server with everything on it that will be asked for."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving() as server,
        ours.application(server.origin) as application,
    ):
        server.hand_over(application)
        yield server, contenders.everyone(server, Path(folder))


def chosen(everyone: list[Contender], only: tuple[str, ...]) -> list[Contender]:
    others = contenders.peers(each.name for each in everyone)
    wanted = [name for name in others if not only or any(part in name for part in only)]
    if not wanted:
        raise click.BadParameter(f"there are {', '.join(others)}", param_hint="--only")
    return [each for each in everyone if each.name not in others or each.name in wanted]


def warm_up(visitor: Visitor, everyone: list[Contender]) -> None:
    """The first visit of all pays for what the browser and the application do only once."""
    for contender in everyone:
        visitor.accept(contender)


def one_round(number: int, visitor: Visitor, server: Server, everyone: list[Contender]) -> Round:
    click.echo(f"round {number + 1}", nl=False, err=True)
    first = number % len(everyone)
    measured = {}
    for contender in everyone[first:] + everyone[:first]:
        measured[contender.name] = visits_to(contender, visitor)
        click.echo(".", nl=False, err=True)
    click.echo(err=True)
    bare = next(each for each in everyone if each.name == BARE)
    for each in everyone:
        measured[each.name]["growth"] = server.size(each.path) - server.size(bare.path)
    return {each.name: measured[each.name] for each in everyone}


def visits_to(contender: Contender, visitor: Visitor) -> Measured:
    fast, slow = visitor.look(contender, DESKTOP), visitor.look(contender, SLOW_PHONE)
    return {
        "refused": None,
        "accepted": None,
        "painted_first": None,
        **fast,
        **{f"slow_{name}": value for name, value in slow.items()},
        "worst_shift": max(fast["shift"] or 0, slow["shift"] or 0),
        "ever_largest": max(fast["is_largest"] or 0, slow["is_largest"] or 0),
        **visitor.refuse(contender),
        **visitor.accept(contender),
        **visitor.listen(contender),
    }


def as_markdown(
    medians: Medians,
    profiles: dict[str, Profile],
    everyone: list[Contender],
    rounds: int,
    facts: dict[str, Any],
) -> str:
    notes = [f"{each.name}: {each.note}." for each in everyone if each.note]
    shown = {title: report.as_markdown(lines) for title, lines in report.tables(medians)}
    devices = {"slow": SLOW_PHONE, "fast": DESKTOP, "megabits": SLOW_PHONE.bits_per_s / 1e6}
    parts = [
        "# The banner, measured",
        report.prose(
            f"Measured with `{COMMAND}` on {facts['date']}, in Chromium {facts['chromium']}. The numbers are medians "
            f"of {rounds} rounds."
        ),
        report.bullets(each.format(**devices) for each in INTRODUCTION),
        f"{OURS}, its best peer and the targets:",
        shown["Targets"],
        "Why targets are missed:",
        report.bullets(report.causes(medians)) or "None is missed.",
        report.prose(PROFILE),
        report.as_markdown(report.profiles(profiles)),
        "All medians:",
        shown["Medians"],
        report.bullets(notes),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
