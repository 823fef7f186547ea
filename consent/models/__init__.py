"""The tables. `site` leads every primary key, so that a distributed engine can shard by it."""

from consent.models.announcement import Announcement, Delivery, Subscriber
from consent.models.counter import Counter, Merge
from consent.models.decision import Decision
from consent.models.figure import Figure
from consent.models.site import Site
from consent.models.staff import ApiToken, Membership, Staff
from consent.models.version import Script, Version, VersionText
from consent.models.webhook import Webhook, WebhookMessage

__all__ = [
    "Announcement",
    "ApiToken",
    "Counter",
    "Decision",
    "Delivery",
    "Figure",
    "Membership",
    "Merge",
    "Script",
    "Site",
    "Staff",
    "Subscriber",
    "Version",
    "VersionText",
    "Webhook",
    "WebhookMessage",
]
