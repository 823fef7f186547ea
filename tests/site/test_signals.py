"""`consent embed`, and what a site file may say of signals."""

import base64
import hashlib
import re
from functools import partial

import pytest
from flask.testing import FlaskClient

from consent.demo import SITE_FILE
from consent.site import schema, signals
from consent.site.schema import SiteFileError
from tests import factories
from tests.conftest import Command

URL = "https://consent.example.no"
DEMO = SITE_FILE.read_text()


@pytest.fixture
def run(command: Command) -> Command:
    """Runs `consent embed` on the database of the test."""
    return partial(command, "embed")


class TestEmbed:
    def test_it_prints_the_snippet_and_the_tag(self, run) -> None:  # type: ignore[no-untyped-def]
        code, said, _ = run("07sor", "--url", URL)

        assert code == 0
        snippet, tag = said.splitlines()
        assert re.fullmatch(r"<script>.*gtag\(.consent.,.default.,.*</script>", snippet)
        assert tag == f'<script async src="{URL}/e/07sor.js"></script>'

    def test_a_site_without_signals_needs_the_tag_alone(self, run) -> None:  # type: ignore[no-untyped-def]
        _, said, _ = run("krukke", "--url", URL)

        assert said == f'<script async src="{URL}/e/krukke.js"></script>\n'

    def test_the_address_may_come_from_the_settings(self, run, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        monkeypatch.setenv("CONSENT_PUBLIC_URL", URL)

        assert f'"{URL}/e/krukke.js"' in run("krukke")[1]

    def test_a_slash_at_the_end_of_the_address_is_not_doubled(self, run) -> None:  # type: ignore[no-untyped-def]
        assert f'"{URL}/e/krukke.js"' in run("krukke", "--url", f"{URL}/")[1]

    def test_from_the_websites_own_host_it_prints_what_the_web_server_needs_too(self, run) -> None:  # type: ignore[no-untyped-def]
        _, said, _ = run("krukke", "--url", URL, "--first-party", "--path", "/valg/")

        tag, *servers = said.splitlines()
        assert tag == '<script async src="/valg/e/krukke.js"></script>'
        assert f"    proxy_pass {URL}/e/;" in servers
        assert f"    reverse_proxy {URL} {{" in servers
        assert "location /valg/e/ {" in servers
        assert "handle /valg/e/* {" in servers

    def test_a_path_that_would_break_the_lines_is_refused(self, run) -> None:  # type: ignore[no-untyped-def]
        code, _, said = run("krukke", "--url", URL, "--first-party", "--path", "x {")

        assert code == 2
        assert "'x {' is not a path. Write it like /samtykke" in said

    def test_a_pinned_tag_names_what_the_server_serves(self, run, client: FlaskClient) -> None:  # type: ignore[no-untyped-def]
        _, said, _ = run("07sor", "--url", URL, "--pinned")

        tag = said.splitlines()[-1]
        found = re.fullmatch(
            rf'<script async src="{URL}(/e/07sor/[0-9a-f]{{64}}\.js)" '
            r'integrity="sha256-([\w+/]{43}=)" crossorigin="anonymous"></script>',
            tag,
        )
        assert found
        path, integrity = found.groups()
        pinned = client.get(path, headers={"Accept-Encoding": "identity"})
        assert base64.b64encode(hashlib.sha256(pinned.data).digest()).decode() == integrity
        in_force = client.get("/e/07sor.js", headers={"Accept-Encoding": "identity"})
        assert pinned.data == in_force.data
        # Without it a browser may not compare the script of another origin with the hash.
        assert pinned.headers["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                ["07sor"],
                "the full address of this server is missing. Set CONSENT_PUBLIC_URL, or add --url",
            ),
            (
                ["07sor", "--url", "consent.example.no"],
                "the full address of this server is missing",
            ),
            (["nowhere", "--url", URL], "There is no site 'nowhere' on this server."),
            (["nowhere", "--url", URL, "--pinned"], "There is no site 'nowhere' on this server."),
        ],
    )
    def test_what_cannot_be_is_said_in_a_line(self, run, arguments, message) -> None:  # type: ignore[no-untyped-def]
        code, said, complaint = run(*arguments)

        assert code != 0
        assert said == ""
        assert message in complaint
        assert complaint.count("\n") == 1


