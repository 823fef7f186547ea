"""What the embed script tells of a page view, and when."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser import banner

HIDDEN = """
Object.defineProperty(document, "hidden", { get: () => !window.seen, configurable: true });
"""
LOOK = "window.seen = true; document.dispatchEvent(new Event('visibilitychange'));"


@pytest.fixture
def hits(context: BrowserContext) -> list[dict[str, Any]]:
    """The bodies of all hits that are sent."""
    sent: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/hits"):
            sent.append(request.post_data_json)

    context.on("request", note)
    return sent


def test_a_page_that_nobody_sees_is_counted_when_somebody_does(page: Page, bench, hits) -> None:  # type: ignore[no-untyped-def]
    """One that is rendered in advance, or opened behind another."""
    page.add_init_script(HIDDEN)
    page.goto(bench.page(bench.script))
    banner.wait_until_quiet(page)
    assert hits == []
    with page.expect_request("**/hits"):
        page.evaluate(LOOK)
    page.evaluate(LOOK)
    banner.wait_until_quiet(page)

    assert len(hits) == 1


def test_a_change_of_the_address_is_a_page_view(page: Page, bench, hits) -> None:  # type: ignore[no-untyped-def]
    page.goto(bench.page(bench.script))
    expect(page.locator(banner.BOX)).to_be_visible()
    with page.expect_request("**/hits"):
        page.evaluate("history.pushState({}, '', '/next?x=1'); document.title = 'Next'")
    page.evaluate("history.replaceState({}, '', '/next#part'); document.title = 'Part'")
    banner.wait_until_quiet(page)

    first, second = hits
    assert second["path"] == "/next"
    assert second["referrer"] == bench.origin("localhost") + first["path"]


def test_it_says_in_which_language_the_banner_asks(page: Page, bench, hits) -> None:  # type: ignore[no-untyped-def]
    address = bench.page(bench.script)
    page.goto(address)
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    page.goto(address)
    expect(page.locator(banner.REOPEN)).to_be_visible()
    banner.wait_until_quiet(page)

    assert [hit.get("banner") for hit in hits] == ["nb", None]


def test_of_an_address_only_campaigns_of_the_list_are_sent(app, page: Page, bench, hits) -> None:  # type: ignore[no-untyped-def]
    listed = '[hits.campaigns]\nutm_campaign = ["spring", "a&b"]\nutm_source = ["letter"]\n'
    banner.put_in_force(app, bench, {"[asking]": f"{listed}\n[asking]"})
    address = bench.page(bench.script)
    for query in (
        "",
        "?x=1&utm_campaign=a%26b&utm_source=letter#top",
        "?utm_campaign=kari&utm_medium=mail&constructor=1",
    ):
        page.goto(address + query)
        banner.wait_until_quiet(page)

    path = hits[0]["path"]
    assert [hit["path"] for hit in hits] == [
        path,
        f"{path}?utm_campaign=a%26b&utm_source=letter",
        path,
    ]


@pytest.mark.parametrize("way", ["banner", "settings"])
def test_a_decision_says_how_long_it_took(page: Page, bench, way: str) -> None:  # type: ignore[no-untyped-def]
    page.clock.install()
    page.goto(bench.page(bench.script))
    expect(page.locator(banner.BOX)).to_be_visible()
    page.clock.fast_forward(7000)
    if way == "settings":
        banner.open_settings(page)
    with page.expect_request("**/decisions") as sent:
        page.locator(banner.SAVE if way == "settings" else banner.REFUSE).click()
        page.clock.run_for(1000)

    assert 7 <= sent.value.post_data_json["took"] <= 12

    # Later ones answer no question.
    page.locator(banner.REOPEN).click()
    page.clock.run_for(1000)
    with page.expect_request("**/decisions") as sent:
        page.locator(banner.SETTINGS).locator(banner.ACCEPT).click()
        page.clock.run_for(1000)
    assert sent.value.post_data_json["took"] is None


def test_without_scripts_an_image_counts(new_context, bench, consent, app) -> None:  # type: ignore[no-untyped-def]
    page = new_context(java_script_enabled=False).new_page()
    image = (
        f'<noscript><img src="{consent.origin("127.0.0.1")}/e/07sor/hits.gif" alt="" width="1" '
        'height="1" referrerpolicy="no-referrer-when-downgrade"></noscript>'
    )
    with page.expect_response("**/hits.gif") as answer:
        page.goto(bench.page(image))

    assert answer.value.status == 200
    assert "x-consent" not in answer.value.headers


def test_loading_again_or_going_back_is_no_page_view(page: Page, bench, hits) -> None:  # type: ignore[no-untyped-def]
    """One person who loads a page ten times is one view of it; what they view then comes from this page."""
    address = bench.page(bench.script)
    with page.expect_request("**/hits"):
        page.goto(address)
    for _ in range(3):
        page.reload()
        banner.wait_until_quiet(page)
    with page.expect_request("**/hits"):
        page.evaluate("history.pushState({}, '', '/next'); document.title = 'Next'")
    page.goto(bench.page(bench.script))
    page.go_back()
    banner.wait_until_quiet(page)

    paths = [hit["path"] for hit in hits]
    assert paths[1] == "/next"
    assert hits[1]["referrer"] == bench.origin("localhost") + paths[0]
    assert len(paths) == 3
