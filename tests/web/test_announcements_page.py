"""The page of announcements: sent by the server itself, once to each, whatever stops it; and webhooks."""

import re
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from consent import retention
from consent.core import mail
from consent.core.db import db
from consent.core.mail import Mailer
from consent.models import Announcement, Delivery, OutboxItem, Subscriber
from consent.models.outbox import ANNOUNCEMENT
from consent.notice import publishing
from consent.outbox import announcements, announcing
from consent.outbox import webhooks as hooks
from consent.people import staff
from consent.site import versions
from consent.web import context
from tests import factories, pages
from tests.conftest import PASSWORD, make_app
from tests.mailbox import Mailbox
from tests.ports import free_port
from tests.processes import Server, wait_until_gone, workers

FROM, SERVER = "consent@server.example", "https://consent.example"
PAGE, SECOND = "/dashboard/krukke/announcements", "/dashboard/krukke/announcements/2"
MANY = 400


@pytest.fixture
def app(mailing: dict[str, Any]) -> Flask:
    made = make_app(mailing)
    with made.app_context():
        publish({"Counter GmbH": "Zähler GmbH"})
    return made


def publish(replaced: dict[str, str]) -> None:
    publishing.publish(db.session(), factories.shop(**replaced), datetime.now(UTC))


def subscribe(app: Flask, *emails: str, language: str = "en", confirmed: bool = True) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        db.session.add_all(
            Subscriber(
                site="krukke",
                id=uuid.uuid4(),
                email=email,
                language=language,
                asked_at=now,
                confirmed_at=now if confirmed else None,
            )
            for email in emails
        )
        db.session.commit()


@pytest.fixture
def bob(app: Flask, client: FlaskClient) -> FlaskClient:
    """Looks after the shop, whose second version is a material change."""
    return log_in(app, client)


def log_in(app: Flask, client: FlaskClient) -> FlaskClient:
    with app.app_context():
        staff.add(db.session(), "bob@example.no", PASSWORD, ["krukke"], datetime.now(UTC))
    client.post("/dashboard/login", data={"email": "bob@example.no", "password": PASSWORD})
    return client


def send(app: Flask, ahead: timedelta = timedelta(0), **smtp: str) -> None:
    """As a process of the server does every two seconds."""
    with app.app_context():
        url = smtp.get("url", app.extensions["consent_settings"].smtp_url)
        announcing.send_due(
            db.session(), lambda: datetime.now(UTC) + ahead, context.sender(), lambda: Mailer(url)
        )


def stored(app: Flask) -> Announcement:
    with app.app_context():
        return db.session.scalars(select(Announcement)).one()


def item(app: Flask) -> OutboxItem:
    with app.app_context():
        return db.session.scalars(select(OutboxItem).where(OutboxItem.kind == ANNOUNCEMENT)).one()


def read(client: FlaskClient, path: str = PAGE) -> str:
    answer = client.get(f"{path}?lang=en")
    assert len(answer.data) < 100_000
    return pages.check(answer, "en")


def test_a_version_is_read_sent_and_kept_as_sent(
    app: Flask, bob: FlaskClient, box: Mailbox
) -> None:
    subscribe(app, "kari@example.no")
    subscribe(app, "ola@example.no", language="nb")
    subscribe(app, "per@example.no", confirmed=False)
    said = read(bob)
    assert "2 confirmed subscribers. 1 has not confirmed yet." in said
    assert "Material change Not announced." in said
    said = read(bob, SECOND)
    assert "Changed Recipient: Zähler GmbH (Name). Another recipient receives data." in said
    assert "Personvernerklæringen til Krukke & Sønn er endret" in said
    assert "Send to 2 subscribers" in said

    answer = bob.post(f"{SECOND}?lang=en")
    assert "Sending: 0 subscribers have received it. of 2 subscribers" in pages.check(
        bob.get(answer.location)
    )
    assert box.taken == []
    send(app)

    assert Counter(box.recipients) == {"kari@example.no": 1, "ola@example.no": 1}
    (to_kari,) = [each for each in box.taken if each["To"] == "kari@example.no"]
    with app.test_request_context():
        version = versions.get(db.session(), "krukke", 2)
        shown = announcements.preview(db.session(), context.sender(), version, "en")
    assert to_kari["Subject"] == shown.subject
    leave = re.findall(r"subscription/(\S+)", to_kari.get_content())[0]
    assert to_kari.get_content().splitlines() == shown.text.replace("…", leave).splitlines()
    assert "Sent to 2 subscribers, finished" in read(bob)


