"""Where a contender's script spends its time: the page's main thread, from a trace of Chromium's own."""

import json
from collections import Counter
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from benchmarks.contenders import Contender
from benchmarks.visits import DESKTOP, LOCALE, QUIET_MS

CATEGORIES = [
    "devtools.timeline",
    "v8",
    "disabled-by-default-v8.compile",
    "disabled-by-default-v8.gc",
    "blink",
    # Nothing else, which Playwright would otherwise add.
    "-*",
]
VISITS = 7
# Milliseconds: after a click until all that follows it is done.
SETTLED_MS = 1000

# What a task of a script begins with.
TASKS = ("v8.compile", "EvaluateScript", "FunctionCall", "v8.callFunction", "RunMicrotasks")
# What it may ask of the browser: the names of the outermost events that stand for it.
PARTS = {
    "compiling it": ("v8.compile", "V8.Compile", "V8.Parse", "V8.CollectSourcePositions"),
    "reading the cookie": ("CookieJar::",),
    "building elements from HTML": ("HTMLDocumentParser::",),
    "reading style sheets": ("Blink.ParseStyleSheet",),
    "asking for scripts": ("ResourceFetcher::",),
}
REST = "running, and the rest of the DOM"
ALL = "all"

Event = dict[str, Any]


def profile(browser: Browser, origin: str, contender: Contender) -> dict[str, tuple[float, float]]:
    """Milliseconds of CPU on a first and on a second visit, by part: the median of some visits."""
    visits = [_visits(browser, origin, contender) for _ in range(VISITS)]
    return {
        part: (
            median(first[part] for first, _ in visits),
            median(second[part] for _, second in visits),
        )
        for part in (*PARTS, REST, ALL)
    }


def _visits(
    browser: Browser, origin: str, contender: Contender
) -> tuple[dict[str, float], dict[str, float]]:
    context = browser.new_context(
        locale=LOCALE, viewport={"width": DESKTOP.width, "height": DESKTOP.height}
    )
    found = []
    for is_first in (True, False):
        page = context.new_page()
        browser.start_tracing(page=page, categories=CATEGORIES)
        page.goto(origin + contender.path, wait_until="load")
        page.wait_for_timeout(QUIET_MS)
        found.append(_parts(json.loads(browser.stop_tracing())["traceEvents"]))
        if is_first:
            page.locator(contender.accept).click()
            page.wait_for_timeout(SETTLED_MS)
        page.close()
    context.close()
    return found[0], found[1]


def _parts(events: list[Event]) -> dict[str, float]:
    """CPU time, in ms, of all that scripts with an address did on the thread that ran most of them."""
    threads = Counter(_thread(each) for each in events if each["name"] == "EvaluateScript")
    main = threads.most_common(1)[0][0]
    whole = [each for each in events if each.get("ph") == "X" and _thread(each) == main]
    spent = dict.fromkeys((*PARTS, REST, ALL), 0.0)
    task_ends = part_ends = 0.0
    for event in sorted(whole, key=lambda each: (each["ts"], -each["dur"])):
        begins, ends, cpu = event["ts"], event["ts"] + event["dur"], event.get("tdur", 0) / 1000
        if begins >= task_ends:
            if event["name"] not in TASKS:
                continue
            task_ends = ends
            spent[ALL] += cpu
        if begins >= part_ends and (part := _part(event)):
            part_ends = ends
            spent[part] += cpu
    spent[REST] = spent[ALL] - sum(spent[part] for part in PARTS)
    return spent


def _thread(event: Event) -> tuple[int, int]:
    return event["pid"], event["tid"]


def _part(event: Event) -> str | None:
    return next((part for part, names in PARTS.items() if event["name"].startswith(names)), None)