class TestSnippet:
    def test_it_is_short(self) -> None:
        assert 0 < len(signals.head(schema.parse(DEMO)).encode()) < 1000

    def test_it_is_one_line_that_ends_where_it_should(self) -> None:
        snippet = signals.head(schema.parse(DEMO))

        assert "\n" not in snippet
        assert snippet.count("</script") == 1

    def test_a_site_that_turns_google_off_needs_none(self) -> None:
        assert signals.head(parse_demo("[asking]", '[signals]\ngoogle = "off"\n[asking]')) == ""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("", "", ["google", "meta"]),
        ("[asking]", '[signals]\ngoogle = "off"\n[asking]', ["meta"]),
        ("[asking]", "[signals]\nwordpress = true\n[asking]", ["google", "meta", "wordpress"]),
        ('name = "Meta Pixel"', 'name = "Meta Pixel"\nsignal = "none"', ["google"]),
        ('key = "youtube"', 'key = "clarity"', ["google", "meta", "clarity"]),
        ('name = "YouTube"', 'name = "YouTube"\nsignal = "uet"', ["google", "meta", "uet"]),
    ],
)
def test_the_services_say_which_signals_there_are(old: str, new: str, found: list[str]) -> None:
    assert signals.used(parse_demo(old, new)) == found


def test_each_consent_type_follows_a_purpose_or_none() -> None:
    own = {
        'key = "analytics"': 'key = "analytics"\nconsent_types = []',
        'key = "sizing"': 'key = "sizing"\nconsent_types = ["personalization_storage"]',
    }

    followed = signals.types(schema.parse(factories.shop(**own)))

    assert {name: purpose for name, purpose in followed.items() if purpose} == {
        "personalization_storage": "sizing",
        "security_storage": "necessary",
    }
    assert len(followed) == 7


@pytest.mark.parametrize(
    ("old", "new", "key", "mend"),
    [
        (
            'key = "sizing"',
            'key = "sizing"\nconsent_types = ["ad_storage", "cookie_storage"]',
            "purposes[1].consent_types[1]",
            "ad_storage, ad_user_data",
        ),
        (
            'key = "sizing"',
            # Strictly necessary: no purpose can be asked for it.
            'key = "sizing"\nconsent_types = ["security_storage"]',
            "purposes[1].consent_types[0]",
            "ad_storage, ad_user_data",
        ),
        (
            'key = "sizing"',
            'key = "sizing"\nconsent_types = ["ad_storage", "ad_storage"]',
            "purposes[1].consent_types",
            "more than once",
        ),
        (
            'key = "sizing"',
            'key = "sizing"\nconsent_types = ["analytics_storage"]',
            "purposes[1].consent_types",
            "analytics_storage follows analytics already",
        ),
        (
            'key = "analytics"\n\n[[purposes]]\nkey = "sizing"',
            'key = "preferences"\nconsent_types = ["ad_storage"]\n'
            '\n[[purposes]]\nkey = "sizing"\nconsent_types = ["ad_storage"]',
            "purposes[1].consent_types",
            "ad_storage follows preferences already",
        ),
        (
            'name = "Counter"',
            'name = "Counter"\nsignal = "matomo"',
            "services[0].signal",
            "google, meta, uet, clarity, none",
        ),
        (
            "[asking]",
            "[signals]\nwait_for_update = -1\n[asking]",
            "signals.wait_for_update",
            "at least 0",
        ),
        (
            "[asking]",
            "[signals]\nwait_for_update = 5001\n[asking]",
            "signals.wait_for_update",
            "at most 5000",
        ),
        (
            "[asking]",
            '[signals]\nwait_for_update = "soon"\n[asking]',
            "signals.wait_for_update",
            "whole number",
        ),
        (
            "[asking]",
            '[signals]\ngoogle = "always"\n[asking]',
            "signals.google",
            "basic, advanced, off",
        ),
        (
            "[asking]",
            "[signals]\nurl_passtrough = true\n[asking]",
            "signals.url_passtrough",
            "Did you mean url_passthrough?",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key_and_mend(old: str, new: str, key: str, mend: str) -> None:
    source = factories.shop(**{old: new})

    with pytest.raises(SiteFileError) as refused:
        schema.parse(source)

    named = {mistake.key: mistake for mistake in refused.value.mistakes}
    assert mend in named[key].message
    written = source.splitlines()[named[key].line - 1]
    assert key.rpartition(".")[2].partition("[")[0] in written


def parse_demo(old: str, new: str) -> schema.SiteFile:
    assert old in DEMO
    return schema.parse(DEMO.replace(old, new, 1))
