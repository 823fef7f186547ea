"""The draft of a site file: as forms and as a text, by two at once, compared, published, exported."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import html5lib
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from consent.core.db import db
from consent.demo import SITE_FILE
from consent.models import Site
from consent.notice import drafts, publishing
from consent.site import versions
from consent.site.forms import PARTS, ROWS
from tests import pages
from tests.conftest import Person
from tests.factories import shop

HTML = "{http://www.w3.org/1999/xhtml}"
DRAFT = "/dashboard/07sor/draft"
SOURCE = SITE_FILE.read_text()
# After everybody logged in.
TODAY = datetime.now(UTC) + timedelta(hours=5)


@pytest.fixture
def erik(person: Person) -> FlaskClient:
    return person("erik")


def fields(page: Any) -> dict[str, list[str]]:
    """What a browser would send of the page's form, untouched."""
    tree = html5lib.parse(page.get_data(as_text=True))
    form = next(
        each for each in tree.iter(f"{HTML}form") if "editor" in (each.get("class") or "").split()
    )
    found: dict[str, list[str]] = {}
    for each in form.iter():
        name = each.get("name")
        if each.tag == f"{HTML}input" and (
            each.get("type") != "checkbox" or each.get("checked") is not None
        ):
            found.setdefault(name, []).append(each.get("value") or "on")
            if each.get("type") != "checkbox":
                found[name][-1] = each.get("value") or ""
        elif each.tag == f"{HTML}textarea":
            found[name] = [each.text or ""]
        elif each.tag == f"{HTML}select":
            chosen = [o for o in each if o.get("selected") is not None] or list(each)[:1]
            found[name] = [chosen[0].get("value")]
    return found


def fill(client: FlaskClient, path: str, **changed: str) -> Any:
    """Opens a form, changes some of its fields, and sends it."""
    page = client.get(f"{DRAFT}/{path}")
    data = fields(page) | {name.replace("__", "."): value for name, value in changed.items()}
    return client.post(f"{DRAFT}/{path}?lang=en", data=data)


def source(client: FlaskClient) -> str:
    return client.get(f"{DRAFT}/-/site.toml").get_data(as_text=True)


def review(client: FlaskClient) -> tuple[str, str]:
    """What the page says, and which draft it shows."""
    page = client.get(f"{DRAFT}/-/review?lang=en")
    seen = re.search(r'name="seen" value="(\w+)"', page.get_data(as_text=True))
    return pages.check(page), seen[1] if seen else ""


def current(app: Flask) -> Any:
    with app.app_context():
        return versions.current(db.session(), "07sor")


ALL = [*PARTS, *ROWS, *(f"{kind}/new" for kind in ROWS), *(f"{kind}/0" for kind in ROWS)]


@pytest.mark.parametrize("language", ["en", "nb", "nn"])
def test_pages_are_good_pages_in_each_language(erik: FlaskClient, language: str) -> None:
    for path in ("", *(f"/{each}" for each in ALL), "/-/text", "/-/review"):
        answer = erik.get(f"{DRAFT}{path}?lang={language}")

        assert answer.status_code == 200
        pages.check(answer, language)


def test_a_form_that_is_saved_untouched_changes_nothing(erik: FlaskClient) -> None:
    for path in [each for each in ALL if each in PARTS or each.endswith("0")]:
        assert fill(erik, path).status_code == 303

        assert source(erik) == SOURCE
    assert "the same as version 1" in pages.check(erik.get(f"{DRAFT}?lang=en"))


def test_a_change_keeps_all_else_as_it_was_written(erik: FlaskClient) -> None:
    answer = fill(erik, "contacts", controller__phone="+47 00 00 00 00")

    assert "Saved in the draft" in pages.check(erik.get(answer.location))
    assert source(erik) == SOURCE.replace(
        'phone = "+47 38 12 39 00"', 'phone = "+47 00 00 00 00"', 1
    )


