"""Consent signals: which services obey which, and the lines for a page's head that set them before any tag.

Google consent mode v2: https://developers.google.com/tag-platform/security/guides/consent
Microsoft UET consent mode and the Clarity consent API, the WordPress consent API and Meta's consent call
have a part each in static/embed/.
"""

import hashlib
import json
import re
from typing import Any

from consent.core.integrity import integrity
from consent.core.paths import EMBED
from consent.site.schema import NECESSARY, SiteFile

CONSENT_TYPES = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)
# In this order: what others may build upon comes first.
SIGNALS = ("google", "meta", "uet", "clarity")
# Those that have something to say before any tag, and so stand in the first script; the others follow a choice.
EARLY = ("google", "uet", "clarity", "wordpress")
LATE = ("google", "meta")


def used(site_file: SiteFile) -> list[str]:
    """The signals that some service of the site obeys, and WordPress's if the site file says so."""
    obeyed = {service.obeys for service in site_file.services if service.purpose != NECESSARY}
    found = [signal for signal in SIGNALS if signal in obeyed]
    if site_file.signals.google == "off" and "google" in found:
        found.remove("google")
    return found + ["wordpress"] * site_file.signals.wordpress


def types(site_file: SiteFile) -> dict[str, str]:
    """Each of Google's consent types, and the purpose that it follows; an empty one where none does."""
    purposes: dict[str, str] = {
        consent_type: purpose.key
        for purpose in site_file.purposes
        for consent_type in purpose.types
    }
    purposes["security_storage"] = NECESSARY
    return {consent_type: purposes.get(consent_type, "") for consent_type in CONSENT_TYPES}


def constants(site_file: SiteFile) -> dict[str, Any]:
    """What the signals' parts of the first script take from the server."""
    told = used(site_file)
    google = {
        "LAYER": site_file.signals.data_layer,
        "CONDITIONS": {each: conditions(site_file, each) for each in CONSENT_TYPES},
        "WAIT": site_file.signals.wait_for_update,
        "COMMANDS": commands(site_file),
    }
    return {**(google if "google" in told else {}), **microsoft(site_file)}


def microsoft(site_file: SiteFile) -> dict[str, Any]:
    told = used(site_file)
    clarity = {
        "ad_Storage": conditions(site_file, "ad_storage", "clarity"),
        "analytics_Storage": conditions(site_file, "analytics_storage", "clarity"),
    }
    return {
        **({"UET": conditions(site_file, "ad_storage", "uet")} if "uet" in told else {}),
        **({"CLARITY": clarity} if "clarity" in told else {}),
    }


def meta(site_file: SiteFile) -> list[list[str]]:
    """What has to be granted for Meta's pixel: each service that obeys it, with its purpose."""
    return [
        [each.purpose, each.key]
        for each in site_file.services
        if each.obeys == "meta" and each.purpose != NECESSARY
    ]


def commands(site_file: SiteFile) -> list[str]:
    """Those of Google's further settings that the site file turns on."""
    wanted = {
        "ads_data_redaction": site_file.signals.ads_data_redaction,
        "url_passthrough": site_file.signals.url_passthrough,
    }
    return [name for name, is_wanted in wanted.items() if is_wanted]


def head(site_file: SiteFile) -> str:
    """The lines for a page's head as one inline script, empty where no signal needs any.

    They run before the embed script is there, and so apply the choice in the cookie too. Not so what depends
    on the version in force: whether a purpose still means what was agreed to, the embed script finds out.
    """
    import minify  # here, because its runtime must not be loaded before a server forks

    found = head_parts(site_file)
    if not found:
        return ""
    parts = "\n".join((EMBED / part).read_text() for part in found)
    values = head_values(site_file)
    known = {name: json.dumps(value, separators=(",", ":")) for name, value in values.items()}
    known["COOKIE"] = f"/(?:^|; )consent(?:-{site_file.site.key})?=1~([^;]*)/g"
    parts = re.sub(rf"\b({'|'.join(known)})\b", lambda found: known[found[0]], parts)
    return f"<script>{minify.string('application/javascript', '{' + parts + '}')}</script>"


def head_parts(site_file: SiteFile) -> list[str]:
    """The parts of those lines that this site uses."""
    found = [signal for signal in used(site_file) if (EMBED / f"head/{signal}.js").exists()]
    if not set(found) <= {"wordpress"}:  # whose line asks for no choice
        found.insert(0, "choice")
    if "google" in found and commands(site_file):
        found.insert(found.index("google") + 1, "google_settings")
    return [f"head/{part}.js" for part in found]


def head_values(site_file: SiteFile) -> dict[str, Any]:
    """What those parts take from the server, besides COOKIE, the pattern of the cookie."""
    return {
        "LIFETIME": site_file.asking.seconds,
        "WAIT": site_file.signals.wait_for_update,
        "LAYER": site_file.signals.data_layer,
        "COMMANDS": commands(site_file),
        "TYPES": {each: conditions(site_file, each) for each in CONSENT_TYPES},
        **microsoft(site_file),
    }


def lines(site_file: SiteFile, address: str, pinned: str = "") -> str:
    """What a page needs in its head, above every other script, for the server at `address`.

    `pinned` is the body of a script that must not change; empty for the one in force.
    """
    site = site_file.site.key
    if pinned:
        source = f'"{address}/e/{site}/{hashlib.sha256(pinned.encode()).hexdigest()}.js"'
        attributes = f' integrity="{integrity(pinned)}" crossorigin="anonymous"'
    else:
        source, attributes = f'"{address}/e/{site}.js"', ""
    tag = f"<script async src={source}{attributes}></script>"
    return "\n".join(filter(None, (head(site_file), tag)))


def conditions(site_file: SiteFile, consent_type: str, signal: str = "google") -> list[list[str]]:
    """What has to be granted for this type: a purpose, or pairs of it and a service that obeys the signal.

    Nothing for what always is.
    """
    purpose = types(site_file)[consent_type]
    if purpose == NECESSARY:
        return []
    services = [each.key for each in site_file.services_of(purpose) if each.obeys == signal]
    return [[purpose, service] for service in services] or [[purpose]]
