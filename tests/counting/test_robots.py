"""Robots are not counted, and people are: tried with real headers, the newest that others have collected."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import crawleruseragents
import pytest
from flask.testing import FlaskClient

import update_robots
from consent.counting import robots
from consent.counting.robots import BROWSERS, is_robot
from tests import factories
from tests.factories import hit

NPM = Path(__file__).parents[2] / "node_modules"
# What is missed are browsers in an app or an editor, through which people look, and which crawler-user-agents lists.
MOST_MISSED = 0.01

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
NEXUS = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
)
LIKE_BROWSERS = {
    "Googlebot": factories.GOOGLEBOT,
    "Bytespider": "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 "
    "(compatible; Bytespider; spider-feedback@bytedance.com)",
    "GoogleOther": f"{NEXUS} (compatible; GoogleOther)",
    "Lighthouse": f"{MAC} Chrome/130.0.0.0 Safari/537.36 Chrome-Lighthouse",
    "headless Chrome": f"{LINUX} HeadlessChrome/131.0.0.0 Safari/537.36",
    "PhantomJS": "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) "
    "PhantomJS/2.1.1 Safari/538.1",
    "Vercel": f"{MAC} Chrome/112.0.0.0 Safari/537.36 vercel-screenshot/1.0",
    "GTmetrix": f"{LINUX} Chrome/117.0.0.0 Safari/537.36 GTmetrix",
    "Skype's preview": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Teams' preview": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/80.0 Safari/537.36 MicrosoftPreview/2.0 +https://aka.ms/MicrosoftPreview",
    "Censys": "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
    "zgrab": "Mozilla/5.0 zgrab/0.x",
}
PROGRAMS = {
    "curl": "curl/8.5.0",
    "requests": "python-requests/2.32.3",
    "aiohttp": "Python/3.12 aiohttp/3.9.5",
    "Go": "Go-http-client/2.0",
    "okhttp": "okhttp/4.12.0",
    "node-fetch": "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "axios": "axios/1.7.2",
    "wget": "Wget/1.21.4",
    "Perl": "libwww-perl/6.72",
    "a feed reader": "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)",
    "no name at all": "",
}
# Their makers are called Fossibot and Cubot.
PHONES = (
    "Mozilla/5.0 (Linux; Android 13; F102 Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/141.0.7390.43 Mobile Safari/537.36Snapchat/13.60.0.42 "
    "(FOSSiBOT F102; Android 13#20240501#33; gzip; )",
    "Mozilla/5.0 (Linux; Android 6.0; CUBOT DINOSAUR Build/MRA58K; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/44.0.2403.119 Mobile Safari/537.36",
)


def npm(path: str) -> Any:
    return json.loads((NPM / path).read_text("utf-8"))


def of_robots() -> list[str]:
    listed = crawleruseragents.CRAWLER_USER_AGENTS_DATA
    return sorted({each for robot in listed for each in robot["instances"]})


def of_people() -> list[str]:
    weighed = npm("user-agents/dist/user-agents.json")
    top = npm("top-user-agents/src/index.json")
    return sorted({each["userAgent"] for each in weighed} | set(top))


@pytest.mark.parametrize("robots", [LIKE_BROWSERS, PROGRAMS], ids=["like browsers", "programs"])
def test_a_robot_is_not_counted(client: FlaskClient, robots: dict[str, str]) -> None:
    answers = {name: hit(client, **{"User-Agent": header}) for name, header in robots.items()}

    said = {name: answer.headers.get("X-Consent") for name, answer in answers.items()}
    assert said == dict.fromkeys(robots, "not counted: a robot")
    assert {answer.status_code for answer in answers.values()} == {204}


def test_a_person_is_counted(client: FlaskClient) -> None:
    for header in (factories.CHROME, factories.IPHONE, *PHONES):
        assert "X-Consent" not in hit(client, **{"User-Agent": header}).headers


def test_of_robots_that_begin_like_a_browser_fewer_than_one_in_a_hundred_is_missed() -> None:
    like_browsers = [each for each in of_robots() if each.startswith(BROWSERS)]

    missed = [each for each in like_browsers if not is_robot(each)]

    assert len(like_browsers) > 1000
    assert len(missed) < MOST_MISSED * len(like_browsers), missed


def test_no_real_browser_is_taken_for_a_robot() -> None:
    people = of_people()

    assert len(people) > 900
    assert [each for each in people if is_robot(each)] == []


def test_the_list_is_that_of_the_package() -> None:
    """`make robots` has been run since the package was updated."""
    kept = json.loads(update_robots.FILE.read_text("utf-8"))
    package = npm("isbot/package.json")

    assert kept["patterns"] == [update_robots.translate(each) for each in update_robots.listed()]
    assert (kept["version"], kept["licence"]) == (package["version"], package["license"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", kept["date"])


def test_it_answers_as_the_package_itself_does() -> None:
    """Python and Rust read the patterns as JavaScript does."""
    headers = [each for each in of_robots() + of_people() if each.startswith(BROWSERS)]
    script = (
        "const { isbot } = require(process.argv[1]);"
        "const headers = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(headers.filter((each) => isbot(each))));"
    )
    answer = subprocess.run(
        ["node", "-e", script, str(NPM / "isbot")],
        input=json.dumps(headers),
        capture_output=True,
        text=True,
        check=True,
    )

    added = re.compile("|".join(robots.ADDED), re.IGNORECASE)
    theirs = set(json.loads(answer.stdout))
    ours = {each for each in headers if is_robot(each)}
    assert theirs <= ours
    assert [each for each in ours - theirs if not added.search(each)] == []


@pytest.mark.parametrize("added", robots.ADDED)
def test_what_is_added_finds_no_real_browser(added: str) -> None:
    assert [each for each in of_people() if re.search(added, each, re.IGNORECASE)] == []


@pytest.mark.parametrize("pattern", robots.CONDITIONAL)
def test_patterns_that_may_backtrack_repeat_nothing(pattern: str) -> None:
    """So that they take time linear in the length; the engine for the others never backtracks."""
    assert not re.search(r"[*+{]", pattern)


def test_a_long_header_takes_no_longer(client: FlaskClient) -> None:
    fillers = (
        "a",
        "x; ",
        "1.",
        "/1.1",
        "google/",
        " channel/google",
        "java;",
        "libhttp",
        "@a-",
        "(",
    )
    begun = time.perf_counter()

    for filler in fillers:
        header = factories.CHROME + filler * (60_000 // len(filler))
        assert hit(client, **{"User-Agent": header}).status_code == 204

    assert time.perf_counter() - begun < 2


def test_a_pattern_that_neither_python_nor_rust_can_read_is_refused() -> None:
    with pytest.raises(re.error):
        update_robots.translate(r"(?<!a+)bot")