def test_nothing_is_published_by_saving(app: Flask, erik: FlaskClient) -> None:
    fill(erik, "contacts", controller__phone="+47 00 00 00 00")

    assert current(app).number == 1
    assert "+47 00 00 00 00" not in pages.check(erik.get("/privacy/07sor/"))


def test_a_mistake_is_kept_and_said_at_its_field(erik: FlaskClient) -> None:
    answer = fill(erik, "banner", asking__months="soon", looks__light__button="#eeeeee")

    page = erik.get(answer.location)
    said = pages.check(page)
    assert "This must be a whole number, such as 12." in said
    assert "has a contrast of" in said
    text = page.get_data(as_text=True)
    assert re.search(r'name="asking.months" value="soon"[^>]*aria-invalid="true"', text)
    described = re.search(r'name="asking.months"[^>]*aria-describedby="([^"]+)"', text)
    assert described
    for each in described[1].split():
        assert f'id="{each}"' in text
    overview = pages.check(erik.get(f"{DRAFT}?lang=en"))
    assert "Correct 2 mistakes before you publish" in overview
    assert "Banner and appearance 2 mistakes" in overview


def test_mistakes_are_said_in_the_language_of_the_member(erik: FlaskClient) -> None:
    fill(erik, "banner", asking__months="soon")

    assert "heltall" in pages.check(erik.get(f"{DRAFT}/banner?lang=nb"))


def test_what_has_mistakes_is_not_published(app: Flask, erik: FlaskClient) -> None:
    fill(erik, "banner", asking__months="99")
    said, seen = review(erik)
    assert "Correct 1 mistake before" in said
    assert not seen

    erik.post(f"{DRAFT}/-/review", data={"seen": "anything"})

    assert current(app).number == 1


class TestRows:
    def test_one_is_added_changed_moved_and_removed(self, erik: FlaskClient) -> None:
        before = [each["key"] for each in tomllib.loads(SOURCE)["statements"]]
        texts = {
            f"{name}__{language}": "Text"
            for name in ("title", "text")
            for language in ("nb", "nn", "en")
        }
        answer = fill(erik, "statements/new", key="more", **texts)
        place = len(before)
        assert f"/statements/{place}?" in answer.location
        fill(erik, f"statements/{place}", key="most")

        def press(what: str, index: int) -> None:
            page = erik.get(f"{DRAFT}/statements").get_data(as_text=True)
            was = re.findall(r'name="was" value="(\w+)"', page)[index]
            erik.post(f"{DRAFT}/statements/{index}/{what}", data={"was": was})

        press("up", place)
        press("remove", 0)

        keys = [each["key"] for each in tomllib.loads(source(erik))["statements"]]
        assert keys == [*before[1:-1], "most", before[-1]]

    def test_a_known_service_is_added_by_name(self, app: Flask, erik: FlaskClient) -> None:
        answer = erik.post(f"{DRAFT}/services/new", data={"use": "hotjar"})

        said = pages.check(erik.get(answer.location + "&lang=en"))
        assert "Hotjar" in said
        made, seen = review(erik)
        assert "Hotjar" in made
        assert "Statistics" in made
        assert seen

    def test_a_cookie_is_added_and_taken_away(self, erik: FlaskClient) -> None:
        count = len(tomllib.loads(SOURCE)["services"][0]["cookies"])
        new = f"cookies__{count}__"
        texts = {f"{new}use__{language}": "Use" for language in ("nb", "nn", "en")}
        fill(erik, "services/0", **{f"{new}name": "_new", f"{new}lifetime": "2 days"}, **texts)
        cookies = tomllib.loads(source(erik))["services"][0]["cookies"]
        assert (cookies[-1]["name"], cookies[-1]["lifetime"]) == ("_new", "2 days")

        emptied = {f"{new}use__{language}": "" for language in ("nb", "nn", "en")}
        fill(erik, "services/0", **{f"{new}name": "", f"{new}lifetime": ""}, **emptied)

        assert len(tomllib.loads(source(erik))["services"][0]["cookies"]) == count

    def test_an_empty_form_adds_no_row(self, erik: FlaskClient) -> None:
        answer = fill(erik, "purposes/new")

        assert erik.get(answer.location).status_code == 200
        assert source(erik) == SOURCE

    def test_an_empty_row_can_be_opened_and_removed(self, erik: FlaskClient) -> None:
        count = len(tomllib.loads(SOURCE)["statements"])
        text = erik.get(f"{DRAFT}/-/text").get_data(as_text=True)
        was = re.search(r'name="was" value="(\w+)"', text)
        assert was
        erik.post(f"{DRAFT}/-/text", data={"was": was[1], "source": SOURCE + "\n[[statements]]\n"})

        assert erik.get(f"{DRAFT}/statements/{count}").status_code == 200
        page = erik.get(f"{DRAFT}/statements").get_data(as_text=True)
        hashes = re.findall(r'name="was" value="(\w+)"', page)
        erik.post(f"{DRAFT}/statements/{count}/remove", data={"was": hashes[-1]})

        assert len(tomllib.loads(source(erik))["statements"]) == count

    def test_a_form_that_says_it_has_many_rows_is_not_believed(self, erik: FlaskClient) -> None:
        answer = erik.post(f"{DRAFT}/services/0", data={"was": "other", "cookies.rows": "9999"})

        assert answer.status_code == 409
        assert len(answer.data) < 500_000

    @pytest.mark.parametrize("path", ["services/99", "nothing", "nothing/0", "site/0", "site/new"])
    def test_what_is_not_there_is_not_found(self, erik: FlaskClient, path: str) -> None:
        assert erik.get(f"{DRAFT}/{path}").status_code == 404
        assert erik.post(f"{DRAFT}/{path}").status_code == 404


