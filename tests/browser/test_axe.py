"""What axe-core finds against WCAG 2.2 A and AA: nothing, on any page, light or dark, narrow or wide."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from consent.core.db import db
from consent.demo import SITE_FILE
from consent.models import Decision, OutboxItem, Subscriber
from consent.notice import publishing
from consent.outbox import webhooks
from consent.people import staff
from consent.web.security import HTMX_CDN
from tests import factories
from tests.browser import banner
from tests.browser.conftest import HTMX, NODE_MODULES

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = f"axe.run({{ runOnly: {json.dumps(TAGS)}, resultTypes: ['violations'] }})"
# Each scheme and each width once: colours do not depend on the width, nor the layout on the scheme.
LOOKS = [("light", 1280), ("dark", 390)]

EMAIL, PASSWORD = "kari@example.no", "a-long-enough-password"


@pytest.fixture
def page(new_context: Callable) -> Page:
    context = new_context(bypass_csp=True)
    context.add_init_script(path=NODE_MODULES / "axe-core/axe.min.js")
    context.route(HTMX_CDN, lambda route: route.fulfill(path=HTMX))
    return context.new_page()


def findings(page: Page) -> dict[str, list[str]]:
    """What is wrong, by look: each finding's rule and place."""
    found = {}
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        violations = page.evaluate(RUN)["violations"]
        found[f"{scheme} {width}"] = [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in violations
            for node in each["nodes"]
        ]
    return {look: wrong for look, wrong in found.items() if wrong}


@pytest.mark.parametrize("path", ["/", "/video"])
def test_the_website_with_the_banner(page, site, path):
    page.goto(site + path)
    expect(page.locator(banner.BOX)).to_be_visible()
    assert findings(page) == {}


def test_the_settings(page, site):
    page.goto(site)
    banner.open_settings(page)
    for each in page.locator(f"{banner.SETTINGS} summary").all():
        each.click()
    assert findings(page) == {}


def test_the_control_that_stays(page, bench):
    page.goto(bench.page(f"{bench.script}<main><h1>Hei</h1></main>"))
    page.locator(banner.REFUSE).click()
    expect(page.locator(banner.REOPEN)).to_be_visible()
    assert findings(page) == {}


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_notice_with_all_its_chapters_open(page, consent_url, language):
    page.goto(f"{consent_url}/privacy/07sor/?lang={language}")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert findings(page) == {}


def test_the_choices_before_and_after_one(page, consent_url):
    page.goto(f"{consent_url}/privacy/07sor/choices")
    assert findings(page) == {}
    page.locator("button[value=accept]").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.wait_for_load_state()  # styles too
    assert findings(page) == {}


def test_the_centre_and_the_versions(page, app, consent_url):
    changed = SITE_FILE.read_text(encoding="utf-8").replace('"Syse AS"', '"Syse ASA"')
    with app.app_context():
        publishing.publish(db.session(), changed, datetime.now(UTC))
    privacy = f"{consent_url}/privacy/07sor"
    for path in ("versions", "versions/1", "versions/2", "versions/2/since/1", "recipients"):
        page.goto(f"{privacy}/{path}")
        assert findings(page) == {}, path
    page.goto(f"{privacy}/choices")
    page.locator("button[value=accept]").click()
    expect(page.locator("#history li")).to_have_count(1)
    page.wait_for_load_state()  # styles too
    assert findings(page) == {}
    page.locator("#history a").first.click()
    page.locator("summary").last.click()
    assert findings(page) == {}


@pytest.fixture
def yesterday(app) -> None:
    """A day with visits and decisions, that is over."""
    client = app.test_client()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=1), tick=False):
        for _ in range(12):
            factories.hit(client, "/", Origin="http://127.0.0.1:8081")
            factories.decide(client, Origin="http://127.0.0.1:8081")


def test_the_staff_pages(page, app, consent_url, yesterday):
    with app.app_context():
        staff.add(db.session(), EMAIL, PASSWORD, ["07sor"], datetime.now(UTC))
    page.goto(f"{consent_url}/dashboard/")
    assert findings(page) == {}
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("#figures")).to_be_visible()
    page.wait_for_load_state()  # styles too
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert findings(page) == {}
    page.goto(f"{consent_url}/dashboard/07sor/install")
    page.locator("main summary").last.click()
    page.locator("main form button").click()
    expect(page.locator("#check ~ [role]")).to_be_visible()
    page.wait_for_load_state()
    assert findings(page) == {}
    page.goto(f"{consent_url}/dashboard/07sor/report")
    page.wait_for_load_state()
    assert findings(page) == {}
    page.goto(f"{consent_url}/dashboard/07sor/tokens")
    page.locator("[name=name]").fill("Agency")
    page.locator("form.stack button").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.wait_for_load_state()
    assert findings(page) == {}


@pytest.fixture
def announced(app) -> None:
    """Three versions, subscribers, a webhook that fails, and a server that is set to send e-mail but does not."""
    settings = app.extensions["consent_settings"]
    app.extensions["consent_settings"] = replace(
        settings,
        smtp_url="smtp://127.0.0.1:9",
        mail_from="a@example.no",
        public_url="https://c.example",
    )
    now = datetime.now(UTC)
    source = SITE_FILE.read_text(encoding="utf-8")
    with app.app_context():
        session = db.session()
        webhooks.add(session, "07sor", "https://receiver.example/", now)
        renamed = source.replace('"Syse AS"', '"Syse ASA"')
        publishing.publish(session, renamed, now)
        publishing.publish(session, renamed.replace("ASA", "AB"), now, lowered_because="The same")
        session.execute(update(OutboxItem).values(attempts=2, error="It answered 500."))
        session.add(
            Subscriber(
                site="07sor",
                id=uuid.uuid4(),
                email="kari@example.no",
                language="nb",
                asked_at=now,
                confirmed_at=now,
            )
        )
        session.commit()


