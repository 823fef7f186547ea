"""Programs that answer banners for people: DuckDuckGo's own client, and Consent-O-Matic's way with its rules."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from consent.core.paths import STATIC
from tests.browser import banner
from tests.browser.conftest import NODE_MODULES

RULE = json.loads((STATIC / "clients/autoconsent.json").read_text())
RULE_LIST = json.loads((STATIC / "clients/consent-o-matic.json").read_text())

AUTOCONSENT = NODE_MODULES / "@duckduckgo/autoconsent/dist"
# Stands for the extension around the client: hands it its rules, and keeps what it says.
EXTENSION = """(answer) => {
  window.said = [];
  window.autoconsentSendMessage = async (message) => {
    said.push(structuredClone(message));
    if (message.type === "init") setTimeout(() => autoconsentReceiveMessage({ type: "initResp", ...answer }));
  };
}"""
# It looks with its rules first, and with its heuristic the second time.
TWICE = 1


class TestAutoconsent:
    @pytest.fixture
    def client(self, page: Page) -> Callable[..., None]:
        """Lets the client loose on the page, and waits until it has done what it can."""

        def run(*rules: dict[str, Any], **config: Any) -> None:
            config = {"enabled": True, "detectRetries": TWICE, **config}
            page.evaluate(EXTENSION, {"rules": {"autoconsent": rules}, "config": config})
            page.add_script_tag(path=AUTOCONSENT / "autoconsent.playwright.js")
            page.wait_for_function(
                "['done', 'nothingDetected'].includes(said.findLast(({ state }) => state)?.state.lifecycle)"
            )

        return run

    @pytest.mark.parametrize(("lang", "found"), [("en", "HEURISTIC-REJECT"), ("nb", None)])
    def test_without_a_rule_it_refuses_an_english_banner(
        self, page, bench, client, decisions, lang, found
    ):
        page.goto(bench.page(bench.script, lang=lang))
        expect(page.locator(banner.BOX)).to_be_visible()
        client(heuristicMode="reject")
        assert said(page, "cmpDetected").get("cmp") == found
        if not found:
            expect(page.locator(banner.BOX)).to_be_visible()
            return
        assert said(page, "optOutResult")["result"] is True
        assert result_of_its_own_test(page) is True
        banner.wait_until_received(page)
        assert [each.action for each in decisions()] == ["refuse"]
        assert banner.cookies(page) == {"consent"}

    @pytest.mark.parametrize("lang", ["nb", "nn"])
    def test_with_the_rule_it_refuses_in_any_language(self, page, bench, client, decisions, lang):
        page.goto(bench.page(bench.script, lang=lang))
        expect(page.locator(banner.BOX)).to_be_visible()
        client(RULE)
        assert said(page, "popupFound")["cmp"] == RULE["name"]
        assert said(page, "optOutResult")["result"] is True
        assert result_of_its_own_test(page) is True
        banner.wait_until_received(page)
        assert [(each.action, each.language) for each in decisions()] == [("refuse", lang)]
        assert banner.cookies(page) == {"consent"}

    def test_with_the_rule_it_can_accept(self, page, bench, client, decisions):
        page.goto(bench.page(bench.script))
        expect(page.locator(banner.BOX)).to_be_visible()
        client(RULE, autoAction="optIn")
        assert said(page, "optInResult")["result"] is True
        banner.wait_until_received(page)
        assert [each.action for each in decisions()] == ["accept"]

    def test_its_own_test_fails_while_nothing_was_chosen(self, page, bench, client):
        page.goto(bench.page(bench.script))
        expect(page.locator(banner.BOX)).to_be_visible()
        client({**RULE, "optOut": []})
        assert result_of_its_own_test(page) is False

    def test_the_rule_is_of_the_clients_own_type(self, tmp_path: Path):
        file = tmp_path / "rule.ts"
        file.write_text(
            f'import type {{ AutoConsentCMPRule }} from "{AUTOCONSENT}/types/rules";\n'
            f"export const rule: AutoConsentCMPRule = {json.dumps(RULE)};\n"
        )
        compiler = NODE_MODULES / ".bin/tsc"
        run = subprocess.run(
            [compiler, "--strict", "--noEmit", file], capture_output=True, text=True, check=False
        )
        assert run.stdout == ""


def said(page: Page, kind: str) -> dict[str, Any]:
    """The first message of this kind; empty if there was none."""
    return page.evaluate("(kind) => said.find(({ type }) => type === kind) ?? {}", kind)


def result_of_its_own_test(page: Page) -> bool:
    page.evaluate("autoconsentReceiveMessage({ type: 'selfTest' })")
    return said(page, "selfTestResult")["result"]


# Consent-O-Matic's: A preferences, B analytics, D storage, E content selection, F advertising, X other.
NOTHING = dict.fromkeys("ABDEFX", False)

# What Consent-O-Matic does with a rule: the parts that the rule list uses, after its documentation.
CONSENT_O_MATIC = """async ([rules, wanted]) => {
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  function findElement({ selector, displayFilter }, parent = document) {
    return [...(parent.shadowRoot ?? parent).querySelectorAll(selector)].find(
      (each) => displayFilter === undefined || displayFilter === (each.offsetHeight !== 0));
  }

  function find({ parent, target }) {
    if (!parent) return findElement(target);
    const found = findElement(parent);
    return found && findElement(target, found);
  }

  const matchers = {
    css: (config) => !!find(config),
    // A site need not have each purpose.
    checkbox: (config) => find(config)?.checked ?? false,
  };
  const matches = (all) => [].concat(all).every((config) => matchers[config.type](config));

  const actions = {
    click: (config) => find(config)?.click(),
    hide: (config) => find(config)?.classList.add("ConsentOMatic-CMP-Hider"),
    async list(config, consents) {
      for (const action of config.actions) await act(action, consents);
    },
    async waitcss(config) {
      for (let tries = config.retries; !find(config) && tries > 0; tries--) await pause(config.waitTime);
    },
    async consent(config, consents) {
      for (const { type, matcher, toggleAction } of config.consents) {
        if (matches(matcher) !== !!consents[type]) await act(toggleAction);
      }
    },
  };
  const act = (config, consents) => actions[config.type](config, consents);

  for (const { detectors, methods } of Object.values(rules)) {
    const present = detectors.find((each) => matches(each.presentMatcher));
    if (!present || !matches(present.showingMatcher)) continue;
    for (const name of ["HIDE_CMP", "OPEN_OPTIONS", "HIDE_CMP", "DO_CONSENT", "SAVE_CONSENT"]) {
      const method = methods.find((each) => each.name === name);
      if (method) await act(method.action, wanted);
    }
    return true;
  }
  return false;
}"""

# What rules.schema.json of Consent-O-Matic allows: for each type of a part, what it must have and what it may.
METHODS = {"OPEN_OPTIONS", "DO_CONSENT", "SAVE_CONSENT", "HIDE_CMP", "UTILITY"}
PURPOSES = set("ABDEFX")
FILTERS = {"textFilter", "styleFilter", "displayFilter", "iframeFilter", "childFilter"}
PARTS: dict[str, tuple[set[str], set[str]]] = {
    "css": ({"target"}, {"parent"}),
    "checkbox": ({"target"}, {"parent"}),
    "click": ({"target"}, {"parent", "openInTab"}),
    "list": ({"actions"}, set()),
    "consent": ({"consents"}, set()),
    "waitcss": ({"target"}, {"retries", "waitTime", "negated"}),
    "hide": ({"target"}, set()),
}


def require(part: dict[str, Any], needed: set[str], allowed: set[str]) -> None:
    assert needed <= set(part) <= needed | allowed, part


def check_part(part: dict[str, Any], types: set[str]) -> None:
    """Goes through a matcher or an action, and all that is in it."""
    assert part["type"] in types
    needed, allowed = PARTS[part["type"]]
    require(part, {"type", *needed}, allowed)
    for name in {"parent", "target"} & set(part):
        require(part[name], {"selector"}, FILTERS)
    for action in part.get("actions", []):
        check_action(action)
    for consent in part.get("consents", []):
        require(consent, {"type", "matcher", "toggleAction"}, set())
        assert consent["type"] in PURPOSES
        check_matcher(consent["matcher"])
        check_action(consent["toggleAction"])


def check_matcher(part: dict[str, Any]) -> None:
    check_part(part, {"css", "checkbox"})


def check_action(part: dict[str, Any]) -> None:
    check_part(part, set(PARTS) - {"css", "checkbox"})


class TestConsentOMatic:
    def test_the_rule_list_follows_its_schema(self):
        for cmp in RULE_LIST.values():
            require(cmp, {"detectors", "methods"}, set())
            for detector in cmp["detectors"]:
                require(detector, {"presentMatcher", "showingMatcher"}, set())
                for matcher in detector["presentMatcher"] + detector["showingMatcher"]:
                    check_matcher(matcher)
            for method in cmp["methods"]:
                require(method, {"name", "action"}, set())
                assert method["name"] in METHODS
                check_action(method["action"])

    @pytest.mark.parametrize(
        ("wanted", "action", "granted"),
        [({}, "refuse", set()), ({"B": True}, "choose", {"analytics"})],
        ids=["nothing", "only-analytics"],
    )
    def test_it_chooses_in_the_settings(self, page, bench, decisions, wanted, action, granted):
        page.goto(bench.page(bench.script))
        expect(page.locator(banner.BOX)).to_be_visible()
        assert page.evaluate(CONSENT_O_MATIC, [RULE_LIST, {**NOTHING, **wanted}]) is True
        banner.wait_until_received(page)
        (decision,) = decisions()
        assert (decision.action, decision.source) == (action, "settings")
        assert decision.purposes == {name: name in granted for name in ("analytics", "marketing")}
        assert decision.services == {}
        expect(page.locator(banner.SETTINGS)).to_have_count(0)
        expect(page.locator(banner.REOPEN)).to_be_visible()

    def test_it_leaves_a_choice_alone(self, page, bench, decisions):
        page.goto(bench.page(bench.script))
        page.locator(banner.ACCEPT).click()
        banner.wait_until_received(page)
        page.reload()
        expect(page.locator(banner.REOPEN)).to_be_visible()
        assert page.evaluate(CONSENT_O_MATIC, [RULE_LIST, NOTHING]) is False
        assert [each.action for each in decisions()] == ["accept"]


@pytest.mark.parametrize(
    ("address", "rules"),
    [("/clients/autoconsent.json", RULE), ("/clients/consent-o-matic.json", RULE_LIST)],
)
def test_the_rules_are_served_to_everybody(client: FlaskClient, address: str, rules: Any) -> None:
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.get_json() == rules