class TestTwoAtOnce:
    def test_who_saves_second_is_told_and_loses_nothing(self, person: Person) -> None:
        erik, eva = person("erik"), person("eva")
        page = fields(eva.get(f"{DRAFT}/contacts"))
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")

        answer = eva.post(
            f"{DRAFT}/contacts?lang=en", data=page | {"controller.phone": "+47 22 22 22 22"}
        )

        assert answer.status_code == 409
        assert "erik@example.no changed this in the meantime" in pages.check(answer)
        again = fields(answer)
        assert again["controller.phone"] == ["+47 22 22 22 22"]
        assert "+47 11 11 11 11" in source(erik)
        assert eva.post(f"{DRAFT}/contacts", data=again).status_code == 303
        assert "+47 22 22 22 22" in source(erik)

    def test_other_parts_do_not_stand_in_each_others_way(self, person: Person) -> None:
        erik, eva = person("erik"), person("eva")
        page = fields(eva.get(f"{DRAFT}/keep"))
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")

        assert (
            eva.post(f"{DRAFT}/keep", data=page | {"keep.counters": "90 days"}).status_code == 303
        )

        made = tomllib.loads(source(erik))
        assert made["controller"]["phone"] == "+47 11 11 11 11"
        assert made["keep"]["counters"] == "90 days"

    def test_a_row_that_has_moved_is_not_changed_in_its_place(self, person: Person) -> None:
        erik, eva = person("erik"), person("eva")
        page = fields(eva.get(f"{DRAFT}/rights/0"))
        was = re.findall(
            r'name="was" value="(\w+)"', erik.get(f"{DRAFT}/rights").get_data(as_text=True)
        )
        erik.post(f"{DRAFT}/rights/0/remove", data={"was": was[0]})
        left = source(erik)

        assert eva.post(f"{DRAFT}/rights/0", data=page | {"key": "other"}).status_code == 409
        eva.post(f"{DRAFT}/rights/0/remove", data={"was": was[0]})

        assert source(erik) == left

    def test_the_text_is_not_overwritten_unseen(self, person: Person) -> None:
        erik, eva = person("erik"), person("eva")
        text = eva.get(f"{DRAFT}/-/text").get_data(as_text=True)
        was = re.search(r'name="was" value="(\w+)"', text)
        assert was
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")

        answer = eva.post(
            f"{DRAFT}/-/text?lang=en", data={"was": was[1], "source": SOURCE + "# mine\n"}
        )

        assert answer.status_code == 409
        assert "# mine" in pages.check(answer)
        assert "# mine" not in source(erik)

    def test_what_was_not_seen_is_not_published(self, app: Flask, person: Person) -> None:
        erik, eva = person("erik"), person("eva")
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        _, seen = review(erik)
        fill(eva, "contacts", controller__phone="+47 22 22 22 22")

        answer = erik.post(f"{DRAFT}/-/review?lang=en", data={"seen": seen})

        assert answer.status_code == 409
        assert "Review the changes again" in pages.check(answer)
        assert current(app).number == 1

    def test_a_version_that_came_in_between_is_said(self, app: Flask, erik: FlaskClient) -> None:
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        _, seen = review(erik)
        with app.app_context():
            publishing.publish(
                db.session(), SOURCE.replace("Rolv W. Pripp", "Kari Nes"), datetime.now(UTC)
            )

        assert erik.post(f"{DRAFT}/-/review", data={"seen": seen}).status_code == 409
        assert "based on version 1, but version 2 has been published since" in pages.check(
            erik.get(f"{DRAFT}?lang=en")
        )


