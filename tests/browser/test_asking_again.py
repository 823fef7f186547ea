"""Who is asked again after publications: random histories of versions and choices, against the rule as it is written.

Only visitors who had granted a purpose that means something else now are asked, and only about that; it is off until
they answer. Refusals stand. New wording asks nobody.
"""

import random
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser import banner
from tests.browser.servers import Bench
from tests.conftest import publish
from tests.factories import shop

PURPOSES = ("analytics", "sizing")
STEPS = 8
# What a purpose means: in the site file, the lifetime of its service's cookie in days.
Meanings = dict[str, int]


@dataclass
class Rule:
    """What holds for one visitor, by the rule."""

    meanings: Meanings = field(default_factory=lambda: dict.fromkeys(PURPOSES, 1))
    # None before the first choice; then what a purpose meant when it was granted, 0 where it was refused.
    given: Meanings | None = None

    @property
    def changed(self) -> list[str]:
        given = self.given or {}
        return [each for each in PURPOSES if given.get(each) and given[each] != self.meanings[each]]

    @property
    def is_asked(self) -> bool:
        return self.given is None or bool(self.changed)

    def is_on(self, purpose: str) -> bool:
        return self.given is not None and self.given[purpose] == self.meanings[purpose]

    def answer(self, granted: dict[str, bool]) -> None:
        self.given = {
            **(self.given or {}),
            **{each: self.meanings[each] if granted[each] else 0 for each in granted},
        }


def version(meanings: Meanings, wording: int, origin: str) -> str:
    cookie = (
        '\n[[services.cookies]]\nname = "_size"\nlifetime = "{} days"\nuse.en = "Size."\nuse.nb = "Størrelse."\n'
    ).format(meanings["sizing"])
    return shop(
        **{
            '"https://shop.example"': f'"{origin}"',
            'lifetime = "30 days"': f'lifetime = "{meanings["analytics"]} days"',
            'description.nb = "Foreslår en størrelse."': f'description.nb = "Foreslår en størrelse."\n{cookie}',
            "Ask us.": f"Ask us, {wording} times.",
        }
    )


@pytest.mark.parametrize("seed", range(6))
def test_only_those_are_asked_again_whose_consent_means_something_else(
    app: Flask, page: Page, bench: Bench, seed: int
) -> None:
    chance, rule, wording = random.Random(seed), Rule(), 0
    address = bench.page(bench.script.replace("07sor", "krukke"))
    page.route(
        "**/*.js", lambda route: route.continue_()
    )  # without the browser's cache, which may be minutes old

    for _ in range(STEPS):
        step = chance.choice(["new meaning", "new wording", "choice", "answer"])
        if step == "new meaning":
            rule.meanings[chance.choice(PURPOSES)] += 1
        elif step == "new wording":
            wording += 1
        with app.app_context():
            publish(version(rule.meanings, wording, bench.origin("localhost")))
        app.extensions["consent_memory"].forget()
        page.goto(address)
        look(page, rule)
        if step == "choice" or (step == "answer" and rule.given is None):
            granted = {each: chance.random() < 0.6 for each in PURPOSES}
        elif step == "answer":
            granted = {each: chance.random() < 0.5 for each in rule.changed}
        else:
            continue
        page.evaluate("(granted) => window.consent.set(granted)", granted)
        rule.answer(granted)
        look(page, rule)


def look(page: Page, rule: Rule) -> None:
    page.wait_for_function("() => window.consent")
    page.evaluate("() => window.consent.ready")
    on = page.evaluate("() => window.consent.get().purposes")
    assert {each: on[each] for each in PURPOSES} == {each: rule.is_on(each) for each in PURPOSES}
    if rule.is_asked:
        expect(page.locator(banner.BOX)).to_be_visible()
    else:
        expect(page.locator(banner.REOPEN)).to_be_visible()
        expect(page.locator(banner.BOX)).to_have_count(0)
