"""The choice as a cookie that this server sets, where it answers on the website's own host or beside it.

Safari forgets what scripts write after seven days without a visit, and leaves alone what came by HTTP from the host of
the page (https://webkit.org/tracking-prevention/). The cookie is the one that static/embed/choice.js describes, and
scripts can read it.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from consent.ledger.decisions import Choice
from consent.site.versions import Published

# At the start of every choice that is kept: the form.
FORM = "1~"
# The fields, as static/embed/choice.js names them; `h` is where the server keeps the cookie.
FIELDS = "vtipsdrcukh"
VALUE = r"1~[A-Za-z0-9_.:~?-]+"
# Bytes; browsers take 4,096 with the name and all that is said of a cookie (RFC 6265).
MAX_VALUE = 3900
# Of a time since 1970: no browser has more digits, and Python reads no number of thousands of them.
SECONDS = re.compile(r"[0-9]{1,15}")
# Characters. A host has 253 at the most (RFC 1035), and what is parsed is kept in a cache.
LONGEST_ORIGIN = 300
# `h` of a cookie of the page's own host alone.
HOST_ONLY = "-"


class Place(NamedTuple):
    """Where a browser keeps a cookie of ours: its name, and the domain that shares it, empty for the host alone."""

    name: str
    domain: str
    is_secure: bool


class Kept(BaseModel):
    """A choice that the page has changed, for the server to set again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[str, Field(pattern=rf"^{VALUE}$", max_length=MAX_VALUE)]
    # For how long it still holds, by the clock of the browser.
    seconds: Annotated[int, Field(ge=0)]


def place(environ: Mapping[str, Any], site: str) -> Place | None:
    """Where this server may keep the choice for the page that asks, None where it is no neighbour of that page.

    The browser says how near the page is (Fetch Metadata, which knows public suffixes); without that, only the
    same host is near.
    """
    scheme, page = _scheme_and_host(environ.get("HTTP_ORIGIN", ""))
    _, host = _scheme_and_host("//" + environ.get("HTTP_HOST", ""))
    if not page or not host:
        return None
    is_secure = scheme == "https"
    # A proxy at the page's own address may name itself as the host.
    near = environ.get("HTTP_SEC_FETCH_SITE")
    if near == "same-origin" or page == host:
        return Place(_name(_cookies(environ), site), "", is_secure)
    domain = _shared(page, host)
    # Other websites below this domain may have choices of their own.
    return Place(own_name(site), domain, is_secure) if near == "same-site" and domain else None


def own_name(site: str) -> str:
    return f"consent-{site}"


def value(
    environ: Mapping[str, Any],
    where: Place,
    version: Published,
    choice: Choice,
    token: str,
    now: datetime,
) -> str | None:
    """What the cookie says after a decision; None if the browser has chosen anew since."""
    known = _fields(_cookies(environ).get(where.name, ""))
    chosen_at = _chosen_at(choice.id) or int(now.timestamp())
    if SECONDS.fullmatch(known.get("t", "")) and int(known["t"]) > chosen_at:
        return None
    means = version.meanings
    purpose_of = version.site_file.purpose_of
    purposes = {key: means[key] if choice.purposes.get(key) else "0" for key in means}
    services = {
        key: means[purpose_of[key]] if granted else "0"
        for key, granted in choice.services.items()
        if granted != choice.purposes.get(purpose_of[key], False)
    }
    refuses = "0" in (*purposes.values(), *services.values())
    # In the order of FIELDS.
    before = [
        str(version.number),
        str(chosen_at),
        str(choice.id),
        _pack(purposes),
        _pack(services),
        "1" if refuses else "",
    ]
    # What this server does not know of: the way to the privacy pages and back.
    unknown = [known.get("r", ""), known.get("c", "")]
    after = ["", token, where.domain or HOST_ONLY]
    made = FORM + "~".join([*before, *unknown, *after])
    return made if len(made) <= MAX_VALUE else FORM + "~".join([*before, "", "", *after])


def header(where: Place, value: str, seconds: int) -> tuple[str, str]:
    parts = [f"{where.name}={value}", "Path=/", f"Max-Age={seconds}", "SameSite=Lax"]
    if where.domain:
        parts.append(f"Domain={where.domain}")
    if where.is_secure:
        parts.append("Secure")
    return "Set-Cookie", "; ".join(parts)


def _scheme_and_host(address: str) -> tuple[str, str]:
    """Both empty for what is no address: a client may send anything as a host."""
    return _parsed(address) if len(address) <= LONGEST_ORIGIN else ("", "")


@lru_cache(maxsize=1024)
def _parsed(address: str) -> tuple[str, str]:
    try:
        found = urlsplit(address)
        return found.scheme, found.hostname or ""
    except ValueError:
        return "", ""


def _name(cookies: dict[str, str], site: str) -> str:
    """The name under which the script has kept its choice, or may: one that is not taken."""
    names = ("consent", own_name(site))
    kept = [name for name in names if cookies.get(name, "").startswith(FORM)]
    return kept[0] if kept else names["consent" in cookies]


def _cookies(environ: Mapping[str, Any]) -> dict[str, str]:
    """Of several with one name the first, which is the one of the longest path."""
    found: dict[str, str] = {}
    sent = environ.get("HTTP_COOKIE")
    for pair in sent.split(";") if sent else ():
        name, _, text = pair.strip().partition("=")
        if name not in found or text.startswith(FORM):
            found[name] = text
    return found


def _fields(text: str) -> dict[str, str]:
    if len(text) > MAX_VALUE or not re.fullmatch(VALUE, text):
        return {}
    return dict(zip(FIELDS, text.removeprefix(FORM).split("~"), strict=False))


def _pack(given: dict[str, str]) -> str:
    groups: dict[str, list[str]] = {}
    for key, meaning in given.items():
        groups.setdefault(meaning, [meaning]).append(key)
    return ".".join(":".join(group) for group in groups.values())


def _chosen_at(identity: uuid.UUID) -> int | None:
    """Seconds since 1970, by the clock of the browser: a UUIDv7 begins with its time (RFC 9562)."""
    return (identity.int >> 80) // 1000 if identity.version == 7 else None


def _shared(page: str, server: str) -> str:
    """The longest domain that both hosts are in, empty for one of a single label or an address."""
    common: list[str] = []
    for one, other in zip(reversed(page.split(".")), reversed(server.split(".")), strict=False):
        if one != other:
            break
        common.insert(0, one)
    return ".".join(common) if len(common) > 1 and not common[-1].isdecimal() else ""