class TestText:
    def save(self, client: FlaskClient, text: str) -> Any:
        page = client.get(f"{DRAFT}/-/text").get_data(as_text=True)
        was = re.search(r'name="was" value="(\w+)"', page)
        assert was
        return client.post(
            f"{DRAFT}/-/text?lang=en",
            data={"was": was[1], "source": text.replace("\n", "\r\n")},
        )

    def test_it_is_shown_as_it_is(self, erik: FlaskClient) -> None:
        page = erik.get(f"{DRAFT}/-/text").get_data(as_text=True)
        shown = re.search(r"<textarea[^>]*>\n(.*)</textarea>", page, re.S)
        assert shown

        assert unescape(shown[1]) == SOURCE

    def test_it_is_saved_mistakes_and_all(self, erik: FlaskClient) -> None:
        text = SOURCE.replace("months = 12", "months = 120")
        assert self.save(erik, text).status_code == 303

        assert source(erik) == text
        assert "asking.months This is too large: it must be at most 13." in pages.check(
            erik.get(f"{DRAFT}/-/text?lang=en")
        )

    def test_what_is_no_toml_is_not_kept_and_not_lost(self, erik: FlaskClient) -> None:
        answer = self.save(erik, SOURCE + "\nthis is no toml\n")

        assert answer.status_code == 422
        said = pages.check(answer)
        assert "This is not TOML" in said
        assert "this is no toml" in said
        assert source(erik) == SOURCE

    def test_a_file_whose_key_changed_is_not_published(self, app: Flask, erik: FlaskClient) -> None:
        self.save(erik, SOURCE.replace('key = "07sor"', 'key = "other"'))

        said, seen = review(erik)
        with app.app_context():
            draft = drafts.of_site(db.session(), "07sor")
        answer = erik.post(f"{DRAFT}/-/review", data={"seen": draft.seen(1)})

        assert "The key of a site cannot change. Write 07sor." in said
        assert not seen
        assert answer.status_code == 422
        with app.app_context():
            assert db.session.get(Site, "other") is None
        assert current(app).number == 1

    def test_nobody_publishes_another_site_with_their_own(
        self, app: Flask, erik: FlaskClient
    ) -> None:
        """Whoever wrote the draft can work out what the form would send."""
        self.save(erik, shop(**{'when = "analytics"': 'when = "always"'}))
        with app.app_context():
            draft = drafts.of_site(db.session(), "07sor")

        answer = erik.post(f"{DRAFT}/-/review", data={"seen": draft.seen(1)})

        assert answer.status_code == 422
        with app.app_context():
            assert versions.current(db.session(), "krukke").number == 1
            assert versions.current(db.session(), "07sor").number == 1

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "services = 3",
            'services = ""',
            "services = []",
            "services = [{use = [1]}]",
            "services = [{use = {a = 1}}]",
            'site = {languages = ["xx", "../nb", "\\u0000"]}\nservices = [{use = "hotjar"}]',
            'services = [{key = "x"}, 7]',
            "purposes = {}",
            "site = 1",
            '[[site]]\nkey = "x"',
        ],
    )
    def test_whatever_it_says_the_forms_open(self, erik: FlaskClient, text: str) -> None:
        assert self.save(erik, text).status_code == 303

        for path in ("", *(f"/{each}" for each in (*PARTS, *ROWS)), "/-/review", "/services/new"):
            assert erik.get(f"{DRAFT}{path}").status_code == 200
        for path in ("contacts", "services/new"):
            assert fill(erik, path).status_code in (303, 422)

    @pytest.mark.parametrize(
        "text",
        [
            f"a = {'[' * 200}{']' * 200}",
            f"a = {'{a = ' * 200}1{'}' * 200}",
            f"{'a.' * 100_000}a = 1",
            f"[{'a.' * 20}a]\n{'a.' * 20}a = 1",
        ],
    )
    def test_what_is_nested_too_deep_is_not_kept(self, erik: FlaskClient, text: str) -> None:
        answer = self.save(erik, text)

        assert answer.status_code == 422
        assert "nested too deeply" in pages.check(answer)
        assert source(erik) == SOURCE

    def test_of_a_file_full_of_mistakes_some_are_said(self, erik: FlaskClient) -> None:
        rows = (
            f'[[processors]]\nkey = "p{each}"\n[[services]]\nprocessor = "q"\n'
            for each in range(1000)
        )
        self.save(erik, SOURCE + "".join(rows))

        said, _ = review(erik)

        assert "Correct 200 mistakes before" in said
        assert len(said) < 200_000

    def test_a_large_file_fits(self, erik: FlaskClient) -> None:
        text = SOURCE + "# filler\n" * 20_000

        assert self.save(erik, text).status_code == 303
        assert source(erik) == text


