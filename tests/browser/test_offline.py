"""Choices made while the server is away, or whose answer is lost on the way."""

from playwright.sync_api import Page, Route, expect

from tests.browser import banner


def pending(page: Page) -> int:
    return len(page.evaluate(banner.CHOICE)["q"])


def approach(page: Page) -> None:
    """Brings the pointer near, so that the script that follows a choice is there before the server goes away."""
    page.locator(banner.ACCEPT).hover()
    page.wait_for_function("window.samtykke.after")


def decide_offline(page: Page, button: str) -> None:
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/decisions")):
        page.locator(button).click()


def test_a_choice_made_while_the_server_is_away_holds_and_arrives_once(
    page, site, consent, decisions
):
    page.goto(site)
    approach(page)
    consent.stop()
    decide_offline(page, banner.ACCEPT)
    banner.wait_until_stand_ins_ran(page)

    # The script of the next page comes from the browser's cache.
    page.goto(f"{site}/tjenester")
    banner.wait_until_stand_ins_ran(page)
    expect(page.locator(banner.REOPEN)).to_be_visible()
    assert pending(page) == 1

    consent.start()
    assert decisions() == []
    page.goto(site)
    banner.wait_until_received(page)
    page.goto(f"{site}/tjenester")
    banner.wait_until_quiet(page)
    assert [each.action for each in decisions()] == ["accept"]
    assert [path for path, _ in consent.seen].count("/e/07sor/decisions") == 1


def test_a_refusal_made_while_the_server_is_away_is_not_asked_for_again(
    page, site, consent, decisions
):
    page.goto(site)
    approach(page)
    consent.stop()
    decide_offline(page, banner.REFUSE)
    page.goto(f"{site}/tjenester")
    expect(page.locator(banner.REOPEN)).to_be_visible()
    assert banner.cookies(page) == {"consent"}
    consent.start()
    page.goto(site)
    banner.wait_until_received(page)
    assert [each.action for each in decisions()] == ["refuse"]


def test_a_change_of_mind_while_the_server_is_away_arrives_in_order_from_one_visitor(
    page, site, consent, decisions
):
    page.goto(site)
    approach(page)
    consent.stop()
    decide_offline(page, banner.ACCEPT)
    page.locator(banner.REOPEN).click()
    decide_offline(page, banner.REFUSE)
    assert pending(page) == 2
    consent.start()
    page.goto(site)
    banner.wait_until_received(page)
    found = decisions()
    assert [each.action for each in found] == ["accept", "withdraw"]
    assert len({each.visitor for each in found}) == 1


def test_withdrawing_needs_no_settings_layer(page, site, decisions):
    page.route("**/settings", lambda route: route.abort())
    page.goto(site)
    page.locator(banner.ACCEPT).click()
    page.locator(banner.REOPEN).click()
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    assert [each.action for each in decisions()] == ["accept", "withdraw"]


def test_an_answer_that_is_lost_leads_to_one_row(page, site, decisions):
    statuses = []

    def lose_the_first_answer(route: Route) -> None:
        answer = route.fetch()
        statuses.append(answer.status)
        if len(statuses) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/decisions", lose_the_first_answer)
    page.goto(site)
    decide_offline(page, banner.ACCEPT)
    assert pending(page) == 1
    page.goto(f"{site}/tjenester")
    banner.wait_until_received(page)
    # Once by a beacon, and again by the next page: the same decision each time.
    assert statuses[0] == 201
    assert set(statuses[1:]) == {200}
    assert [each.action for each in decisions()] == ["accept"]


def test_an_error_of_the_server_is_tried_again_on_the_next_page(page, site, decisions):
    page.route("**/decisions", lambda route: route.fulfill(status=503), times=1)
    page.goto(site)
    with page.expect_response("**/decisions"):
        page.locator(banner.ACCEPT).click()
    page.goto(f"{site}/tjenester")
    banner.wait_until_received(page)
    assert len(decisions()) == 1


def test_two_tabs_with_the_same_unsent_choice_lead_to_one_row(
    page, context, site, consent, decisions
):
    page.goto(site)
    approach(page)
    consent.stop()
    decide_offline(page, banner.ACCEPT)
    consent.start()
    other = context.new_page()
    other.goto(site)
    page.goto(f"{site}/tjenester")
    banner.wait_until_received(page)
    banner.wait_until_received(other)
    assert len(decisions()) == 1


def test_a_second_choice_while_the_first_answer_is_arriving_is_the_same_visitors(
    page, site, decisions
):
    # Holds back the body of the first answer, whose status has come already.
    page.add_init_script("""
        const read = Response.prototype.json;
        Response.prototype.json = function () {
          Response.prototype.json = read;
          return new Promise((done) => { window.letTheBodyCome = () => done(read.call(this)); });
        };
    """)
    page.goto(site)
    page.locator(banner.ACCEPT).click()
    page.wait_for_function("() => !!window.letTheBodyCome")
    page.evaluate("consent.withdraw()")
    page.evaluate("letTheBodyCome()")
    banner.wait_until_received(page)
    found = decisions()
    assert [each.action for each in found] == ["accept", "withdraw"]
    assert len({each.visitor for each in found}) == 1