def test_nobody_is_told_twice_however_often_it_is_asked_for(
    app: Flask, bob: FlaskClient, box: Mailbox
) -> None:
    subscribe(app, "kari@example.no")
    assert [bob.post(SECOND).status_code for _ in range(2)] == [303, 303]
    send(app)
    send(app)
    subscribe(app, "ola@example.no")
    said = read(bob, SECOND)
    assert (
        "Subscribers who have received it do not get it again. Send to the remaining subscribers"
        in said
    )

    bob.post(SECOND)
    send(app)

    assert box.recipients == ["kari@example.no", "ola@example.no"]
    assert stored(app).told == 2


def test_of_two_processes_one_sends(app: Flask, bob: FlaskClient, box: Mailbox) -> None:
    subscribe(app, *(f"{number}@example.no" for number in range(5)))
    bob.post(SECOND)
    opened = []

    def meanwhile() -> Mailer:
        opened.append(1)
        with Session(db.engine) as other:  # finds it claimed
            announcing.send_due(other, clock, context.sender(), meanwhile)
        return Mailer(app.extensions["consent_settings"].smtp_url)

    def clock() -> datetime:
        return datetime.now(UTC)

    with app.app_context():
        announcing.send_due(db.session(), clock, context.sender(), meanwhile)

    assert len(opened) == 1
    assert len(box.recipients) == 5


