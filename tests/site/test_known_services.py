"""Services that a site file uses by name, the starter file, and the schema for editors."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from consent.cli import commands
from consent.core.catalogues import CATALOGUES
from consent.demo import SITE_FILE
from consent.site import known_services, schema
from consent.site.schema import SiteFile, SiteFileError
from tests.factories import SHOP, shop_in

ALL_PURPOSES = "".join(f'\n[[purposes]]\nkey = "{key}"\n' for key in ("preferences", "marketing"))
# What the issue of this feature asks for at the least, as a site's owner would write it.
EXPECTED = [
    "google-analytics",
    "google-ads",
    "google-tag-manager",
    "google-maps",
    "youtube",
    "recaptcha",
    "meta-pixel",
    "instagram",
    "linkedin",
    "tiktok",
    "x",
    "pinterest",
    "snapchat",
    "reddit",
    "microsoft-ads",
    "clarity",
    "hotjar",
    "hubspot",
    "intercom",
    "zendesk",
    "crisp",
    "stripe",
    "paypal",
    "vipps",
    "klarna",
    "matomo",
    "plausible",
    "adobe-analytics",
    "optimizely",
    "vwo",
    "segment",
    "mixpanel",
    "amplitude",
    "criteo",
    "taboola",
    "vimeo",
    "spotify",
    "soundcloud",
    "cloudflare",
    "wordpress",
    "shopify",
]


def using(*names: str, more: str = "", source: str = SHOP) -> SiteFile:
    used = "".join(f'\n[[services]]\nuse = "{name}"\n{more}' for name in names)
    return schema.parse(source + ALL_PURPOSES + used)


def test_the_common_ones_are_known() -> None:
    assert set(EXPECTED) <= set(known_services.names())


def test_each_company_is_listed() -> None:
    found = known_services.known()
    companies = {each["processor"] for each in found["services"].values()} - {known_services.OWN}

    missing = companies - found["processors"].keys()
    assert missing == set(), "add them to [processors] in consent/site/known_services.toml"
    assert found["processors"].keys() - companies == set(), "no service has this processor"
    assert list(found["processors"]) == sorted(found["processors"])


def test_each_uses_phrases_that_are_there() -> None:
    what, stored = set(), set()
    for each in known_services.known()["services"].values():
        what.add(each["what"])
        stored |= {use for *_, use in [*each["cookies"], *each.get("storage", [])]}

    where = "of consent/site/known_services.py has no such phrase"
    assert what - known_services.WHAT.keys() == set(), f"WHAT {where}"
    assert stored - known_services.STORED.keys() == set(), f"STORED {where}"


def test_each_can_be_used_in_every_language() -> None:
    source = shop_in(CATALOGUES)

    found = using(*known_services.names(), source=source)

    assert len(found.services) >= 40
    for service in found.services:
        assert service.description.keys() == set(CATALOGUES)


def test_one_brings_cookies_recipient_country_and_opt_out() -> None:
    found = using("google-analytics")

    service = next(each for each in found.services if each.key == "google-analytics")
    recipient = found.processor(service.processor)
    assert [cookie.name for cookie in service.cookies][:2] == ["_ga", "_ga_*"]
    assert service.cookies[0].lifetime.model_dump() == {"amount": 2, "unit": "year"}
    assert (recipient.name, recipient.countries) == ("Google Ireland Limited", ["IE", "US"])
    assert service.opt_out is not None
    assert service.obeys == "google"


def test_one_brings_what_it_stores_in_other_ways() -> None:
    found = using("microsoft-ads")

    service = next(each for each in found.services if each.key == "microsoft-ads")
    assert [(each.kind, each.name) for each in service.storage] == [
        ("local", "_uet*"),
        ("session", "_uet*"),
    ]
    assert service.storage[0].use.keys() == {"en", "nb"}


def test_two_of_one_company_share_its_row() -> None:
    found = using("google-analytics", "google-ads", "google-maps")

    assert [each.key for each in found.processors].count("google") == 1


def test_what_the_file_says_itself_wins() -> None:
    found = using(
        "google-analytics", more='key = "ga"\nname = "Our statistics"\npurpose = "marketing"\n'
    )

    service = next(each for each in found.services if each.key == "ga")
    assert (service.name, service.purpose, service.processor) == (
        "Our statistics",
        "marketing",
        "google",
    )
    texts = 'task = {en = "a", nb = "b"}\nnote = {en = "a", nb = "b"}\n'
    own = f'{SHOP}\n[[processors]]\nkey = "google"\nname = "Google LLC"\n{texts}'
    assert using("google-analytics", source=own).processor("google").name == "Google LLC"


def test_what_runs_on_the_websites_own_server_is_received_by_itself() -> None:
    found = using("wordpress")

    assert found.processor("own").name == found.controller.name


def test_a_version_stores_it_written_out() -> None:
    stored = schema.content(using("google-analytics"))

    service = next(each for each in stored["services"] if each["key"] == "google-analytics")
    assert "use" not in service
    assert service["name"] == "Google Analytics"
    assert schema.load(stored) == using("google-analytics")


def test_an_unknown_one_is_named_with_its_line_and_what_was_meant() -> None:
    with pytest.raises(SiteFileError) as error:
        using("google-analytic")

    first = error.value.mistakes[0]
    assert "Did you mean google-analytics?" in " ".join(map(str, error.value.mistakes))
    assert first.line > len(SHOP.splitlines())


def run(*arguments: str, given: str = "") -> Any:
    return CliRunner().invoke(commands, arguments, input=given)


def test_they_are_listed() -> None:
    assert "meta-pixel" in run("services").output
    assert run("services", "microsoft").output.splitlines() == [
        f"{'clarity':24}{'analytics':14}Microsoft Clarity",
        f"{'microsoft-ads':24}{'marketing':14}Microsoft Advertising",
    ]


STARTER = ["--key", "krukke", "--name", 'Krukke & "Sønn"', "--origin", "https://krukke.example/"]


def test_a_first_file_can_be_published_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "krukke.toml"

    answer = run(
        "init",
        str(file),
        *STARTER,
        "--email",
        "post@krukke.example",
        "--languages",
        "nb, en",
        "--services",
        "google-analytics meta-pixel",
    )

    assert answer.exit_code == 0, answer.output
    found = schema.parse(file.read_text(encoding="utf-8"))
    assert found.site.name == 'Krukke & "Sønn"'
    assert found.site.origins == ["https://krukke.example"]
    assert found.asked_purposes == ["analytics", "marketing"]
    assert found.rights[0].title["nb"] != found.rights[0].title["en"]
    assert file.read_text(encoding="utf-8").count("#") > 10


def test_its_answers_can_be_given_to_questions(tmp_path: Path) -> None:
    file = tmp_path / "krukke.toml"

    answer = run(
        "init", str(file), given="krukke\nKrukke\nhttps://krukke.example\na@b.example\nen\n\n"
    )

    assert answer.exit_code == 0, answer.output
    assert schema.parse(file.read_text(encoding="utf-8")).services == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--email", "nobody", "--languages", "en", "--services", ""],
            "controller.email: 'nobody' is not an e-mail",
        ),
        (
            ["--email", "a@b.no", "--languages", "en,xx", "--services", ""],
            "banner is not translated into 'xx'",
        ),
        (
            ["--email", "a@b.no", "--languages", "en", "--services", "gogle"],
            "gogle: no known service",
        ),
    ],
)
def test_a_wrong_answer_is_said_and_nothing_written(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    file = tmp_path / "krukke.toml"

    answer = run("init", str(file), *STARTER, *arguments)

    assert answer.exit_code == 1
    assert said in answer.output
    assert not file.exists()


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "krukke.toml"
    file.write_text("mine")

    answer = run(
        "init", str(file), *STARTER, "--email", "a@b.no", "--languages", "en", "--services", ""
    )

    assert (answer.exit_code, file.read_text()) == (1, "mine")


def json_schema() -> Any:
    return json.loads(run("schema").output)


@pytest.mark.parametrize(
    "source",
    [SITE_FILE.read_text(encoding="utf-8"), SHOP, SHOP + '\n[[services]]\nuse = "vimeo"\n'],
)
def test_the_schema_takes_what_the_server_takes(source: str) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(
        json.loads(json.dumps(tomllib.loads(source), default=str))
    )


@pytest.mark.parametrize(
    "wrong",
    [
        '\n[[services]]\nuse = "vimoe"\n',
        "\n[asking]\nmonths = 3\n",
        '\n[hits]\nwhen = "often"\n',
        "\n[nonsense]\na = 1\n",
    ],
)
def test_the_schema_refuses_what_the_server_refuses(wrong: str) -> None:
    source = (
        SHOP.replace("[asking]\nmonths = 6", "").replace('[hits]\nwhen = "analytics"', "") + wrong
    )
    raw = json.loads(json.dumps(tomllib.loads(source), default=str))

    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(raw)


def test_a_server_has_the_schema_for_editors(client: FlaskClient) -> None:
    answer = client.get("/site-file.schema.json")

    assert answer.content_type == "application/schema+json"
    assert answer.get_json() == json_schema()