class TestPublishing:
    def test_it_says_what_changes_and_who_is_asked_again(self, erik: FlaskClient) -> None:
        fill(erik, "processors/0", countries="NO\r\nUS")
        key = tomllib.loads(SOURCE)["processors"][0]["key"]
        service = next(
            index
            for index, each in enumerate(tomllib.loads(SOURCE)["services"])
            if each["purpose"] == "analytics"
        )
        fill(erik, f"services/{service}", processor=key)

        said, _ = review(erik)

        assert "Changes in meaning" in said
        assert "Visitors who had accepted these purposes" in said
        assert "Statistics" in said

    def test_a_change_of_wording_asks_nobody(self, erik: FlaskClient) -> None:
        fill(erik, "banner", banner__text__nb="Hei", banner__text__nn="Hei", banner__text__en="Hi")

        assert "Nobody: no purpose has changed its meaning" in review(erik)[0]

    def test_it_is_in_force_and_the_draft_is_gone(self, app: Flask, erik: FlaskClient) -> None:
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        _, seen = review(erik)

        answer = erik.post(f"{DRAFT}/-/review?lang=en", data={"seen": seen})

        assert "Version 2 is published" in pages.check(erik.get(answer.location))
        assert "+47 11 11 11 11" in pages.check(erik.get("/privacy/07sor/"))
        assert "Nothing to publish" in review(erik)[0]
        assert current(app).number == 2

    def test_the_notice_says_that_it_was_changed_today(self, app: Flask, erik: FlaskClient) -> None:
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        _, seen = review(erik)

        with time_machine.travel(TODAY, tick=False):
            erik.post(f"{DRAFT}/-/review", data={"seen": seen, "dated": "on"})

        with app.app_context():
            site_file = versions.site_file(versions.current(db.session(), "07sor"))
        assert site_file.site.updated == TODAY.astimezone(site_file.zone).date()

    def test_a_material_change_is_lowered_with_a_reason_only(
        self, app: Flask, erik: FlaskClient
    ) -> None:
        fill(erik, "processors/0", countries="NO\r\nUS")
        _, seen = review(erik)
        lower = {"seen": seen, "weight": "lowered"}

        answer = erik.post(f"{DRAFT}/-/review?lang=en", data={**lower, "reason": " "})
        assert answer.status_code == 422
        assert "Give a reason why" in pages.check(answer)
        erik.post(f"{DRAFT}/-/review", data={**lower, "reason": "It was always so."})

        assert current(app).number == 2
        assert (current(app).is_material, current(app).lowered_because) == (
            False,
            "It was always so.",
        )

    def test_a_form_that_is_refused_keeps_what_was_ticked(self, erik: FlaskClient) -> None:
        fill(erik, "processors/0", countries="NO\r\nUS")

        answer = erik.post(
            f"{DRAFT}/-/review", data={"seen": "old", "weight": "lowered", "reason": "So."}
        )

        page = answer.get_data(as_text=True)
        assert 'value="lowered" checked' in page
        assert 'name="dated" checked' not in page
        assert "So.</textarea>" in page

    def test_a_change_of_wording_may_be_raised(self, app: Flask, erik: FlaskClient) -> None:
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        _, seen = review(erik)

        erik.post(f"{DRAFT}/-/review", data={"seen": seen, "weight": "raised"})

        assert current(app).is_material

    def test_a_form_that_was_sent_twice_publishes_once(self, app: Flask, erik: FlaskClient) -> None:
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        _, seen = review(erik)
        for _ in range(2):
            erik.post(f"{DRAFT}/-/review", data={"seen": seen})

        assert current(app).number == 2

    def test_it_is_in_the_log(self, app: Flask, person: Person) -> None:
        erik = person("erik")
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")
        erik.post(f"{DRAFT}/-/review", data={"seen": review(erik)[1]})

        log = pages.check(person("olga").get("/dashboard/07sor/log?lang=en"))

        assert "Published version 2 erik@example.no" in log

    def test_a_draft_may_be_thrown_away(self, erik: FlaskClient) -> None:
        fill(erik, "contacts", controller__phone="+47 11 11 11 11")

        page = erik.get(DRAFT).get_data(as_text=True)
        was = re.search(r'name="was" value="(\w+)"', page)
        assert was
        # Not what somebody has changed since.
        fill(erik, "contacts", controller__phone="+47 22 22 22 22")
        erik.post(f"{DRAFT}/-/discard", data={"was": was[1]})
        assert "+47 22 22 22 22" in source(erik)

        page = erik.get(DRAFT).get_data(as_text=True)
        was = re.search(r'name="was" value="(\w+)"', page)
        assert was
        erik.post(f"{DRAFT}/-/discard", data={"was": was[1]})

        assert source(erik) == SOURCE


