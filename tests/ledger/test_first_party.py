"""The choice as a cookie that the server sets, where it answers on the website's own host or beside it."""

import uuid
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consent.site import schema, versions
from tests.conftest import publish
from tests.factories import decision, post_json, shop

SITE = schema.parse(shop())
ORIGIN = "https://www.shop.example"
HOST = "www.shop.example"
MEANS = versions.fingerprints(SITE)
# A UUIDv7 of 2026-11-28T06:00:00Z.
CHOSEN_AT = 1795845600
ID = str(uuid.UUID(int=(CHOSEN_AT * 1000 << 80) | (7 << 76) | (2 << 62) | 5))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    with app.app_context():
        publish(shop())
    return app.test_client(use_cookies=False)


def decide(client: FlaskClient, *, granted: bool = True, headers: dict[str, str], **values: Any):  # type: ignore[no-untyped-def]
    given = {"purposes": dict.fromkeys(MEANS, granted), "language": "en", **values}
    action = "accept" if granted else "refuse"
    body = decision(**{"action": action, **given})
    return post_json(client, "/e/krukke/decisions", body, **headers)


def near(**headers: str) -> dict[str, str]:
    return {"Origin": ORIGIN, "Host": HOST, **headers}


def set_by(answer) -> Morsel[str] | None:  # type: ignore[no-untyped-def]
    lines = answer.headers.getlist("Set-Cookie")
    assert len(lines) <= 1
    return next(iter(SimpleCookie(lines[0]).values())) if lines else None


def fields(cookie: Morsel[str] | None) -> dict[str, str]:
    assert cookie is not None
    form, *given = cookie.value.split("~")
    assert form == "1"
    return dict(zip("vtipsdrcukh", given, strict=True))


def test_on_the_websites_own_host_the_answer_sets_the_choice(client: FlaskClient) -> None:
    answer = decide(client, id=ID, headers=near())
    cookie = set_by(answer)

    assert cookie is not None
    assert cookie.key == "consent"
    assert cookie["max-age"] == str(SITE.asking.seconds)
    assert (cookie["path"], cookie["samesite"], cookie["domain"]) == ("/", "Lax", "")
    assert (cookie["secure"], cookie["httponly"]) == (True, "")
    assert fields(cookie) | {"p": ""} == {
        "v": "1",
        "t": str(CHOSEN_AT),
        "i": ID,
        "p": "",
        "s": "",
        "d": "",
        "r": "",
        "c": "",
        "u": "",
        "k": answer.get_json()["token"],
        "h": "-",
    }
    assert fields(cookie)["p"] == f"{MEANS['analytics']}:analytics.{MEANS['sizing']}:sizing"
    assert answer.get_json()["cookie"] == cookie.value


def test_a_refusal_is_set_for_as_long_and_in_one_group(client: FlaskClient) -> None:
    cookie = set_by(decide(client, granted=False, headers=near()))

    assert cookie is not None
    assert cookie["max-age"] == str(SITE.asking.seconds)
    assert fields(cookie)["p"] == ":".join(["0", *MEANS])
    assert fields(cookie)["d"] == "1"


def test_a_service_apart_stands_beside_its_purpose(client: FlaskClient) -> None:
    services = {"tailor": True, "plausible-ish": False}
    answer = decide(client, granted=False, action="choose", services=services, headers=near())

    assert fields(set_by(answer))["s"] == f"{MEANS['sizing']}:tailor"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ORIGIN, "Host": "consent.example.no"},
        {"Origin": ORIGIN, "Host": "consent.example.no", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://shop.example", "Host": "shop.example.evil.example"},
        # Neighbours only by a suffix that anybody may have a name below: browsers call that cross-site.
        {"Origin": ORIGIN, "Host": "other.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Host": "127.0.0.1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_elsewhere_nothing_is_set(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = decide(client, headers=headers)

    assert answer.status_code == 201
    assert set_by(answer) is None
    assert "cookie" not in answer.get_json()


def test_behind_a_proxy_that_names_itself_the_browser_says_that_the_host_is_the_same(
    client: FlaskClient,
) -> None:
    headers = near(**{"Host": "127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"})

    assert set_by(decide(client, headers=headers)) is not None


def test_on_a_sub_domain_it_is_set_for_the_domain_under_a_name_of_its_own(
    client: FlaskClient,
) -> None:
    headers = near(**{"Host": "consent.shop.example", "Sec-Fetch-Site": "same-site"})
    cookie = set_by(decide(client, headers=headers))

    assert cookie is not None
    assert cookie.key == "consent-krukke"
    assert cookie["domain"] == fields(cookie)["h"] == "shop.example"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a=b", "consent"),
        ("consent=theirs", "consent-krukke"),
        ("consent=theirs; consent-krukke=1~1~1", "consent-krukke"),
        ("consent=theirs; consent=1~1~1", "consent"),
        ("consent=1~1~1; consent-krukke=1~1~1", "consent"),
    ],
)
def test_it_has_the_name_under_which_the_script_keeps_it(
    client: FlaskClient, sent: str, name: str
) -> None:
    cookie = set_by(decide(client, headers=near(Cookie=sent)))

    assert cookie is not None
    assert cookie.key == name


