"""The ledger of decisions: recorded once, never changed, and found again by whoever made them."""

import os
import uuid
from collections import Counter as Tally
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

import uuid_utils.compat
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt
from sqlalchemy import Connection, Engine, and_, delete, or_, select
from sqlalchemy.orm import Session

from consent.core import db
from consent.core.bulk import Bulk, KeptInsert
from consent.core.errors import Conflict, Invalid, NotFound
from consent.core.periods import Period
from consent.models import Decision
from consent.site import versions
from consent.site.schema import NECESSARY, SiteFile
from consent.site.versions import Published
from consent.stats import consents
from consent.stats.consents import Counted

# For how long a decision that is sent once more is taken for its sender's own.
SENT_AGAIN = timedelta(days=1)
# Seconds from the banner to the choice are stored as the next of these.
LONGEST = 1_000_000
TOOK = (2, 5, 10, 30, 60, 300, LONGEST)


def _took(value: object) -> int | None:
    """Seconds as the browser measured them, where they can be: no clock costs anybody their choice."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        return None
    return int(value)


class Choice(BaseModel):
    """A decision as the browser sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: uuid.UUID
    version: Annotated[StrictInt, Field(ge=1, lt=2**31)]
    language: Annotated[str, Field(max_length=20)]
    action: Literal["accept", "refuse", "choose", "withdraw"]
    source: Literal["banner", "settings", "placeholder", "privacy"]
    purposes: dict[str, StrictBool]
    services: dict[str, StrictBool] = Field(default_factory=dict)
    # Global Privacy Control, and Do Not Track.
    gpc: StrictBool = False
    dnt: StrictBool = False
    # Seconds from the banner to the choice.
    took: Annotated[int | None, BeforeValidator(_took)] = None
    token: str | None = None


class DecisionRow(NamedTuple):
    """A decision as it is stored: the columns of the table, in their order."""

    site: str
    id: uuid.UUID
    visitor: uuid.UUID
    version: int
    language: str
    words_hash: str
    action: str
    source: str
    purposes: dict[str, bool]
    services: dict[str, bool]
    gpc: bool
    dnt: bool
    device: str
    country: str | None
    took: int | None
    decided_at: datetime
    day: date


class Decided(NamedTuple):
    """A decision that is to be stored, and what it adds to the counts of its day."""

    row: DecisionRow
    counted: list[Counted]


class Recorded(NamedTuple):
    decision: DecisionRow
    # False: this id was recorded before, with the same content.
    is_new: bool

    def is_senders(self, visitor: uuid.UUID | None, now: datetime) -> bool:
        """Whether whoever sent it may have its visitor's token.

        All that was sent stands in the receipt too, which a visitor may give to others; so who sends it once more must
        have the token already, or send it soon, as a browser does that got no answer.
        """
        stored = self.decision
        return self.is_new or stored.visitor == visitor or now - stored.decided_at < SENT_AGAIN


def decided(
    version: Published,
    choice: Choice,
    visitor: uuid.UUID | None,
    device: str,
    country: str | None,
    now: datetime,
) -> Decided:
    """The choice as it is to be stored. `visitor` is None for somebody who decides for the first time, `country` where
    nobody looks it up.

    Raises Invalid if it does not fit the version that it names.
    """
    words_hash = version.words_hashes.get(choice.language)
    if words_hash is None:
        raise Invalid(
            f"Version {version.number} of site {version.site!r} does not speak {choice.language!r}."
        )
    site_file = version.site_file
    _require_fit(choice, site_file)
    row = DecisionRow(
        site=version.site,
        id=choice.id,
        visitor=visitor or uuid_utils.compat.uuid7(),
        version=choice.version,
        language=choice.language,
        words_hash=words_hash,
        action=choice.action,
        source=choice.source,
        # A purpose that is not named was not agreed to.
        purposes={key: choice.purposes.get(key, False) for key in site_file.asked_purposes},
        services=choice.services,
        gpc=choice.gpc,
        dnt=choice.dnt,
        device=device,
        country=country,
        took=None if choice.took is None else next(each for each in TOOK if choice.took <= each),
        decided_at=now,
        day=now.astimezone(site_file.zone).date(),
    )
    return Decided(row, consents.counted(row, site_file))


