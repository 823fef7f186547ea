"""Announcements: asked for, confirmed, sent once to each, left in one click. With a real mail server."""

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from consent.core.db import db
from consent.models import Delivery, Subscriber
from consent.notice import publishing
from consent.outbox.letters import PAUSES
from consent.web import letters
from tests import factories, pages
from tests.conftest import KEY, make_app
from tests.mailbox import FROM, SERVER, Mailbox, wait_for_letters
from tests.ports import free_port
from tests.processes import CONSENT

MANY = 800


@pytest.fixture
def app(mailing: dict[str, Any]) -> Flask:
    return make_app(mailing)


@pytest.fixture
def one(tmp_path: Path) -> str:
    """A list of one address."""
    path = tmp_path / "one.txt"
    path.write_text("ola@example.no\n")
    return str(path)


def ask(client: FlaskClient, email: str = "kari@example.no", language: str = "en") -> Any:
    answer = client.post("/privacy/krukke/subscribe", data={"email": email, "language": language})
    wait_for_letters()
    return answer


def links(message: EmailMessage) -> list[str]:
    return [
        each.removeprefix(SERVER) for each in re.findall(rf"{SERVER}\S+", message.get_content())
    ]


def subscribe(client: FlaskClient, box: Mailbox, email: str = "kari@example.no") -> str:
    """The path of the subscriber's page."""
    ask(client, email)
    (page,) = links(box.taken.pop())
    client.post(page)
    return page


def publish(app: Flask) -> None:
    with app.app_context():
        changed = factories.shop(**{"Counter GmbH": "Zähler GmbH"})
        publishing.publish(db.session(), changed, datetime.now(UTC))


@pytest.fixture
def announce(app: Flask, mailbox: tuple[Mailbox, str], tmp_path: Path) -> Callable[..., Any]:
    environ = os.environ | {
        "CONSENT_SECRET_KEYS": KEY,
        "CONSENT_DATABASE": app.extensions["consent_settings"].database,
        "CONSENT_SMTP_URL": mailbox[1],
        "CONSENT_MAIL_FROM": FROM,
        "CONSENT_PUBLIC_URL": SERVER,
    }

    def run(*arguments: str, how: Any = subprocess.run, keys: str = KEY, **more: Any) -> Any:
        command = [*CONSENT, "announce", "krukke", *arguments]
        environ["CONSENT_SECRET_KEYS"] = keys
        return how(command, cwd=tmp_path, env=environ, text=True, **more)

    return run


def test_who_asks_confirms_is_told_and_leaves(
    app: Flask, client: FlaskClient, box: Mailbox, announce: Callable[..., Any]
) -> None:
    answer = ask(client)
    assert "Check your e-mail" in pages.check(client.get(answer.location), "en")
    question = box.taken.pop()
    assert (question["From"], question["To"]) == (f"Krukke & Sønn <{FROM}>", "kari@example.no")
    assert (
        question["Subject"] == "Confirm: notify me when the privacy notice of Krukke & Sønn changes"
    )
    (page,) = links(question)
    assert "Confirm that you want" in pages.check(client.get(f"{page}?lang=en"), "en")
    confirmed = client.post(page)
    assert "You will be notified." in pages.check(client.get(confirmed.location), "en")
    publish(app)

    said = announce(capture_output=True)

    assert said.stdout == "1 sent, 0 sent before, 0 refused.\n"
    (told,) = box.taken
    assert told["Subject"] == "The privacy notice of Krukke & Sønn has changed"
    assert (
        "Changed Recipient: Zähler GmbH (Name). Another recipient receives data."
        in told.get_content()
    )
    assert links(told) == ["/privacy/krukke/versions/2?lang=en", page]
    assert told["List-Unsubscribe"] == f"<{SERVER}{page}/leave>"
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    left = client.post(f"{page}/leave")
    assert "your address is deleted" in pages.check(client.get(left.location), "en")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 0
    assert client.get(page).status_code == 404


def test_opening_a_link_confirms_nothing(
    app: Flask, client: FlaskClient, box: Mailbox, announce: Callable[..., Any]
) -> None:
    """Programs that look for viruses open every link."""
    ask(client)
    client.get(links(box.taken.pop())[0])
    publish(app)

    assert announce(capture_output=True).stdout.startswith("0 sent")


def test_each_address_is_told_once_whatever_list_it_is_on(
    app: Flask, client: FlaskClient, box: Mailbox, announce: Callable[..., Any], tmp_path: Path
) -> None:
    subscribe(client, box)
    publish(app)
    others = tmp_path / "others.txt"
    others.write_text("KARI@example.no\nola@example.no, nb\n\nola@example.no\nnobody@example.no\n")

    first = announce("--list", str(others), capture_output=True)
    second = announce("--list", str(others), capture_output=True)

    assert first.stdout == "2 sent, 0 sent before, 1 refused.\n"
    assert (first.returncode, "no such mailbox" in first.stderr) == (1, True)
    assert second.stdout == "0 sent, 2 sent before, 1 refused.\n"
    assert Counter(box.recipients[1:]) == {"kari@example.no": 1, "ola@example.no": 1}
    assert "Personvernerklæringen" in box.taken[1]["Subject"]
    assert "List-Unsubscribe" not in box.taken[1]


