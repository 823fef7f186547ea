"""Retention: of each kind an old row goes and a new one stays, once a day, by one process."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from consent import retention
from consent.core.db import db
from consent.ledger import decisions
from consent.ledger.decisions import Choice
from consent.models import (
    AuditEntry,
    Counter,
    Decision,
    Delivery,
    Figure,
    Invitation,
    Merge,
    OutboxItem,
    StaffSession,
    Subscriber,
)
from consent.models.outbox import LETTER, WEBHOOK, queued
from consent.notice import publishing
from consent.outbox import webhooks
from consent.people import staff
from consent.site import schema, versions
from consent.site.schema import SiteFileError
from consent.stats import figures
from consent.stats.figures import FigureRow
from tests import factories
from tests.conftest import record

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEPT = {
    "decisions": timedelta(days=5 * 366),
    "counters": timedelta(days=25 * 31),
    "totals of decisions": timedelta(days=5 * 366 + 25 * 31),
    "unconfirmed subscribers": timedelta(days=7),
    "deliveries": timedelta(days=60),
    "messages": timedelta(days=30),
    "merges": timedelta(days=7),
    "invitations": timedelta(days=7),
    "log of staff": timedelta(days=2 * 366),
}


def add(what: str, moment: datetime, site: str = "krukke") -> None:
    session = db.session()
    if what == "decisions":
        choice = Choice.model_validate(
            factories.decision(language="en", action="refuse", purposes={})
        )
        version = versions.published(session, site, 1)
        record(decisions.decided(version, choice, None, "phone", None, moment))
    elif what == "counters":
        day = moment.date()
        for value in ("views", "visits"):
            session.add(
                Counter(site=site, day=day, dimension="total", value=value, onward="", count=20)
            )
    elif what == "totals of decisions":
        accepted = FigureRow("consents.action", "accept", "", 1)
        figures.add(session.connection(), site, moment.date(), [accepted])
    elif what == "unconfirmed subscribers":
        email = f"{uuid.uuid4()}@example.no"
        session.add(
            Subscriber(site=site, id=uuid.uuid4(), email=email, language="en", asked_at=moment)
        )
    elif what == "messages":
        webhook = webhooks.add(session, site, "https://receiver.example/", moment)
        session.add(queued(WEBHOOK, site, str(webhook.id), "{}", moment))
    elif what == "invitations":
        session.add(
            Invitation(
                site=site,
                hash=uuid.uuid4().hex,
                email="bob@example.no",
                role="viewer",
                invited_by="alice@example.no",
                invited_at=moment,
                expires_at=moment + timedelta(days=7),
            )
        )
    elif what == "log of staff":
        session.add(entry(site, moment))
    elif what == "deliveries":
        session.add(Delivery(site=site, version=1, recipient=uuid.uuid4().hex, sent_at=moment))
    else:
        session.add(Merge(site=site, process=uuid.uuid4(), number=1, merged_at=moment))
    session.commit()


def entry(site: str, moment: datetime) -> AuditEntry:
    return AuditEntry(
        site=site,
        id=uuid.uuid4(),
        who="alice@example.no",
        action="published",
        detail={"number": 2},
        at=moment,
    )


def days(what: str) -> set[date]:
    column = {
        "decisions": Decision.day,
        "counters": Figure.day,
        "totals of decisions": Figure.day,
        "unconfirmed subscribers": Subscriber.asked_at,
        "deliveries": Delivery.sent_at,
        "messages": OutboxItem.queued_at,
        "merges": Merge.merged_at,
        "invitations": Invitation.invited_at,
        "log of staff": AuditEntry.at,
    }[what]
    query = select(column)
    if column is Figure.day:
        dimension = "total" if what == "counters" else "consents.action"
        query = query.where(Figure.span == "day", Figure.dimension == dimension)
    found = db.session.scalars(query)
    return {each.date() if isinstance(each, datetime) else each for each in found}


def test_every_kind_is_tried_here() -> None:
    assert {task.what for task in retention.TASKS} == KEPT.keys()


@pytest.mark.parametrize("what", KEPT)
def test_an_old_row_goes_and_a_new_one_stays(app: Flask, what: str) -> None:
    with app.app_context():
        old, new = NOW - KEPT[what] - timedelta(days=1), NOW - KEPT[what] + timedelta(days=1)
        add(what, old)
        add(what, new)

        erased = retention.purge(db.session(), "krukke", NOW)

        assert erased == {**dict.fromkeys(KEPT, 0), what: 2 if what == "counters" else 1}
        assert days(what) == {new.date()}


def test_the_site_file_says_how_long(app: Flask) -> None:
    with app.app_context():
        source = factories.shop() + '\n[keep]\ndecisions = "7 months"\ncounters = "90 days"\n'
        publishing.publish(db.session(), source, NOW)
        for what in ("decisions", "counters"):
            add(what, NOW - timedelta(days=300))

        erased = retention.purge(db.session(), "krukke", NOW)

    assert (erased["decisions"], erased["counters"]) == (1, 2)


def test_another_sites_rows_stay(app: Flask) -> None:
    with app.app_context():
        add("counters", NOW - timedelta(days=4000), "07sor")

        retention.purge(db.session(), "krukke", NOW)

        assert db.session.scalar(select(func.count()).select_from(Counter)) == 2


def test_who_has_confirmed_stays(app: Flask) -> None:
    with app.app_context():
        add("unconfirmed subscribers", NOW - timedelta(days=400))
        db.session.scalar(select(Subscriber)).confirmed_at = NOW - timedelta(days=399)
        db.session.commit()

        assert retention.purge(db.session(), "krukke", NOW)["unconfirmed subscribers"] == 0


def test_more_than_one_transaction_takes_are_all_erased(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    with app.app_context():
        for _ in range(5):
            add("decisions", NOW - timedelta(days=4000))

        assert retention.purge(db.session(), "krukke", NOW)["decisions"] == 5


def test_of_accounts_old_sessions_and_lines_of_the_log_go(app: Flask) -> None:
    """`purge_accounts`: a session unused for a week, one begun a month ago, and one of each that stays."""
    with app.app_context():
        session = db.session()
        alice = staff.add(session, "alice@example.no", "a long password", [], NOW)
        for began, seen in ((10, 8), (31, 0), (10, 6), (29, 0)):
            session.add(
                StaffSession(
                    staff=alice.id,
                    hash=f"{began} {seen}",
                    browser="Firefox, Linux",
                    began_at=NOW - timedelta(days=began),
                    seen_at=NOW - timedelta(days=seen),
                )
            )
        for age in (2 * 366 + 1, 2 * 366 - 1):
            session.add(entry("", NOW - timedelta(days=age)))
        for age in (31, 29):
            session.add(queued(LETTER, "", "reset", "{}", NOW - timedelta(days=age)))
        session.commit()

        erased = retention.purge_accounts(session, NOW)

        assert erased == {"sessions": 2, "letters": 1, "log of accounts": 1}
        assert set(session.scalars(select(StaffSession.hash))) == {"10 6", "29 0"}
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_of_many_processes_one_purges_once_a_day(app: Flask) -> None:
    with app.app_context():
        first = retention.purge_due(db.session(), NOW)
        second = retention.purge_due(db.session(), NOW + timedelta(hours=3))
        tomorrow = retention.purge_due(db.session(), NOW + timedelta(days=1))

    assert (first.keys(), second.keys(), tomorrow.keys()) == (
        {"07sor", "krukke"},
        set(),
        {"07sor", "krukke"},
    )


def test_a_site_that_fails_is_tried_again_and_keeps_no_other_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    purge = retention.purge

    def fails(session, site, now):  # type: ignore[no-untyped-def]
        if site == "07sor":
            raise OverflowError
        return purge(session, site, now)

    with app.app_context():
        monkeypatch.setattr(retention, "purge", fails)
        assert retention.purge_due(db.session(), NOW).keys() == {"krukke"}
        monkeypatch.setattr(retention, "purge", purge)
        assert retention.purge_due(db.session(), NOW).keys() == {"07sor"}


def test_what_is_in_force_has_to_be_kept_as_evidence() -> None:
    with pytest.raises(SiteFileError) as error:
        schema.parse(factories.shop() + '\n[keep]\ndecisions = "90 days"\n')

    (mistake,) = error.value.mistakes
    assert mistake.key == "keep.decisions"
    assert "is valid for 6 months" in str(mistake)


@pytest.mark.parametrize("period", ["session", "0 days", "10 minutes", "for ever", "3000 years"])
def test_a_period_is_some_days(period: str) -> None:
    with pytest.raises(SiteFileError):
        schema.parse(factories.shop() + f'\n[keep]\ncounters = "{period}"\n')
