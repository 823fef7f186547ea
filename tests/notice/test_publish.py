"""Publication: immutable versions, addressed by what they say."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from consent.core.errors import Invalid, NotFound, UnknownSite
from consent.models import Version
from consent.notice import publishing
from consent.site import schema, versions
from tests import factories


def publish(session, source: str):  # type: ignore[no-untyped-def]
    return publishing.publish(session, source, datetime.now(UTC))


def test_the_same_content_again_changes_nothing(session) -> None:  # type: ignore[no-untyped-def]
    before = versions.current(session, "krukke")

    again = publish(session, "# a comment more\n" + factories.shop())

    assert not again.is_new
    assert again.version.hash == before.hash
    assert session.scalar(select(func.count()).where(Version.site == "krukke")) == 1


def test_another_content_is_another_version_and_the_first_stays(session) -> None:  # type: ignore[no-untyped-def]
    changed = publish(session, factories.shop(**{"Counter GmbH": "Zähler GmbH"}))

    assert changed.is_new
    assert changed.version.number == 2
    assert versions.current(session, "krukke").number == 2
    first = versions.get(session, "krukke", 1)
    assert "Counter GmbH" in versions.text(session, first, "en").notice
    assert "Zähler GmbH" in versions.text(session, changed.version, "en").notice


def test_going_back_is_a_publication_of_its_own_with_the_old_hash(session) -> None:  # type: ignore[no-untyped-def]
    first = versions.current(session, "krukke")
    publish(session, factories.shop(**{"Counter GmbH": "Zähler GmbH"}))

    back = publish(session, factories.shop())

    assert (back.version.number, back.version.hash) == (3, first.hash)


def test_a_file_with_mistakes_publishes_nothing(session) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(schema.SiteFileError):
        publish(session, factories.shop(**{"months = 6": "months = 1"}))

    assert versions.current(session, "krukke").number == 1


def test_a_purpose_changes_its_fingerprint_with_its_meaning_and_not_with_its_words() -> None:
    def fingerprints(**replaced: str) -> dict[str, str]:
        return versions.fingerprints(schema.parse(factories.shop(**replaced)))

    before = fingerprints()
    assert fingerprints(**{"Counts visits.": "Counts every visit."}) == before
    longer = fingerprints(**{"30 days": "60 days"})
    assert longer["analytics"] != before["analytics"]
    assert longer["sizing"] == before["sizing"]
    assert fingerprints(**{'["DE"]': '["US"]'})["sizing"] != before["sizing"]


def test_what_does_not_exist_is_said(app: Flask, session) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownSite):
        versions.current(session, "nowhere")
    with pytest.raises(NotFound):
        versions.get(session, "krukke", 9)


def test_a_version_knows_what_changed_and_who_is_asked_again(session) -> None:  # type: ignore[no-untyped-def]
    made = publish(session, factories.shop(**{"Counter GmbH": "Zähler GmbH"}))

    assert [(change.path, change.reason) for change in made.changes] == [
        (("processors", "counter", "name"), "recipient")
    ]
    assert made.version.is_material
    assert made.asked_again == ["analytics", "sizing"]


def test_new_wording_asks_nobody(session) -> None:  # type: ignore[no-untyped-def]
    made = publish(session, factories.shop(**{"Ask us.": "Write to us."}))

    assert (made.version.is_material, made.asked_again) == (True, [])


def test_a_change_is_lowered_with_a_reason_and_raised_without(session) -> None:  # type: ignore[no-untyped-def]
    now = datetime.now(UTC)

    lowered = publishing.publish(
        session,
        factories.shop(**{"Counter GmbH": "Counter GMBH"}),
        now,
        lowered_because="The same company",
    )
    raised = publishing.publish(
        session, factories.shop(**{"hello@shop.example": "post@shop.example"}), now, raised=True
    )

    assert (lowered.version.is_material, lowered.version.lowered_because) == (
        False,
        "The same company",
    )
    assert raised.version.is_material


def test_where_nothing_is_material_there_is_nothing_to_lower(session) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid, match="nothing to lower"):
        publishing.publish(
            session,
            factories.shop(**{"hello@shop.example": "post@shop.example"}),
            datetime.now(UTC),
            lowered_because="A typing error",
        )

    assert versions.current(session, "krukke").number == 1
