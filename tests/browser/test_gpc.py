"""Global Privacy Control and Do Not Track: marketing starts refused, the banner says why, and the ledger knows."""

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from tests.browser import banner
from tests.conftest import publish

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { value: '1' })"


@pytest.fixture(params=[GPC, DNT], ids=["gpc", "dnt"])
def signalling(request, page):
    """A page of a browser that asks not to be tracked."""
    page.add_init_script(request.param)
    return page


def test_the_banner_says_what_it_saw(signalling, bench):
    signalling.goto(bench.page(bench.script))
    expect(signalling.locator(banner.BOX)).to_contain_text("ber om ikke å bli sporet")
    expect(signalling.locator(banner.BOX)).to_contain_text("markedsføring")


def test_accepting_all_leaves_marketing_off(signalling, bench, decisions, request):
    signalling.goto(bench.page(bench.script))
    signalling.locator(banner.ACCEPT).click()
    banner.wait_until_received(signalling)
    (decision,) = decisions()
    assert decision.action == "choose"
    assert decision.purposes == {"analytics": True, "marketing": False}
    assert decision.gpc is not decision.dnt
    types = signalling.evaluate("[...dataLayer].findLast((each) => each[1] === 'update')[2]")
    assert (types["ad_storage"], types["analytics_storage"]) == ("denied", "granted")


def test_by_name_the_visitor_may_choose_otherwise(signalling, bench, decisions):
    signalling.goto(bench.page(bench.script))
    banner.open_settings(signalling)
    expect(signalling.locator(banner.SETTINGS)).to_contain_text("ber om ikke å bli sporet")
    signalling.locator(banner.purpose("marketing")).check()
    signalling.locator(banner.SAVE).click()
    banner.wait_until_received(signalling)
    assert decisions()[0].purposes["marketing"] is True


def test_a_site_that_asks_for_nothing_else_does_not_ask(app, bench, ports, page, published):
    page.add_init_script(GPC)
    with app.app_context():
        from consent.core.db import db
        from consent.models import Version

        source = db.session.get_one(Version, ("07sor", 1)).source
        publish(source.replace('key = "analytics"', 'key = "analytics"\nopt_out_signal = true'))
    app.extensions["consent_memory"].forget()
    page.goto(bench.page(bench.script))
    expect(page.locator(banner.REOPEN)).to_be_visible()
    expect(page.locator(banner.BOX)).to_have_count(0)


def test_the_header_alone_is_recorded(new_context, bench, decisions):
    page = new_context(extra_http_headers={"Sec-GPC": "1"}).new_page()
    page.goto(bench.page(bench.script))
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    assert decisions()[0].gpc is True


def test_the_privacy_pages_do_the_same(new_context, consent_url, decisions):
    page = new_context(extra_http_headers={"Sec-GPC": "1"}).new_page()
    page.goto(f"{consent_url}/privacy/07sor/choices")
    expect(page.locator("main")).to_contain_text("ber om ikke å bli sporet")
    page.locator("button[value=accept]").click()
    expect(page.locator(".saved")).to_be_visible()
    assert decisions()[0].purposes == {"analytics": True, "marketing": False}


def test_the_server_makes_its_statement(client: FlaskClient):
    answer = client.get("/.well-known/gpc.json")
    assert answer.content_type == "application/json"
    assert answer.get_json() == {"gpc": True, "lastUpdate": "2026-11-24"}
