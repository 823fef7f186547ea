"""What staff did, in words."""

from flask_babel import gettext

from consent.models import AuditEntry
from consent.web.dashboard import frame


def said(entry: AuditEntry) -> str:
    """What the entry tells, without who and when."""
    return _said(entry.action, {key: str(value) for key, value in entry.detail.items()})


def _said(action: str, detail: dict[str, str]) -> str:
    values = {**detail, "role": frame.roles().get(detail.get("role", ""), "")}
    found = {
        "logged-in": lambda: gettext("Logged in with %(browser)s", **values),
        "password-changed": lambda: gettext("Changed the password"),
        "second-factor-on": lambda: gettext("Turned on two-factor authentication"),
        "second-factor-off": lambda: gettext("Turned off two-factor authentication"),
        "recovery-codes-made": lambda: gettext("Created new recovery codes"),
        "sessions-ended": lambda: gettext("Logged out of other browsers"),
        "invited": lambda: gettext("Invited %(whom)s as %(role)s", **values),
        "invitation-withdrawn": lambda: gettext("Withdrew the invitation to %(whom)s", **values),
        "joined": lambda: gettext("Joined as %(role)s, invited by %(by)s", **values),
        "role-changed": lambda: gettext("Changed the role of %(whom)s to %(role)s", **values),
        "removed": lambda: gettext("Removed %(whom)s", **values),
        "token-made": lambda: gettext("Created the token %(name)s", **values),
        "token-ended": lambda: gettext("Revoked the token %(name)s", **values),
        "published": lambda: gettext("Published version %(number)s", **values),
        "decisions-erased": lambda: gettext("Erased a visitor's decisions (%(count)s)", **values),
        "announced": lambda: gettext("Announced version %(number)s", **values),
        "announcement-stopped": lambda: gettext("Stopped announcing version %(number)s", **values),
        "webhook-added": lambda: gettext("Added the webhook %(url)s", **values),
        "webhook-removed": lambda: gettext("Removed the webhook %(url)s", **values),
    }
    return str(found[action]())