def test_the_staff_pages_of_a_site(page, app, consent_url, yesterday, announced):
    with app.app_context():
        staff.add(db.session(), EMAIL, PASSWORD, ["07sor"], datetime.now(UTC))
        decision = db.session.scalars(select(Decision.id)).first()
    dashboard = f"{consent_url}/dashboard"
    log_in(page, consent_url)

    for path in (
        *("versions", "versions/1", "versions/3", "versions/3/since/1", "decisions", "retention"),
        *("announcements", "announcements/2", "announcements/3"),
    ):
        page.goto(f"{dashboard}/07sor/{path}")
        check(page, path)
    page.locator("[name=minor]").check()
    page.locator("#progress button").click()
    expect(page.locator("progress")).to_be_visible()
    check(page, "announced")
    for written in ("x", str(uuid.uuid4()), str(decision)):
        page.goto(f"{dashboard}/07sor/decisions")
        page.locator("[name=id]").fill(written)
        page.locator("main form button").click()
        check(page, written)
    app.extensions["consent_settings"] = replace(app.extensions["consent_settings"], smtp_url="")
    page.goto(f"{dashboard}/07sor/announcements")
    check(page, "without mail")


def test_the_pages_of_editing(page, app, consent_url):
    with app.app_context():
        publishing.publish(db.session(), factories.shop(), datetime.now(UTC))
        staff.add(db.session(), EMAIL, PASSWORD, ["07sor", "krukke"], datetime.now(UTC))
    log_in(page, consent_url)
    draft = f"{consent_url}/dashboard/07sor/draft"
    check(page, "the list of sites")
    for path in (
        "",
        "/banner",
        "/services",
        "/services/0",
        "/services/new",
        "/purposes/1",
        "/signals",
    ):
        page.goto(draft + path)
        check(page, path)
    page.goto(f"{draft}/banner")
    page.locator("[name='asking.months']").fill("99")
    page.locator("[name='looks.light.button']").fill("#eeeeee")
    save(page)
    for path in ("/banner", "", "/-/text", "/-/review"):
        page.goto(draft + path)
        check(page, f"{path} with mistakes")
    page.goto(f"{draft}/banner")
    page.locator("[name='asking.months']").fill("9")
    page.locator("[name='looks.light.button']").fill("")
    save(page)
    page.goto(f"{draft}/-/review")
    check(page, "a comparison")
    page.goto(f"{consent_url}/dashboard/07sor/preview?version=draft")
    check(page, "the preview")


def test_the_pages_of_people(page, app, consent_url):
    with app.app_context():
        publishing.publish(db.session(), factories.shop(), datetime.now(UTC))
        staff.add(db.session(), EMAIL, PASSWORD, ["07sor", "krukke"], datetime.now(UTC))
        staff.add(db.session(), "vera@example.no", PASSWORD, ["07sor"], datetime.now(UTC), "viewer")
    page.goto(f"{consent_url}/dashboard/-/forgotten")
    check(page, "a password forgotten")
    log_in(page, consent_url)
    page.goto(f"{consent_url}/dashboard/07sor/people")
    page.locator("form.stack [name=email]").fill("nina@example.no")
    page.locator("form.stack button").click()
    expect(page.get_by_role("status")).to_be_visible()
    check(page, "the people, with a link to hand over")
    link = page.locator("pre code").inner_text()
    page.goto(f"{consent_url}/dashboard/07sor/log")
    check(page, "the log")
    page.goto(f"{consent_url}/dashboard/-/account/second-factor")
    check(page, "a second factor to set up")
    secret = page.locator("pre code").inner_text().replace(" ", "")
    page.locator("[name=current]").fill(PASSWORD)
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    page.locator("main form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    check(page, "the account, with codes")
    page.locator("header form button").click()
    page.goto(f"{consent_url}/dashboard/login")
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator("[name=code]")).to_be_visible()
    check(page, "the second step")
    page.goto(link)
    check(page, "an invitation")
    page.context.clear_cookies()
    page.goto(f"{consent_url}/dashboard/login")
    page.locator("[name=email]").fill("vera@example.no")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator("#figures")).to_be_visible()
    page.goto(f"{consent_url}/dashboard/07sor/people")
    check(page, "what a role does not allow")


def log_in(page: Page, consent_url: str) -> None:
    page.goto(f"{consent_url}/dashboard/login")
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator("header form button")).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Lagre").click()
    page.wait_for_url("**?saved=1")


def check(page: Page, where: str) -> None:
    """axe finds nothing, with all details open, and nothing is wider than the page."""
    page.wait_for_load_state()  # styles too
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert findings(page) == {}, where
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], (
        where
    )


def test_figures_for_everybody_and_the_api(page, consent_url, yesterday):
    for path in ("/privacy/07sor/visits", "/api/v1/"):
        page.goto(consent_url + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert findings(page) == {}, path
