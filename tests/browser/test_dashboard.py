"""The staff pages in a browser: the period swaps the figures, with htmx and without JavaScript."""

import base64
import hashlib
import re
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update

from consent.core.db import db
from consent.demo import SITE_FILE
from consent.ledger import decisions
from consent.ledger.decisions import Choice
from consent.models import Announcement, OutboxItem, Subscriber
from consent.notice import publishing
from consent.people import staff
from consent.site import versions
from consent.web.security import HTMX_CDN, HTMX_INTEGRITY
from tests import factories
from tests.browser.conftest import HTMX
from tests.conftest import record

EMAIL, PASSWORD = "kari@example.no", "a-long-enough-password"
LONG_AGO = date(2026, 1, 15)


@pytest.fixture(autouse=True)
def past(app: Flask) -> None:
    """A member of staff, two decisions of today, and one of long ago."""
    now = datetime.now(UTC)
    then = datetime(LONG_AGO.year, LONG_AGO.month, LONG_AGO.day, 12, tzinfo=UTC)
    with app.app_context():
        staff.add(db.session(), EMAIL, PASSWORD, ["07sor"], now)
        version = versions.published(db.session(), "07sor", 1)
        choices = [Choice.model_validate(factories.decision()) for _ in range(3)]
        record(
            *(
                decisions.decided(version, choice, None, "desktop", None, moment)
                for choice, moment in zip(choices, (now, now, then), strict=True)
            )
        )


@pytest.fixture
def page(context, consent_url) -> Page:
    context.route(HTMX_CDN, lambda route: route.fulfill(path=HTMX, headers=CORS))
    return context.new_page()


CORS = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}


def log_in(page: Page, consent_url: str) -> None:
    page.goto(f"{consent_url}/dashboard/")
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("#figures")).to_be_visible()
    page.wait_for_load_state()  # htmx is there


def shown(page: Page):
    """How many decisions there were."""
    return page.locator("#figures .figure b").nth(2)


def test_htmx_is_the_release_that_the_integrity_hash_names():
    digest = base64.b64encode(hashlib.sha384(HTMX.read_bytes()).digest()).decode()
    assert f"sha384-{digest}" == HTMX_INTEGRITY


def test_the_period_swaps_the_figures_in_the_page(page, consent_url):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, consent_url)
    expect(shown(page)).to_have_text("2")
    page.evaluate("window.same = true")
    page.locator("[name=from]").fill(str(LONG_AGO))
    page.locator("[name=to]").fill(str(LONG_AGO + timedelta(days=1)))
    expect(shown(page)).to_have_text("1")
    assert page.evaluate("window.same") is True
    for chart in page.locator("img.chart").all():
        assert str(LONG_AGO) in chart.get_attribute("src")
    page.wait_for_function(
        "() => [...document.images].every((image) => image.complete && image.naturalWidth)"
    )
    assert complaints == []


def test_an_end_before_the_beginning_leaves_the_figures_until_it_is_mended(page, consent_url):
    log_in(page, consent_url)
    with page.expect_response("**/figures?**"):
        page.locator("[name=to]").fill(str(LONG_AGO))
    expect(page.locator("h1")).to_have_count(1)
    expect(shown(page)).to_have_text("2")
    page.locator("[name=from]").fill(str(LONG_AGO))
    expect(shown(page)).to_have_text("1")


def test_the_period_works_without_javascript(new_context, consent_url):
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, consent_url)
    expect(shown(page)).to_have_text("2")
    page.locator("[name=from]").fill(str(LONG_AGO))
    page.locator("[name=to]").fill(str(LONG_AGO))
    page.locator("form.period button").click()
    expect(shown(page)).to_have_text("1")
    assert f"from={LONG_AGO}" in page.url


def test_a_wrong_password_is_refused_and_logging_out_ends_it(page, consent_url):
    page.goto(f"{consent_url}/dashboard/07sor/")
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill("something else")
    page.locator("main button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("#figures")).to_be_visible()
    page.locator("header form button").click()
    expect(page.locator("[name=password]")).to_be_visible()
    page.goto(f"{consent_url}/dashboard/07sor/")
    expect(page.locator("[name=password]")).to_be_visible()


def test_an_announcement_says_how_far_it_is_without_a_reload(page, app, consent_url):
    settings = app.extensions["consent_settings"]
    app.extensions["consent_settings"] = replace(
        settings, smtp_url="smtp://127.0.0.1:9", mail_from="a@example.no", public_url=consent_url
    )
    now = datetime.now(UTC)
    changed = SITE_FILE.read_text(encoding="utf-8").replace('"Syse AS"', '"Syse ASA"')
    with app.app_context():
        publishing.publish(db.session(), changed, now)
        subscriber = {"email": EMAIL, "language": "nb", "asked_at": now, "confirmed_at": now}
        db.session.add(Subscriber(site="07sor", id=uuid.uuid4(), **subscriber))
        db.session.commit()
    log_in(page, consent_url)
    page.goto(f"{consent_url}/dashboard/07sor/announcements/2?lang=en")
    page.locator("#progress button").click()
    expect(page.locator("progress")).to_be_visible()
    page.evaluate("window.same = true")
    with app.app_context():
        db.session.execute(update(Announcement).values(told=1))
        db.session.execute(update(OutboxItem).values(next_attempt_at=None, sent_at=now))
        db.session.commit()
    expect(page.get_by_role("status")).to_contain_text("Sent to 1 subscriber")
    assert page.evaluate("window.same") is True
    expect(page.locator("[hx-trigger]")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_tabs_change_their_card_and_the_address(new_context, consent_url, scripts: bool):
    context = new_context(java_script_enabled=scripts, locale="en-GB")
    context.route(HTMX_CDN, lambda route: route.fulfill(path=HTMX, headers=CORS))
    page = context.new_page()
    log_in(page, consent_url)
    current = (
        page.locator("#card-pages [aria-current]"),
        page.locator("#card-technology [aria-current]"),
    )

    page.get_by_role("link", name="Entry pages").click()
    expect(current[0]).to_have_text("Entry pages")
    page.get_by_role("link", name="Operating systems").click()
    expect(current[1]).to_have_text("Operating systems")
    expect(current[0]).to_have_text("Entry pages")
    expect(page).to_have_url(re.compile("pages=entry.*technology=system"))
    page.go_back()
    expect(current[1]).to_have_text("Browsers")
    expect(current[0]).to_have_text("Entry pages")
