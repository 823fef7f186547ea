"""What tables and values of figures are called."""

from flask_babel import gettext

from consent.core import i18n
from consent.core.catalogues import gettext_noop
from consent.counting import cleaning, hits
from consent.ledger import decisions
from consent.site.schema import CAMPAIGN_PARAMETERS
from consent.stats.comparison import Name

_VALUES = {
    ("layout", "box"): gettext_noop("In the corner"),
    ("layout", "bar"): gettext_noop("Along the edge"),
    ("layout", "centre"): gettext_noop("In the middle"),
    ("referrer", cleaning.DIRECT): gettext_noop("Direct"),
    **{(by, hits.NO_CAMPAIGN): gettext_noop("None") for by in CAMPAIGN_PARAMETERS.values()},
    **{(by, hits.OTHER_CAMPAIGN): gettext_noop("Others") for by in CAMPAIGN_PARAMETERS.values()},
}
_SOURCES = {
    "banner": gettext_noop("In the banner"),
    "settings": gettext_noop("In the banner settings"),
    "placeholder": gettext_noop("In a placeholder for blocked content"),
    "privacy": gettext_noop("On the privacy pages"),
}


def of_value(by: str, value: str) -> str:
    """A value as people read it."""
    if by == "device":
        return i18n.device(value)
    if by == "language":
        return i18n.spoken(value)
    if by == "version":
        return str(gettext("Version %(number)s", number=value))
    if value == cleaning.UNKNOWN:
        return str(gettext("Unknown"))
    if by == "country":
        return i18n.country(value)
    if by == "took":
        seconds = int(value)
        if seconds == decisions.LONGEST:
            return str(gettext("more than %(num)s seconds", num=decisions.TOOK[-2]))
        return str(gettext("within %(num)s seconds", num=seconds))
    name = _VALUES.get((by, value))
    return str(gettext(name)) if name else value


def numbers() -> dict[Name, str]:
    """What the numbers of a period are called."""
    return {
        "visits": gettext("Visits"),
        "views": gettext("Page views"),
        "decisions": gettext("Decisions"),
        "accepted": gettext("Consent rate"),
    }


def actions() -> dict[str, str]:
    """What visitors do with the banner."""
    return {
        "accept": gettext("Accepted"),
        "refuse": gettext("Rejected"),
        "choose": gettext("Customised"),
        "withdraw": gettext("Withdrawn"),
    }


def of_source(source: str) -> str:
    """Where a decision was made."""
    return str(gettext(_SOURCES[source]))


def headings() -> dict[str, str]:
    """What each card is about."""
    return {
        "decisions": gettext("Decisions in detail"),
        "pages": gettext("Pages"),
        "sources": gettext("Referrers and campaigns"),
        "technology": gettext("Browsers and devices"),
    }


def titles() -> dict[tuple[str, str], str]:
    """What each table is called."""
    return {
        ("decisions", "language"): gettext("Language"),
        ("decisions", "device"): gettext("Device"),
        ("decisions", "country"): gettext("Country"),
        ("decisions", "version"): gettext("Version"),
        ("decisions", "took"): gettext("Time to decide"),
        ("decisions", "layout"): gettext("Layout"),
        ("pages", "page"): gettext("All pages"),
        ("pages", "entry"): gettext("Entry pages"),
        ("pages", "exit"): gettext("Exit pages"),
        ("pages", "flow"): gettext("Click paths"),
        ("sources", "referrer"): gettext("Referrers"),
        ("sources", "campaign"): gettext("Campaigns"),
        ("sources", "source"): gettext("Campaign sources"),
        ("sources", "medium"): gettext("Campaign media"),
        ("sources", "term"): gettext("Campaign terms"),
        ("sources", "content"): gettext("Campaign content"),
        ("technology", "browser"): gettext("Browsers"),
        ("technology", "system"): gettext("Operating systems"),
        ("technology", "device"): gettext("Devices"),
        ("technology", "language"): gettext("Browser languages"),
        ("technology", "network"): gettext("Networks"),
        ("technology", "country"): gettext("Countries"),
    }