def test_whom_another_process_tells_at_this_moment_is_told_once(
    app: Flask, bob: FlaskClient, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(app, "kari@example.no", "ola@example.no")
    bob.post(SECOND)
    begin = mail.Mailer.send

    def told_meanwhile(self: Mailer, message: Any, before_the_end: Any) -> None:
        monkeypatch.setattr(mail.Mailer, "send", begin)
        with app.app_context(), Session(db.engine) as other:
            version = versions.get(other, "krukke", 2)
            (recipient,) = [
                each
                for each in announcements.recipients(other, "krukke", [])
                if each.email == message["To"]
            ]
            url = app.extensions["consent_settings"].smtp_url
            with Mailer(url) as mailer:
                list(
                    announcements.announce(
                        other, mailer, context.sender(), version, [recipient], datetime.now(UTC)
                    )
                )
        begin(self, message, before_the_end)

    monkeypatch.setattr(mail.Mailer, "send", told_meanwhile)

    send(app)
    assert len(box.recipients) == 1
    assert "Another process is telling people of version 2" in read(bob, SECOND)
    send(app, timedelta(minutes=2))

    assert Counter(box.recipients) == {"kari@example.no": 1, "ola@example.no": 1}
    assert item(app).sent_at is not None


def test_a_turn_ends_so_that_other_work_is_done(
    app: Flask, bob: FlaskClient, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "TURN", timedelta(0))
    monkeypatch.setattr(announcing, "AT_ONCE", 2)
    subscribe(app, *(f"{number}@example.no" for number in range(5)))
    bob.post(SECOND)

    for told in range(1, 5):
        send(app)
        assert len(box.recipients) == told
        assert f"Sending: {told} subscriber" in read(bob)
    for _ in range(2):
        send(app)

    assert len(set(box.recipients)) == len(box.recipients) == 5
    assert "Sent to 5 subscribers" in read(bob)


def test_whom_the_mail_server_refuses_for_good_is_not_tried_again(
    app: Flask, bob: FlaskClient, box: Mailbox
) -> None:
    subscribe(app, "nobody@example.no", "kari@example.no")
    bob.post(SECOND)

    send(app)

    assert box.recipients == ["kari@example.no"]
    assert "Sent to 1 subscriber" in read(bob)
    assert "The mail server refused 1." in read(bob)
    assert "nobody@" not in repr((vars(stored(app)), vars(item(app))))


def test_whom_it_refuses_for_now_is_tried_later(app: Flask, bob: FlaskClient, box: Mailbox) -> None:
    subscribe(app, "later@example.no", "kari@example.no")
    bob.post(SECOND)
    send(app)
    assert box.recipients == ["kari@example.no"]
    send(app)
    box.puts_off = False
    assert "Sending: 1 subscriber has received it." in read(bob)

    send(app, announcing.PAUSES[0])

    assert box.recipients == ["kari@example.no", "later@example.no"]
    assert item(app).sent_at is not None


def test_whom_it_never_takes_is_given_up_however_short_the_turns(
    app: Flask, bob: FlaskClient, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "TURN", timedelta(0))
    subscribe(app, "later@example.no", "kari@example.no")
    bob.post(SECOND)

    for days in range(40):
        send(app, timedelta(days=2 * days))

    said = read(bob)
    assert "Gave up after sending to 1. The mail server refused 1." in said
    assert box.recipients == ["kari@example.no"]


def test_while_the_mail_server_is_away_it_waits_and_at_last_gives_up(
    app: Flask, bob: FlaskClient, box: Mailbox
) -> None:
    subscribe(app, "kari@example.no")
    bob.post(SECOND)
    away = f"smtp://127.0.0.1:{free_port()}"
    ahead = timedelta(0)
    send(app, url=away)
    assert "Sending failed: The mail server 127.0.0.1 does not take us" in read(bob, SECOND)
    for pause in announcing.PAUSES:
        ahead += pause + timedelta(seconds=1)
        send(app, ahead, url=away)
    assert "Gave up after sending to 0." in read(bob)
    send(app, ahead + timedelta(days=9))
    assert box.recipients == []

    bob.post(SECOND)
    send(app)

    assert box.recipients == ["kari@example.no"]


def test_it_is_stopped_after_the_one_that_is_being_told(
    app: Flask, bob: FlaskClient, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(app, *(f"{number}@example.no" for number in range(5)))
    bob.post(SECOND)
    begin = mail.Mailer.send

    def stops(self: Mailer, message: Any, before_the_end: Any) -> None:
        begin(self, message, before_the_end)
        if len(box.recipients) == 2:
            assert bob.post(f"{SECOND}/stop").status_code == 303

    monkeypatch.setattr(mail.Mailer, "send", stops)

    send(app)
    send(app)

    assert len(box.recipients) == 2
    assert "Stopped after sending to 2." in read(bob)
    assert bob.post(f"{SECOND}/stop").status_code == 404
    bob.post(SECOND)
    send(app)
    assert len(set(box.recipients)) == len(box.recipients) == 5


def test_a_server_that_is_killed_goes_on_and_tells_each_once(
    app: Flask, bob: FlaskClient, mailbox: tuple[Mailbox, str], tmp_path: Path
) -> None:
    box, url = mailbox
    subscribe(app, *(f"customer{number}@example.no" for number in range(MANY)))
    database = app.extensions["consent_settings"].database
    server = Server(
        tmp_path,
        database,
        CONSENT_SMTP_URL=url,
        CONSENT_MAIL_FROM=FROM,
        CONSENT_PUBLIC_URL=SERVER,
        CONSENT_WORKERS="2",
    )
    with server.running() as process:  # it is killed at the end
        pids = workers(process)
        bob.post(SECOND)
        box.wait_for(MANY // 4)
    wait_until_gone(pids)
    with app.app_context():
        assert len(box.recipients) < MANY
        # The time that a claim holds is over.
        db.session.execute(update(OutboxItem).values(next_attempt_at=datetime.now(UTC)))
        db.session.commit()

    with server.running():
        until = time.monotonic() + 60
        while item(app).sent_at is None and time.monotonic() < until:
            time.sleep(0.1)

    told = Counter(box.recipients)
    assert max(told.values()) == 1
    # Whoever is noted in the instant of the kill, before the message's last dot, may miss it.
    assert len(told) >= MANY - 1
    assert stored(app).told == MANY
    with app.app_context():
        assert len(db.session.scalars(select(Delivery.recipient)).all()) == MANY


def test_a_minor_change_is_sent_only_if_that_is_meant(
    app: Flask, bob: FlaskClient, box: Mailbox
) -> None:
    with app.app_context():
        publish({"Counter GmbH": "Zähler GmbH", "Ask us.": "Please ask us."})
        version = versions.current(db.session(), "krukke")
        assert (version.number, version.is_material) == (3, True)
        publishing.publish(
            db.session(),
            factories.shop(**{"Counter GmbH": "Zähler GmbH", "Ask us.": "Do ask us."}),
            datetime.now(UTC),
            lowered_because="The same",
        )
    subscribe(app, "kari@example.no")
    fourth = f"{PAGE}/4"
    assert "This change is not material" in read(bob, fourth)

    assert bob.post(fourth).status_code == 422
    send(app)
    assert box.taken == []
    bob.post(fourth, data={"minor": "on"})
    send(app)

    assert len(box.taken) == 1


def test_what_is_long_published_is_not_announced_from_here(app: Flask, bob: FlaskClient) -> None:
    subscribe(app, "kari@example.no")
    with app.app_context():
        version = versions.current(db.session(), "krukke")
        version.published_at -= announcing.WITHIN
        db.session.commit()

    assert "too old to announce" in read(bob, SECOND)
    assert bob.post(SECOND).status_code == 409


def test_who_was_told_is_remembered_for_longer_than_anything_is_announced() -> None:
    assert 2 * announcing.WITHIN.days <= retention.DELIVERIES.days


def test_what_was_sent_by_command_is_shown(app: Flask, bob: FlaskClient) -> None:
    with app.app_context():
        for number in range(3):
            db.session.add(
                Delivery(site="krukke", version=2, recipient=f"{number}", sent_at=datetime.now(UTC))
            )
        db.session.commit()

    assert "Sent to 3 addresses by command" in read(bob)


def test_nothing_is_offered_to_nobody(app: Flask, bob: FlaskClient) -> None:
    said = read(bob, SECOND)

    assert "No subscribers yet." in said
    assert "Send to" not in said


def test_the_part_for_htmx_is_the_part_of_the_page(app: Flask, bob: FlaskClient) -> None:
    subscribe(app, "kari@example.no")
    bob.post(SECOND)
    part = bob.get(f"{SECOND}/progress?lang=en").get_data(as_text=True)

    assert 'hx-trigger="every 3s"' in part
    assert "<html" not in part
    assert part.strip() in bob.get(f"{SECOND}?lang=en").get_data(as_text=True)
    send(app)
    assert "hx-trigger" not in bob.get(f"{SECOND}/progress?lang=en").get_data(as_text=True)


class TestWithoutMail:
    @pytest.fixture
    def app(self, settings: dict[str, Any]) -> Flask:
        return make_app(settings)

    def test_it_says_how_to_set_it(self, app: Flask, bob: FlaskClient) -> None:
        said = read(bob)
        assert "CONSENT_SMTP_URL=" in said
        assert "Nothing to announce yet." in said
        with app.app_context():
            publish({"Counter GmbH": "Zähler GmbH"})
        assert "CONSENT_MAIL_FROM=" in read(bob, SECOND)
        assert bob.post(SECOND).status_code == 404


class TestWebhooks:
    URL = "https://receiver.example/hook"

    def add(self, client: FlaskClient, url: str = URL) -> Any:
        return client.post(f"{PAGE}?lang=en", data={"address": url})

    def test_one_is_added_its_secret_shown_once_and_removed(
        self, app: Flask, bob: FlaskClient
    ) -> None:
        assert "No webhooks yet." in read(bob)
        said = pages.check(self.add(bob))
        (secret,) = re.findall(r"whsec_\S+", said)
        again = bob.get(f"{PAGE}?lang=en").get_data(as_text=True)
        assert self.URL in again
        assert secret not in again
        with app.app_context():
            assert [each.secret for each in hooks.of_site(db.session(), "krukke")] == [secret]

        (action,) = re.findall(r'action="(\S*/webhooks/\S*/remove\S*)"', again)
        assert bob.post(action).status_code == 303

        assert "No webhooks yet." in read(bob)
        assert bob.post(action).status_code == 404

    @pytest.mark.parametrize("url", ["", "receiver", "file:///etc/passwd", "https://blåbær.no/"])
    def test_what_is_no_address_is_said_at_the_field(self, bob: FlaskClient, url: str) -> None:
        answer = self.add(bob, url)

        assert answer.status_code == 422
        assert "Write the full address" in pages.check(answer)
        assert 'aria-describedby="problem"' in answer.get_data(as_text=True)

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"attempts": 0}, "Sending"),
            ({"attempts": 1, "next_attempt_at": None, "sent_at": ...}, "Delivered"),
            ({"attempts": 3, "error": "It answered 500."}, "Failing 3 attempts, next attempt at"),
            (
                {"attempts": 10, "next_attempt_at": None, "error": "It answered 410."},
                "Gave up 10 attempts It answered 410.",
            ),
        ],
    )
    def test_how_each_does_is_shown(
        self, app: Flask, bob: FlaskClient, values: dict[str, Any], words: str
    ) -> None:
        self.add(bob)
        assert "None in the last 30 days" in read(bob)
        now = datetime.now(UTC)
        with app.app_context():
            publish({"Counter GmbH": "Zähler AG"})
            changed = {name: now if value is ... else value for name, value in values.items()}
            db.session.execute(update(OutboxItem).values(**changed))
            db.session.commit()

        assert words in read(bob)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_they_are_good_pages_in_each_language(app: Flask, bob: FlaskClient, language: str) -> None:
    subscribe(app, "kari@example.no")
    bob.post(PAGE, data={"address": "https://receiver.example/"})
    pages.check(bob.post(f"{PAGE}?lang={language}", data={"address": "x"}), language)
    for path in (PAGE, SECOND):
        pages.check(bob.get(f"{path}?lang={language}"), language)
    bob.post(SECOND)
    pages.check(bob.get(f"{SECOND}?lang={language}"), language)
    send(app)
    for path in (PAGE, SECOND):
        pages.check(bob.get(f"{path}?lang={language}"), language)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_what_there_is_nothing_to_tell_of_is_not_found(bob: FlaskClient, number: int) -> None:
    assert bob.get(f"{PAGE}/{number}").status_code == 404
    assert bob.get(f"{PAGE}/{number}/progress").status_code == 404


