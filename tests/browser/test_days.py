"""The day of each role, from the login to the logout: a viewer's, an editor's, a privacy officer's, an owner's."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from playwright.sync_api import expect

from tests import factories
from tests.browser import staff_pages
from tests.browser.staff_pages import PASSWORD, go, log_in
from tests.conftest import make_app


@pytest.fixture
def app(mailing: dict[str, Any], ports: Any) -> Flask:
    return make_app({**mailing, "public_url": ports["consent"].origin("127.0.0.1")})


@pytest.fixture
def receipt(app: Flask, ports: Any) -> str:
    """A month of visits and decisions; the id of one of these."""
    client, origin = app.test_client(), ports["website"].origin("127.0.0.1")
    identity = str(uuid.uuid4())
    for day in range(3):
        with time_machine.travel(datetime.now(UTC) - timedelta(days=day + 1), tick=False):
            for _ in range(15):
                factories.hit(client, "/tjenester", Origin=origin)
                factories.decide(client, Origin=origin)
    factories.decide(client, factories.decision(id=identity), Origin=origin)
    return identity


def test_marketing_reads_figures_and_asks_for_the_report(new_context, app, consent_url, receipt):
    """A viewer: figures of another period, a table as a file, the report each month. No more than that."""
    staff_pages.add(app, vera="viewer")
    page = staff_pages.open_page(new_context)
    log_in(page, consent_url, "vera")
    page.get_by_role("link", name="7 days", exact=True).click()
    expect(page.locator("[aria-current=true]").first).to_have_text("7 days")
    expect(page.locator("#card-pages")).to_contain_text("/tjenester")
    with page.expect_download() as download:
        page.locator("#card-pages").get_by_role("link", name="Download CSV").click()
    assert "/tjenester,45" in download.value.path().read_text()
    go(page, "Monthly report")
    page.get_by_role("button", name=re.compile("every month")).click()
    expect(page.get_by_role("button", name=re.compile("[Ss]top"))).to_be_visible()
    go(page, "Preview")
    expect(page.frame_locator("iframe.stage").get_by_role("heading")).to_be_visible()
    menu = page.locator(".site")
    for name in ("API tokens", "Members", "Draft"):
        expect(menu.get_by_role("link", name=name)).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    page.go_back()
    page.reload()
    expect(page.locator("[name=password]")).to_be_visible()


def test_an_editor_adds_a_service_publishes_and_tells(new_context, app, consent_url):
    """An editor: a known service, its comparison, publication, the announcement's text, a token for the agency."""
    staff_pages.add(app, erik="editor")
    page = staff_pages.open_page(new_context)
    log_in(page, consent_url, "erik")
    go(page, "Draft")
    page.get_by_role("link", name="Services and cookies").click()
    page.locator("[name=use]").select_option("hotjar")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hotjar")
    page.locator(".way").get_by_role("link", name="Draft").click()
    page.get_by_role("link", name="Review and publish").click()
    expect(page.locator("main")).to_contain_text("Hotjar")
    expect(page.locator("#asked + *")).to_contain_text("Visitors who had accepted")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("status")).to_contain_text("Version 2 is published.")
    go(page, "Versions")
    page.get_by_role("link", name="Version 2", exact=True).click()
    expect(page.locator("main")).to_contain_text("Hotjar")
    go(page, "Announcements")
    page.get_by_role("link", name="Version 2", exact=True).click()
    expect(page.locator("main")).to_contain_text("Hotjar")
    go(page, "API tokens")
    page.locator("[name=name]").fill("Agency")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("status")).to_contain_text("ct_")


def test_the_privacy_officer_finds_proves_and_erases(new_context, app, consent_url, receipt):
    """A DPO: the decision of a receipt, in the words that were shown; retention; an erasure on request."""
    staff_pages.add(app, dina="editor")
    page = staff_pages.open_page(new_context)
    log_in(page, consent_url, "dina")
    go(page, "Decisions")
    page.locator("[name=id]").fill("nonsense")
    page.locator("main form button").click()
    expect(page.locator("main")).to_contain_text("This is not an id")
    page.locator("[name=id]").fill(receipt)
    page.locator("main form button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Accepted")
    expect(page.locator("main")).to_contain_text("this is the text that was shown")
    assert receipt not in page.url
    with page.expect_download() as download:
        page.get_by_role("button", name="Download receipt (JSON)").click()
    assert receipt in download.value.path().read_text()
    page.get_by_text("Erase this visitor's decisions").click()
    page.locator("[name=sure]").check()
    page.get_by_role("button", name="Erase 1 decision").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.locator("[name=id]").fill(receipt)
    page.locator("main form button").click()
    expect(page.locator("main")).not_to_contain_text("Accepted")
    go(page, "Retention")
    expect(page.locator("main")).to_contain_text("5 years")


def test_an_owner_invites_watches_and_guards(new_context, app, consent_url, mailbox):
    """An owner: a second factor, an invitation, a member removed, the log, a password forgotten elsewhere."""
    staff_pages.add(app, olga="owner")
    page = staff_pages.open_page(new_context)
    log_in(page, consent_url, "olga")
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Set up two-factor authentication").click()
    secret = page.locator("pre code").inner_text().replace(" ", "")
    page.locator("[name=current]").fill(PASSWORD)
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    codes = page.locator("pre code").inner_text().split()
    assert len(codes) == 10

    page.get_by_role("link", name="Samtykke").click()
    go(page, "Members")
    page.locator("form.stack [name=email]").fill("nina@example.no")
    page.locator("form.stack [name=role]").select_option("editor")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("nina@example.no")
    mailbox[0].wait_for(1)
    (link,) = re.findall(rf"{consent_url}\S+", mailbox[0].taken.pop().get_content())
    guest = staff_pages.open_page(new_context)
    guest.goto(link)
    guest.locator("[name=password]").fill(PASSWORD)
    guest.get_by_role("button", name="Accept invitation").click()
    expect(guest.locator("#figures")).to_be_visible()

    page.reload()
    assert len(mailbox[0].taken) == 0
    page.get_by_label("Role of nina@example.no").select_option("none")
    page.get_by_role("button", name="Save: nina@example.no").click()
    expect(page.locator("main")).not_to_contain_text("nina@example.no")
    page.get_by_role("link", name="Activity log").click()
    expect(page.locator("main table")).to_contain_text("Removed nina@example.no")
    guest.reload()
    expect(guest.locator("[name=password]")).to_be_visible()

    elsewhere = staff_pages.open_page(new_context)
    elsewhere.goto(f"{consent_url}/dashboard/login")
    elsewhere.get_by_role("link", name="Forgot your password?").click()
    elsewhere.locator("[name=email]").fill("olga@example.no")
    elsewhere.get_by_role("button", name="Send link").click()
    expect(elsewhere.get_by_role("status")).to_be_visible()
    mailbox[0].wait_for(1)
    (link,) = re.findall(rf"{consent_url}\S+", mailbox[0].taken.pop().get_content())
    elsewhere.goto(link)
    elsewhere.locator("[name=password]").fill("another long password")
    elsewhere.get_by_role("button", name="Save").click()
    elsewhere.locator("[name=email]").fill("olga@example.no")
    elsewhere.locator("[name=password]").fill("another long password")
    elsewhere.get_by_role("button", name="Log in").click()
    elsewhere.locator("[name=code]").fill(codes[0])
    elsewhere.get_by_role("button", name="Log in").click()
    expect(elsewhere.locator("#figures")).to_be_visible()
    page.reload()
    expect(page.locator("[name=password]")).to_be_visible()