class TestPreview:
    def stage(self, client: FlaskClient, **query: str) -> Any:
        return client.get("/dashboard/07sor/preview/stage", query_string=query)

    @pytest.mark.parametrize("language", ["en", "nb", "nn"])
    def test_the_page_offers_each_language_layout_and_version(
        self, person: Person, language: str
    ) -> None:
        answer = person("vera").get(f"/dashboard/07sor/preview?lang={language}")

        pages.check(answer, language)
        for value in ("nb", "nn", "en", "bar", "box", "centre", "dark", "settings", "notice"):
            assert f'<option value="{value}"' in answer.get_data(as_text=True)

    @pytest.mark.parametrize("language", ["nb", "nn", "en"])
    @pytest.mark.parametrize("show", ["banner", "settings", "notice", "cookies"])
    def test_it_speaks_the_languages_of_the_site(
        self, person: Person, language: str, show: str
    ) -> None:
        answer = self.stage(person("vera"), spoken=language, show=show)

        text = answer.get_data(as_text=True)
        assert f'<html lang="{language}"' in text
        said = {"nb": "nettstedet", "nn": "nettstaden", "en": "website"}[language]
        assert said in text

    def test_its_policy_lets_nothing_out(self, person: Person) -> None:
        policy = self.stage(person("vera")).headers["Content-Security-Policy"]

        assert "connect-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy

    def test_what_is_typed_shows_unsaved(self, erik: FlaskClient) -> None:
        data = fields(erik.get(f"{DRAFT}/banner")) | {
            f"banner.{name}.{language}": "Bare her </script><!--"
            for name in ("title", "text")
            for language in ("nb", "nn", "en")
        }
        text = erik.post(f"{DRAFT}/banner/preview", data=data).get_data(as_text=True)

        assert "Bare her" in text
        assert "Bare her </script>" not in text
        assert source(erik) == SOURCE

    def test_a_mistake_has_no_preview_and_says_so(self, erik: FlaskClient) -> None:
        data = fields(erik.get(f"{DRAFT}/banner")) | {"asking.months": "soon"}

        answer = erik.post(f"{DRAFT}/banner/preview?lang=en", data=data)

        assert "The draft has mistakes" in pages.check(answer)

    @pytest.mark.parametrize("version", ["9", "0", "x", "9" * 5000, "-1"])
    def test_a_version_that_is_not_there_is_not_found(
        self, erik: FlaskClient, version: str
    ) -> None:
        assert self.stage(erik, version=version).status_code == 404
        page = erik.get("/dashboard/07sor/preview", query_string={"version": version})
        assert page.status_code == 404

    def test_a_draft_with_mistakes_says_so(self, erik: FlaskClient) -> None:
        fill(erik, "banner", asking__months="soon")

        answer = self.stage(erik, version="draft", lang="en")

        assert "The draft has mistakes" in pages.check(answer)
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        pages.check(erik.get("/dashboard/07sor/preview?version=draft"))

    def test_the_draft_shows_in_its_own_layout_and_language(self, erik: FlaskClient) -> None:
        fill(erik, "banner", looks__layout="bar", looks__scheme="dark")

        page = erik.get("/dashboard/07sor/preview?version=draft").get_data(as_text=True)

        for name in ("bar", "dark", "draft"):
            assert f'<option value="{name}" selected>' in page

    def test_viewers_see_no_draft(self, person: Person, erik: FlaskClient) -> None:
        fill(erik, "banner", looks__layout="bar")

        vera = person("vera")

        assert self.stage(vera, version="draft").status_code == 403
        assert "draft" not in vera.get("/dashboard/07sor/preview?lang=en").get_data(as_text=True)