def test_a_decision_that_comes_late_does_not_replace_a_newer_choice(client: FlaskClient) -> None:
    sent = f"consent=1~1~{CHOSEN_AT + 1}~1.2.3~0:analytics~~1~~~nb.refuse.banner~~"
    answer = decide(client, id=ID, headers=near(Cookie=sent))

    assert answer.status_code == 201
    assert set_by(answer) is None


def test_the_way_to_the_privacy_pages_is_kept(client: FlaskClient) -> None:
    sent = f"consent=1~1~{CHOSEN_AT}~1.2.3~0:analytics~~1~11~22~nb.refuse.banner~~"
    said = fields(set_by(decide(client, id=ID, headers=near(Cookie=sent))))

    assert (said["r"], said["c"]) == ("11", "22")


class TestSetAgain:
    VALUE = "1~1~1795845600~1.2.3~0:analytics~~1~11~22~~k~-"

    def keep(self, client: FlaskClient, body: object, **headers: str):  # type: ignore[no-untyped-def]
        return client.post("/e/krukke/cookie", json=body, headers={**near(), **headers})

    def test_what_the_page_has_changed_is_set_for_what_is_left(self, client: FlaskClient) -> None:
        answer = self.keep(client, {"value": self.VALUE, "seconds": 100})
        cookie = set_by(answer)

        assert answer.status_code == 204
        assert cookie is not None
        assert (cookie.key, cookie.value, cookie["max-age"]) == ("consent", self.VALUE, "100")

    def test_never_for_longer_than_a_choice_stands(self, client: FlaskClient) -> None:
        cookie = set_by(self.keep(client, {"value": self.VALUE, "seconds": 10**9}))

        assert cookie is not None
        assert cookie["max-age"] == str(SITE.asking.seconds)

    @pytest.mark.parametrize(
        "value", ["", "x", "1~a b", "1~a;Domain=no", "1~a\r\nX: y", "1~" + "a" * 4000, 5]
    )
    def test_what_is_no_choice_is_refused(self, client: FlaskClient, value: object) -> None:
        answer = self.keep(client, {"value": value, "seconds": 100})

        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["errors"][0]["pointer"] == "/value"
        assert set_by(answer) is None

    def test_only_for_pages_of_the_site(self, client: FlaskClient) -> None:
        body = {"value": self.VALUE, "seconds": 100}
        answer = self.keep(client, body, Origin="https://elsewhere.example")

        assert (answer.status_code, set_by(answer)) == (403, None)

    def test_elsewhere_it_says_why_nothing_is_set(self, client: FlaskClient) -> None:
        body = {"value": self.VALUE, "seconds": 100}
        answer = self.keep(client, body, Host="consent.example.no")

        assert (answer.status_code, set_by(answer)) == (204, None)
        assert answer.headers["X-Consent"].startswith("not kept")


NO_ADDRESS = ["[", "[x]", "[::1", "a]", "//", "\xff["]


@pytest.mark.parametrize("host", NO_ADDRESS)
@pytest.mark.parametrize("path", ["decisions", "cookie"])
def test_a_host_that_is_none_costs_nobody_their_choice(
    client: FlaskClient, host: str, path: str
) -> None:
    """Any client may send one, and the decision is stored by then."""
    headers = {"Origin": ORIGIN, "Host": host, "Sec-Fetch-Site": "same-site"}
    if path == "decisions":
        answer = decide(client, headers=headers)
        assert answer.status_code == 201
    else:
        body = {"value": "1~1", "seconds": 1}
        answer = post_json(client, "/e/krukke/cookie", body, **headers)
        assert answer.status_code == 204

    assert set_by(answer) is None


@pytest.mark.parametrize("time", ["9" * 5000, "9" * 20, "0" * 5000])
def test_a_time_that_no_browser_writes_is_none(client: FlaskClient, time: str) -> None:
    answer = decide(client, headers=near(Cookie=f"consent=1~1~{time}~x~~~~~~~-"))

    assert answer.status_code == 201
    assert fields(set_by(answer))["v"] == "1"


@pytest.mark.parametrize("length", [3800, 7000])
def test_the_cookie_is_never_longer_than_browsers_take(client: FlaskClient, length: int) -> None:
    """What is taken over from the cookie that there is, is left out before that."""
    sent = f"consent=1~1~1~x~~~~{'r' * length}~~~-"
    answer = decide(client, headers=near(Cookie=sent))

    assert len(answer.json["cookie"]) < 3900
    assert fields(set_by(answer))["r"] == ""