def test_many_are_told_once_each_though_the_process_is_killed(
    app: Flask, box: Mailbox, announce: Callable[..., Any], tmp_path: Path
) -> None:
    publish(app)
    everybody = tmp_path / "everybody.txt"
    everybody.write_text("".join(f"customer{number}@example.no\n" for number in range(MANY)))
    for until in (MANY // 5, MANY // 2):
        process = announce(
            "--list",
            str(everybody),
            how=subprocess.Popen,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        box.wait_for(until)
        process.send_signal(signal.SIGKILL)
        process.wait()

    last = announce("--list", str(everybody), capture_output=True)

    assert last.returncode == 0
    assert Counter(box.recipients) == {f"customer{number}@example.no": 1 for number in range(MANY)}
    with app.app_context():
        kept = db.session.scalars(select(Delivery.recipient)).all()
    assert len(kept) == MANY
    assert not [each for each in kept if "@" in each]


NO_ADDRESSES = (
    *("nobody", "", "a@b", "x" * 300 + "@example.no", "a@b.no\r\nBcc: c@d.no"),
    *("a,b@c.no", "a..b@c.no", "a\0@b.no", "a(b@c.no"),
)


@pytest.mark.parametrize("email", NO_ADDRESSES)
def test_what_is_no_address_is_refused(client: FlaskClient, box: Mailbox, email: str) -> None:
    assert ask(client, email).status_code == 422
    assert box.taken == []


def test_a_mail_program_leaves_in_one_click(app: Flask, client: FlaskClient, box: Mailbox) -> None:
    page = subscribe(client, box)

    answers = [
        client.post(f"{page}/leave", data={"List-Unsubscribe": "One-Click"}) for _ in range(2)
    ]

    assert [(each.status_code, each.location) for each in answers] == [(204, None)] * 2
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 0


def test_asking_for_a_stranger_fills_no_mailbox_and_changes_nothing(
    app: Flask, client: FlaskClient, box: Mailbox
) -> None:
    for email in ("kari@example.no", "KARI@example.no", " kari@example.no"):
        assert ask(client, email, language="nb").status_code == 303
    assert len(box.taken) == 1

    client.post(links(box.taken[0])[0])
    ask(client, language="en")

    assert len(box.taken) == 1
    with app.app_context():
        (found,) = db.session.scalars(select(Subscriber))
        assert (found.email, found.language) == ("kari@example.no", "nb")


def test_an_address_with_letters_of_ones_own_language_is_written_to(
    client: FlaskClient, box: Mailbox
) -> None:
    assert ask(client, "post@blåbær.no").status_code == 303
    assert box.recipients == ["post@xn--blbr-roah.no"]


def test_a_link_has_the_address_of_the_setting(client: FlaskClient, box: Mailbox) -> None:
    client.post(
        "/privacy/krukke/subscribe",
        data={"email": "kari@example.no"},
        headers={"Host": "evil.example"},
    )
    wait_for_letters()

    assert "evil.example" not in box.taken[0].get_content()


def test_a_server_that_hangs_up_after_the_message_did_not_take_it(
    app: Flask, box: Mailbox, announce: Callable[..., Any], one: str
) -> None:
    publish(app)
    box.hangs_up = True
    first = announce("--list", one, capture_output=True)
    box.hangs_up = False

    second = announce("--list", one, capture_output=True)

    assert (first.returncode, second.stdout) == (1, "1 sent, 0 sent before, 0 refused.\n")


def test_after_the_keys_were_rotated_nobody_is_told_again(
    app: Flask, announce: Callable[..., Any], one: str
) -> None:
    publish(app)
    announce("--list", one, capture_output=True)

    again = announce("--list", one, capture_output=True, keys=f"{KEY[::-1]},{KEY}")

    assert again.stdout == "0 sent, 1 sent before, 0 refused.\n"


def test_a_forged_link_opens_nothing(client: FlaskClient, box: Mailbox) -> None:
    page = subscribe(client, box)
    site, _, token = page.rpartition("/")

    assert client.get(f"{site}/{token[:-2]}xx").status_code == 401
    assert client.get(page.replace("/krukke/", "/07sor/")).status_code == 403


def test_a_server_without_mail_offers_none(settings: dict[str, Any]) -> None:
    client = make_app(settings).test_client()

    assert client.get("/privacy/krukke/subscribe").status_code == 404
    assert "Get notified of changes" not in client.get("/privacy/krukke/versions?lang=en").get_data(
        as_text=True
    )


def test_what_is_missing_is_said(app: Flask, announce: Callable[..., Any], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("kari@example.no\nola\n")

    minor = announce(capture_output=True)
    publish(app)
    listed = announce("--list", str(wrong), capture_output=True)

    assert "version 1 is not a material change" in minor.stderr
    assert f"{wrong}:2: 'ola' is no e-mail address" in listed.stderr
    assert (minor.returncode, listed.returncode) == (1, 1)


def test_a_mail_server_that_is_away_loses_no_letter(mailing: dict[str, Any], box: Mailbox) -> None:
    away = make_app({**mailing, "smtp_url": f"smtp://127.0.0.1:{free_port()}"}).test_client()
    assert ask(away).status_code == 303
    app = make_app(mailing)

    for later in (PAUSES[0] / 2, PAUSES[0]):
        assert box.taken == []
        with app.app_context(), time_machine.travel(datetime.now(UTC) + later, tick=False):
            letters.send_due()

    (page,) = links(box.taken.pop())
    assert app.test_client().post(page).status_code == 303
