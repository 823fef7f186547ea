"""What has to be done now and then, and by one of all processes: each claims in the database what it does."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from flask import Flask

from consent import retention
from consent.core import log_throttle
from consent.core.db import db
from consent.core.mail import Mailer
from consent.outbox import announcing, reports, webhooks
from consent.stats import closing, sitemaps
from consent.web import context, letters
from consent.web.dashboard import report_letter


class Task(NamedTuple):
    name: str
    # Seconds from its end until it is begun again.
    pause: float
    do: Callable[[], object]


def _deliver() -> None:
    post = partial(webhooks.post, inside=context.settings().inside_hosts)
    webhooks.deliver_due(db.session(), context.now, post)


def _announce() -> None:
    if context.sends_mail():
        smtp_url = context.settings().smtp_url
        announcing.send_due(db.session(), context.now, context.sender(), lambda: Mailer(smtp_url))


def _send_reports() -> None:
    if context.sends_mail():
        settings = context.settings()
        write = report_letter.writer(settings)
        reports.send_due(db.session(), settings.smtp_url, write, context.now)


def _read_sitemaps() -> None:
    sitemaps.fetch_due(db.session(), context.now, context.settings().inside_hosts)


def _close_days() -> None:
    closing.close_all(db.session(), context.now())


def _purge() -> None:
    retention.purge_due(db.session(), context.now())


def _purge_accounts() -> None:
    retention.purge_accounts(db.session(), context.now())


# Each has a thread of its own: what waits for others holds up nothing.
TASKS = (
    Task("webhooks", 2, _deliver),
    Task("letters", 2, letters.send_due),
    Task("announcements", 2, _announce),
    Task("sitemaps", 300, _read_sitemaps),
    # It closes the days that it reports.
    Task("reports", 3600, _send_reports),
    Task("days", 3600, _close_days),
    Task("purge", 3600, _purge),
    Task("accounts", 3600, _purge_accounts),
)


def run(app: Flask) -> None:
    for task in TASKS:
        threading.Thread(target=_repeat, args=(app, task), daemon=True).start()


def _repeat(app: Flask, task: Task) -> None:
    while True:
        with app.app_context():
            _try(task)
        time.sleep(task.pause)


def _try(task: Task) -> None:
    try:
        task.do()
    except Exception as error:
        log_throttle.log_exception(__name__, task.name, error)