POSTS = (PAGE, SECOND, f"{SECOND}/stop", f"{PAGE}/webhooks/{uuid.UUID(int=0)}/remove")


def test_what_is_not_theirs_does_not_exist(app: Flask, alice: FlaskClient, box: Mailbox) -> None:
    subscribe(app, "kari@example.no")
    with app.app_context():
        theirs = hooks.add(
            db.session(), "krukke", "https://receiver.example/", datetime.now(UTC)
        ).id

    for path in (*POSTS, f"{PAGE}/webhooks/{theirs}/remove"):
        sent = {"address": "https://receiver.example/"}
        assert alice.post(path, data=sent).status_code == 404
    mine = f"/dashboard/07sor/announcements/webhooks/{theirs}/remove"
    assert alice.post(mine).status_code == 404
    for path in (PAGE, SECOND, f"{SECOND}/progress"):
        assert alice.get(path).status_code == 404
    send(app)
    assert box.taken == []
    with app.app_context():
        assert len(hooks.of_site(db.session(), "krukke")) == 1


def test_a_stranger_is_asked_to_log_in(client: FlaskClient) -> None:
    for path in POSTS:
        assert client.post(path).status_code == 303
    for path in (PAGE, SECOND, f"{SECOND}/progress"):
        assert client.get(path).location.startswith("/dashboard/login?next=")


@pytest.mark.parametrize("path", POSTS)
def test_another_website_does_nothing(bob: FlaskClient, path: str) -> None:
    assert bob.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
