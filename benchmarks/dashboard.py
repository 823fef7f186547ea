"""Asks for every staff page of an agency's server, as a member who owns all sites: `python -m benchmarks.dashboard`.

The application answers in this process, one request after the other, so that the time is what the page itself takes.
Each address is asked in turn, in rounds; the first round is not counted.
"""

import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import click
from flask.testing import FlaskClient

from benchmarks import agency, report
from benchmarks.agency import Agency
from consent.stats import closing
from tests import postgres, staff_pages

# What a page may be, and take.
BYTES = 100_000
MS = 100
ROUNDS = 15


@dataclass
class Asked:
    """A request, and what came of it."""

    name: str
    address: str
    # What is sent with it, by POST.
    form: dict[str, str] | None = None
    is_page: bool = True
    size: int = 0
    took: list[float] = field(default_factory=list)

    @property
    def ms(self) -> float:
        return median(self.took)

    @property
    def exceeds(self) -> list[str]:
        found = ["bytes"] if self.is_page and self.size >= BYTES else []
        return [*found, "ms"] if self.ms >= MS else found


# By the name of the database.
Found = dict[str, list[Asked]]


@click.command(help=__doc__)
@click.option("--sites", default=agency.SITES, show_default=True, type=click.IntRange(min=3))
@click.option("--rounds", default=ROUNDS, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="File for the tables in Markdown."
)
def main(sites: int, rounds: int, markdown: Path | None) -> None:
    found: Found = {}
    with tempfile.TemporaryDirectory() as folder, postgres.cluster() as cluster:
        for name, url in {
            "SQLite": f"sqlite:///{folder}/consent.db",
            "PostgreSQL": cluster.url(),
        }.items():
            made = agency.make(url, sites)
            found[name] = _measure(made, rounds)
            made.close()
    lines, said = _table(found), _said(found)
    click.echo(f"\n{report.as_text(lines)}\n\n{said}")
    if markdown:
        parts = [_introduction(sites, rounds), said, report.as_markdown(lines)]
        markdown.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _measure(made: Agency, rounds: int) -> list[Asked]:
    client, alone = (_logged_in(made, email) for email in (agency.OWNER, agency.OTHER_OWNER))
    asked = _of_owner(made)
    of_one_site = Asked("/, of a member with one site", "/dashboard/")
    for number in range(1 + rounds):
        for each in asked:
            _ask(client, each)
        _ask(alone, of_one_site)
        if number == 0:
            for each in (*asked, of_one_site):
                each.took.clear()
    return [*asked, of_one_site]


def _logged_in(made: Agency, email: str) -> FlaskClient:
    client = made.app.test_client()
    client.post("/dashboard/login", data={"email": email, "password": agency.PASSWORD})
    return client


def _of_owner(made: Agency) -> list[Asked]:
    own = {
        "site": made.site,
        "number": str(agency.VERSIONS),
        "old": "1",
        "secret": made.invitation,
        "token": made.reset,
    }
    last = datetime.now(UTC).date() - timedelta(days=1)
    year = {"from": str(last - timedelta(days=agency.DAYS - 1)), "to": str(last)}
    asked = [
        Asked(_name(made, address), address, is_page=endpoint not in staff_pages.NO_PAGES)
        for endpoint, address in staff_pages.addresses(made.app, own, **year)
    ]
    for path in ("", "figures"):
        address = f"/dashboard/{made.site}/{path}"
        asked.append(Asked(f"{_name(made, address)}, 30 days", address))
    decision = {"id": str(made.decision)}
    for path in ("", "/receipt", "/all"):
        address = f"/dashboard/{made.site}/decisions{path}"
        asked.append(Asked(f"POST {_name(made, address)}", address, decision, not path))
    return asked


def _name(made: Agency, address: str) -> str:
    """The address as the table has it: without what is the same in all, and without secrets."""
    path, _, query = address.removeprefix("/dashboard").partition("?")
    for hidden, word in ((made.site, "SITE"), (made.invitation, "…"), (made.reset, "…")):
        path = path.replace(hidden, word)
    parts = [each for each in query.split("&") if not re.match(r"(from|to)=\d{4}-|$", each)]
    return "?".join([path, "&".join(parts)] if parts else [path])


def _ask(client: FlaskClient, asked: Asked) -> None:
    method = "GET" if asked.form is None else "POST"
    began = time.perf_counter()
    answer = client.open(asked.address, method=method, data=asked.form)
    asked.size = len(answer.get_data())
    asked.took.append((time.perf_counter() - began) * 1000)
    if answer.status_code not in (200, 303):
        raise click.ClickException(f"{asked.address} answered {answer.status_code}.")


def _introduction(sites: int, rounds: int) -> str:
    of_others = f"{1 / agency.LESS:.0%}"
    first = report.prose(
        f"Measured with `make bench-dashboard` on {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores. The numbers are medians and the worst of {rounds} rounds, within the process that "
        "sends the requests. Before the first round each address is requested once, because a process reads each site "
        "file when it first needs it."
    )
    facts = (
        "Every site has the demo's site file and a year of closed days.",
        f"Days of SITE are as large as days get: a million page views, and {closing.MOST_SHOWN} values in most tables. "
        f"Days of the other sites have {of_others} of the values.",
        f"SITE has {agency.VERSIONS} versions, {agency.COLLEAGUES + 2} members, {agency.SUBSCRIBERS:,} subscribers, "
        f"{agency.WEBHOOKS} webhooks, a draft, and {agency.DECISIONS:,} decisions of the running day, {agency.OF_ONE} "
        "of them by one visitor.",
        "The requests are those of a member who owns all sites. They ask for statistics of the whole year.",
        "Bytes are those of the answer before compression.",
    )
    return f"# Dashboard pages of {sites} sites, measured\n\n{first}\n\n{report.bullets(facts)}"


def _said(found: Found) -> str:
    """The largest page and the slowest answers, and whether all are within the limits."""
    one = next(iter(found.values()))
    largest = max((each for each in one if each.is_page), key=lambda each: each.size)
    slowest = " and ".join(
        f"{most.ms:.0f} ms on {name} (`{most.name}`)"
        for name, asked in found.items()
        for most in [max(asked, key=lambda each: each.ms)]
    )
    beyond = sorted({each.name for asked in found.values() for each in asked if each.exceeds})
    return report.prose(
        f"Of {len(one)} addresses, the largest page is `{largest.name}`: {largest.size:,} bytes. The slowest "
        f"answer takes {slowest}. Each page must be below {BYTES:,} bytes, and each answer below {MS} ms: "
        + (f"missed by {', '.join(f'`{each}`' for each in beyond)}." if beyond else "all are.")
    )


def _table(found: Found) -> list[list[str]]:
    header = ["", "bytes"]
    for name in found:
        header += [f"{name}, ms", "worst"]
    lines = [[*header, "exceeds"]]
    for each in zip(*found.values(), strict=True):
        line = [each[0].name, f"{max(of_one.size for of_one in each):,}"]
        for of_one in each:
            line += [f"{of_one.ms:.0f}", f"{max(of_one.took):.0f}"]
        exceeds = sorted({what for of_one in each for what in of_one.exceeds})
        lines.append([*line, ", ".join(exceeds)])
    return lines


if __name__ == "__main__":
    main()