class Writer:
    """Commits groups of decisions, on a connection of its own. For one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept = KeptInsert(engine, _INSERT, consents.ADD)
        is_alone = engine.dialect.name == "sqlite"  # one writes at a time
        self._slot = 0 if is_alone else os.getpid() % consents.SLOTS

    def commit(self, decided: list[Decided]) -> list[Recorded | Conflict]:
        """As `record`, in a transaction of its own. Raises SQLAlchemyError."""
        rows = _in_order(decided)
        counts = consents.rows(_sums(decided), self._slot)
        if self._kept.insert(rows, counts):
            return [Recorded(each.row, is_new=True) for each in decided]
        with db.write(self._engine) as connection:
            return record(connection, decided)

    def close(self) -> None:
        self._kept.close()


def record(connection: Connection, decided: list[Decided]) -> list[Recorded | Conflict]:
    """Stores decisions, and counts those that are new. The caller commits.

    For each, in the same order, what is stored under its id, or a Conflict where that is another choice.
    """
    rows = _in_order(decided)
    if _INSERT.count_written(connection, rows) == len(rows):
        found: list[Recorded | Conflict] = [Recorded(each.row, is_new=True) for each in decided]
    else:
        found = [_recorded(connection, each.row) for each in decided]
    new = {
        each.row.id: each
        for each, recorded in zip(decided, found, strict=True)
        if isinstance(recorded, Recorded) and recorded.is_new
    }
    consents.ADD.execute(connection, consents.rows(_sums(new.values()), 0))
    return found


def _in_order(decided: list[Decided]) -> list[DecisionRow]:
    # In one order everywhere, so that two processes never wait for each other crosswise.
    return sorted((each.row for each in decided), key=lambda row: (row.site, row.id))


def _sums(decided: Iterable[Decided]) -> dict[tuple[str, date], Tally[Counted]]:
    """What they add to the counts of each site and day."""
    found: dict[tuple[str, date], Tally[Counted]] = {}
    for each in decided:
        found.setdefault((each.row.site, each.row.day), Tally()).update(each.counted)
    return found


# The columns stand in the order of DecisionRow.
_INSERT = Bulk(Decision, "DO NOTHING")


def _recorded(connection: Connection, row: DecisionRow) -> Recorded | Conflict:
    stored = _stored(connection, row.site, row.id)
    return _conflict(stored, row) or Recorded(stored, is_new=stored == row)


def _stored(connection: Connection, site: str, identity: uuid.UUID) -> DecisionRow:
    columns = Decision.__table__.c
    wanted = select(*(columns[name] for name in DecisionRow._fields))
    found = connection.execute(wanted.where(columns.site == site, columns.id == identity)).one()
    return DecisionRow(*found)


def _require_fit(choice: Choice, site_file: SiteFile) -> None:
    errors = []
    asked = site_file.asked_purposes
    for key, granted in choice.purposes.items():
        if key == NECESSARY:
            if not granted:
                errors.append(("purposes", key, "necessary cannot be refused; leave it out."))
        elif key not in asked:
            errors.append(("purposes", key, f"no such purpose; there are {', '.join(asked)}."))
    for key in choice.services:
        if key not in site_file.asked_services:
            there = ", ".join(sorted(site_file.asked_services))
            errors.append(("services", key, f"no such service; there are {there}."))
    wanted = {"accept": True, "refuse": False, "withdraw": False}.get(choice.action)
    if wanted is not None:
        decided = {("purposes", key): choice.purposes.get(key, False) for key in asked}
        decided |= {("services", key): value for key, value in choice.services.items()}
        errors += [
            (kind, key, f"{choice.action} means that everything is {str(wanted).lower()}.")
            for (kind, key), value in decided.items()
            if value is not wanted
        ]
    if errors:
        found = [{"pointer": f"/{kind}/{key}", "detail": detail} for kind, key, detail in errors]
        raise Invalid(" ".join(f"{each['pointer']}: {each['detail']}" for each in found), found)


def _conflict(stored: DecisionRow, wanted: DecisionRow) -> Conflict | None:
    compared = ("version", "language", "action", "source", "purposes", "services", "gpc", "dnt")
    different = [name for name in compared if getattr(stored, name) != getattr(wanted, name)]
    if not different:
        return None
    return Conflict(
        f"Decision {stored.id} is already recorded with another {', '.join(different)}. "
        "Decisions never change; send a new one with an id of its own."
    )


def receipt(decision: DecisionRow | Decision, version_hash: str) -> dict[str, Any]:
    """The decision as a document for the visitor: all that is stored of it."""
    return {
        "site": decision.site,
        "id": str(decision.id),
        "decided_at": decision.decided_at.isoformat(),
        "version": decision.version,
        "version_hash": version_hash,
        "language": decision.language,
        "words_hash": decision.words_hash,
        "action": decision.action,
        "source": decision.source,
        "purposes": decision.purposes,
        "services": decision.services,
        "gpc": decision.gpc,
        "dnt": decision.dnt,
        "device": decision.device,
        "country": decision.country,
        "took": decision.took,
    }


def history(session: Session, site: str, visitor: uuid.UUID) -> list[Decision]:
    """The visitor's decisions, the latest first."""
    return list(
        session.scalars(
            select(Decision)
            .where(Decision.site == site, Decision.visitor == visitor)
            .order_by(Decision.decided_at.desc(), Decision.id.desc())
        )
    )


