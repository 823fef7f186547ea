"""The tables. `site` leads every primary key, so that a distributed engine can shard by it."""

from consent.models.announcement import Announcement, Delivery, Subscriber
from consent.models.counter import Counter, DecisionCount, Merge
from consent.models.decision import Decision
from consent.models.draft import Draft
from consent.models.figure import Figure
from consent.models.outbox import OutboxItem
from consent.models.public_page import PublicPage
from consent.models.report import ReportSubscription
from consent.models.site import Site
from consent.models.staff import (
    ApiToken,
    AuditEntry,
    Identity,
    Invitation,
    Membership,
    RecoveryCode,
    Staff,
    StaffSession,
)
from consent.models.version import Script, Version, VersionText
from consent.models.webhook import Webhook

__all__ = [
    "Announcement",
    "ApiToken",
    "AuditEntry",
    "Counter",
    "Decision",
    "DecisionCount",
    "Delivery",
    "Draft",
    "Figure",
    "Identity",
    "Invitation",
    "Membership",
    "Merge",
    "OutboxItem",
    "PublicPage",
    "RecoveryCode",
    "ReportSubscription",
    "Script",
    "Site",
    "Staff",
    "StaffSession",
    "Subscriber",
    "Version",
    "VersionText",
    "Webhook",
]