PATHS = ["", "/site", "/services/0", "/services/new", "/-/text", "/-/review", "/-/site.toml"]
POSTS = [
    "/site",
    "/site/preview",
    "/services/0",
    "/services/new",
    "/services/0/remove",
    "/services/0/up",
    "/services/0/preview",
    "/-/text",
    "/-/discard",
    "/-/review",
]


@pytest.mark.parametrize(("name", "status"), [("sam", 404), ("vera", 403)])
def test_who_is_no_editor_sees_and_changes_nothing(
    app: Flask, person: Person, name: str, status: int
) -> None:
    client = person(name)

    assert {client.get(f"{DRAFT}{path}").status_code for path in PATHS} == {status}
    assert {client.post(f"{DRAFT}{path}").status_code for path in POSTS} == {status}


@pytest.mark.parametrize("path", ["preview", "preview/stage"])
def test_a_stranger_sees_no_preview(app: Flask, person: Person, path: str) -> None:
    assert person("sam").get(f"/dashboard/07sor/{path}").status_code == 404
    assert app.test_client().get(f"/dashboard/07sor/{path}").status_code == 303


def test_who_has_not_logged_in_is_asked_to(app: Flask) -> None:
    client = app.test_client()

    assert {client.get(f"{DRAFT}{path}").status_code for path in PATHS} == {303}
    assert {client.post(f"{DRAFT}{path}").status_code for path in POSTS} == {303}
