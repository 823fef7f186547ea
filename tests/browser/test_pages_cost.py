"""What it costs a page that it is there: next to nothing, however large the page, and no error."""

from playwright.sync_api import expect

from tests.browser import banner

# Microseconds of one change of the page, with all that follows it in the same task.
COST = """async () => {
  const text = document.querySelector("#n");
  const at = performance.now();
  for (let i = 0; i < 500; i++) {
    text.textContent = i;
    await 0;
    await 0;
  }
  return ((performance.now() - at) * 1000) / 500;
}"""


def page_of(rows: int) -> str:
    return (
        f"<body><script>document.body.insertAdjacentHTML('beforeend', '<p>row <b>x</b></p>'.repeat({rows}))"
        '</script><div style="contain:strict;position:fixed;top:0;width:9em;height:2em"><span id="n">0</span></div>'
    )


def test_a_change_costs_the_same_in_a_page_of_120_000_elements_and_below_a_tenth_of_a_millisecond(
    page, bench
):
    cost = {}
    for rows in (3_000, 60_000):
        for decided in (False, True):
            page.context.clear_cookies()
            page.goto(bench.page(bench.script + page_of(rows), f"/{rows}"))
            page.locator(banner.BOX).wait_for()
            if decided:
                page.locator(banner.REFUSE).click()
                banner.wait_until_received(page)
            cost[rows, decided] = min(page.evaluate(COST) for _ in range(5))
    assert max(cost.values()) < 100
    for decided in (False, True):
        assert cost[60_000, decided] < 2 * cost[3_000, decided] + 10


def test_a_browser_without_beacons_hears_of_no_error(page, bench):
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(
        bench.page(
            f"<script>delete Navigator.prototype.sendBeacon</script>{bench.script}<body><p id=n>0</p>"
            "<script>let i = 0; const tick = () => {"
            " n.textContent = i++; if (i < 50) setTimeout(tick) }; tick()</script>"
        )
    )
    page.wait_for_function("document.querySelector('#n').textContent === '49'")
    page.locator(banner.REFUSE).click()
    banner.wait_until_received(page)
    assert errors == []


def test_a_script_in_a_file_of_the_website_still_knows_its_server(
    app, client, page, bench, consent_url
):
    app.extensions["consent_memory"]._address = consent_url
    body = client.get("/e/07sor.js").get_data(as_text=True)
    bench.javascript("/cache/all.js", body)
    page.goto(bench.page('<script src="/cache/all.js"></script>'))
    with page.expect_request(f"{consent_url}/e/07sor/decisions"):
        page.locator(banner.ACCEPT).click()
    banner.wait_until_received(page)


def test_a_script_that_knows_no_server_says_so_and_asks_nobody(client, page, bench, requests):
    body = client.get("/e/07sor.js").get_data(as_text=True)
    bench.javascript("/cache/all.js", body)
    with page.expect_console_message(lambda message: "CONSENT_PUBLIC_URL" in message.text):
        page.goto(bench.page('<script src="/cache/all.js"></script>'))
    expect(page.locator(banner.BOX)).to_have_count(0)
    assert not [each for each in requests if "/e/" in each]
