"""The ledger of decisions: recorded once, never changed, and found again by whoever made them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import uuid_utils.compat
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import versions
from consent.db import upsert
from consent.errors import Conflict, Invalid, NotFound
from consent.models import Decision
from consent.sitefile import NECESSARY, SiteFile


class Choice(BaseModel):
    """A decision as the browser sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: uuid.UUID
    version: Annotated[StrictInt, Field(ge=1, lt=2**31)]
    language: Annotated[str, Field(max_length=20)]
    action: Literal["accept", "refuse", "choose", "withdraw"]
    source: Literal["banner", "settings", "placeholder", "privacy"]
    purposes: dict[str, StrictBool]
    services: dict[str, StrictBool] = {}
    # Global Privacy Control, and Do Not Track.
    gpc: StrictBool = False
    dnt: StrictBool = False
    token: str | None = None


@dataclass(frozen=True)
class Recorded:
    decision: Decision
    # False: this id was recorded before, with the same content.
    is_new: bool


def record(
    session: Session,
    site: str,
    choice: Choice,
    visitor: uuid.UUID | None,
    device: str,
    now: datetime,
) -> Recorded:
    """Records a choice and commits. `visitor` is None for somebody who decides for the first time.

    Raises UnknownSite, Invalid (it does not fit its version), or Conflict (its id stands for another choice).
    """
    is_new = add(session, site, choice, visitor, device, now)
    session.commit()
    return Recorded(session.get_one(Decision, (site, choice.id)), is_new)


def add(
    session: Session,
    site: str,
    choice: Choice,
    visitor: uuid.UUID | None,
    device: str,
    now: datetime,
) -> bool:
    """Adds a choice as `record` does, for callers that commit many at once. False: it was there already."""
    row = _row(session, site, choice, visitor, device, now)
    added = session.execute(
        upsert(session, Decision).values(row).on_conflict_do_nothing().returning(Decision.id)
    ).first()
    if added is None:
        _require_same(session.get_one(Decision, (site, choice.id)), row)
    return added is not None


def _row(
    session: Session,
    site: str,
    choice: Choice,
    visitor: uuid.UUID | None,
    device: str,
    now: datetime,
) -> dict[str, Any]:
    versions.current(session, site)
    try:
        version = versions.get(session, site, choice.version)
        text = versions.text(session, version, choice.language)
    except NotFound as error:
        raise Invalid(error.detail) from None
    site_file = versions.site_file(version)
    _require_fit(choice, site_file)
    return {
        "site": site,
        "id": choice.id,
        "visitor": visitor or uuid_utils.compat.uuid7(),
        "version": choice.version,
        "language": choice.language,
        "words_hash": text.words_hash,
        "action": choice.action,
        "source": choice.source,
        # A purpose that is not named was not agreed to.
        "purposes": {key: choice.purposes.get(key, False) for key in site_file.asked_purposes},
        "services": choice.services,
        "gpc": choice.gpc,
        "dnt": choice.dnt,
        "device": device,
        "decided_at": now,
        "day": now.astimezone(site_file.zone).date(),
    }


def _require_fit(choice: Choice, site_file: SiteFile) -> None:
    errors = []
    asked = site_file.asked_purposes
    services = [each.key for each in site_file.services if each.purpose != NECESSARY]
    for key, granted in choice.purposes.items():
        if key == NECESSARY:
            if not granted:
                errors.append(("purposes", key, "necessary cannot be refused; leave it out."))
        elif key not in asked:
            errors.append(("purposes", key, f"no such purpose; there are {', '.join(asked)}."))
    for key in choice.services:
        if key not in services:
            errors.append(("services", key, f"no such service; there are {', '.join(services)}."))
    wanted = {"accept": True, "refuse": False, "withdraw": False}.get(choice.action)
    if wanted is not None:
        decided = {("purposes", key): choice.purposes.get(key, False) for key in asked}
        decided |= {("services", key): value for key, value in choice.services.items()}
        errors += [
            (kind, key, f"{choice.action} means that everything is {str(wanted).lower()}.")
            for (kind, key), value in decided.items()
            if value is not wanted
        ]
    if errors:
        found = [{"pointer": f"/{kind}/{key}", "detail": detail} for kind, key, detail in errors]
        raise Invalid(" ".join(f"{each['pointer']}: {each['detail']}" for each in found), found)


def _require_same(stored: Decision, row: dict[str, Any]) -> None:
    compared = ("version", "language", "action", "source", "purposes", "services", "gpc", "dnt")
    different = [name for name in compared if getattr(stored, name) != row[name]]
    if different:
        raise Conflict(
            f"Decision {stored.id} is already recorded with another {', '.join(different)}. "
            "Decisions never change; send a new one with an id of its own."
        )


def receipt(session: Session, decision: Decision) -> dict[str, Any]:
    """The decision as a document for the visitor: all that is stored of it."""
    version = versions.get(session, decision.site, decision.version)
    return {
        "site": decision.site,
        "id": str(decision.id),
        "decided_at": decision.decided_at.isoformat(),
        "version": decision.version,
        "version_hash": version.hash,
        "language": decision.language,
        "words_hash": decision.words_hash,
        "action": decision.action,
        "source": decision.source,
        "purposes": decision.purposes,
        "services": decision.services,
        "gpc": decision.gpc,
        "dnt": decision.dnt,
        "device": decision.device,
    }


def history(session: Session, site: str, visitor: uuid.UUID) -> list[Decision]:
    """The visitor's decisions, the latest first."""
    return list(
        session.scalars(
            select(Decision)
            .where(Decision.site == site, Decision.visitor == visitor)
            .order_by(Decision.decided_at.desc(), Decision.id.desc())
        )
    )