def find(session: Session, site: str, identity: uuid.UUID) -> Decision | None:
    """The decision with this id, or the latest of the visitor with this id."""
    found = session.get(Decision, (site, identity))
    return found or next(iter(history(session, site, identity)), None)


def receipts(session: Session, site: str, visitor: uuid.UUID) -> list[dict[str, Any]]:
    """All that is stored of the visitor, the latest decision first."""
    return [
        receipt(each, versions.get(session, site, each.version).hash)
        for each in history(session, site, visitor)
    ]


def of_period(
    session: Session, site: str, period: Period, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Receipts of a period's decisions, by day and id, and the cursor of those after them. Raises NotFound."""
    wanted = (
        select(Decision)
        .where(Decision.site == site, Decision.day.between(period.first, period.last))
        .order_by(Decision.day, Decision.id)
        .limit(limit + 1)
    )
    if cursor is not None:
        day, identity = _read_cursor(cursor)
        after = or_(Decision.day > day, and_(Decision.day == day, Decision.id > identity))
        wanted = wanted.where(Decision.day >= day, after)
    found = list(session.scalars(wanted))
    shown = found[:limit]
    hashes = {
        each: versions.get(session, site, each).hash for each in {row.version for row in shown}
    }
    following = f"{shown[-1].day}/{shown[-1].id}" if len(found) > limit else None
    return [receipt(each, hashes[each.version]) for each in shown], following


def _read_cursor(cursor: str) -> tuple[date, uuid.UUID]:
    day, _, identity = cursor.partition("/")
    try:
        return date.fromisoformat(day), uuid.UUID(identity)
    except ValueError:
        raise NotFound(
            "cursor: this is none that an answer gave. Begin anew, without it."
        ) from None


def erase(session: Session, site: str, visitor: uuid.UUID) -> int:
    """Deletes a visitor's decisions (GDPR article 17), and says how many there were. The caller commits."""
    gone = session.execute(
        delete(Decision).where(Decision.site == site, Decision.visitor == visitor)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
