"""Looks whether a website's page carries the lines that `consent embed` prints, above all other scripts."""

import http.client
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin, urlsplit

from flask_babel import gettext
from selectolax.lexbor import LexborHTMLParser

from consent.core import outside
from consent.core.errors import Invalid
from consent.counting.cleaning import origin_of

# Seconds, and bytes: who takes longer or sends more is no page for people.
PATIENCE = 10
LARGEST = 200_000
# Characters of a script, with its tag, that are looked at: of ours, the first say what it is.
LONGEST_SCRIPT = 8000
# Where a script begins, and what else may hold the letters of one without being one (HTML, 13.2.5.2 to 13.2.5.4).
HOLDERS = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
OPENING = re.compile(rf"<(?:!--|({'|'.join(HOLDERS)})(?=[\s/>]))", re.IGNORECASE | re.ASCII)
CLOSING = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE | re.ASCII) for name in HOLDERS}
COMMENT_END = re.compile("-->")
# Scripts before the tag that are named.
MOST_NAMED = 10

Finding = Literal[
    "found",
    "missing",
    "other_site",
    "not_first",
    "pinned",
    "policy",
]


@dataclass(frozen=True)
class Checked:
    """What a page was found to be. `before` names scripts that come before the tag."""

    address: str
    findings: tuple[Finding, ...]
    before: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.findings in (("found",), ("found", "pinned"))


@dataclass
class Page:
    body: str
    headers: dict[str, str] = field(default_factory=dict)


def fetch(address: str, origins: list[str], inside: Collection[str] = ()) -> Page:
    """The page at an address of one of the site's origins, wherever among these it leads.

    `inside` as in outside.exchange. Raises Invalid for another address, and for one that answers with no page.
    """
    _require_own(address, origins)
    asked = {"User-Agent": "Samtykke (looks whether its tag is there)", "Accept": "text/html"}
    try:
        answer = outside.exchange(
            "GET",
            address,
            asked,
            seconds=PATIENCE,
            most=LARGEST,
            inside=inside,
            may_lead_to=lambda target: _require_own(target, origins),
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Invalid(
            gettext("%(address)s does not answer: %(reason)s.", address=address, reason=str(error))
        ) from None
    if answer.status >= 300:
        raise Invalid(
            gettext("%(address)s answers with %(status)s.", address=address, status=answer.status)
        )
    content_type = answer.headers.get_content_type()
    if content_type not in ("text/html", "application/xhtml+xml"):
        raise Invalid(
            gettext(
                "%(address)s is not a web page: its type is %(type)s.",
                address=address,
                type=content_type,
            )
        )
    charset = answer.headers.get_content_charset() or "utf-8"
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        return Page(answer.body.decode(charset, "replace"), headers)
    except LookupError:
        raise Invalid(
            gettext(
                "%(address)s names an unknown encoding: %(charset)s.",
                address=address,
                charset=charset,
            )
        ) from None


def check(page: Page, address: str, server: str, site: str) -> Checked:
    """Whether the page carries the tag of `site` from `server`, before all other scripts."""
    before: list[str] = []
    findings: list[Finding] = []
    for source, runs, text in _scripts(page.body):
        kind = _tag(urljoin(address, source), server) if source else None
        if kind is None:
            if runs and not _is_snippet(text):
                before.append(source or gettext("an inline script"))
            continue
        key, is_pinned = kind
        if key != site:
            findings.append("other_site")
            continue
        findings.append("found")
        if is_pinned:
            findings.append("pinned")
        if before:
            findings.append("not_first")
        break
    if "found" not in findings:
        findings.append("missing")
    elif not _may_run(page.headers.get("content-security-policy", ""), server):
        findings.append("policy")
    return Checked(address, tuple(dict.fromkeys(findings)), tuple(before[:MOST_NAMED]))


def _require_own(address: str, origins: list[str]) -> None:
    if origin_of(address) not in origins:
        raise Invalid(
            gettext(
                "This address is not on the site. Enter one that begins with %(origins)s.",
                origins=", ".join(origins),
            )
        )


def _scripts(body: str) -> Iterator[tuple[str, bool, str]]:
    """The address of each script of a page, in their order, whether it runs, and its text.

    The parser is given one script at a time: its time grows with the square of much that a page may have.
    """
    at = 0
    while opening := OPENING.search(body, at):
        name = opening[1]
        end = (
            CLOSING[name.lower()].search(body, opening.end())
            if name
            else COMMENT_END.search(body, at)
        )
        if name and name.lower() == "script":
            yield _script(body[opening.start() : end.start() if end else None])
        if not end:
            return
        at = end.end()


def _script(text: str) -> tuple[str, bool, str]:
    script = LexborHTMLParser(text[:LONGEST_SCRIPT]).css_first("script")
    attributes = script.attributes if script else {}
    kind = (attributes.get("type") or "").strip().lower()
    runs = kind in ("", "module", "text/javascript", "application/javascript")
    return (attributes.get("src") or "").strip(), runs, script.text() if script else ""


def _tag(source: str, server: str) -> tuple[str, bool] | None:
    """The site whose script this is, and whether it is pinned; None for another script."""
    path = source.removeprefix(f"{server}/e/")
    if path == source:
        return None
    name, _, pinned = path.partition("?")[0].removesuffix(".js").partition("/")
    return name, bool(pinned)


def _is_snippet(text: str) -> bool:
    """Whether an inline script is the one that `consent embed` prints: it reads the choice, and nothing else does."""
    # Its cookie is `consent`, or `consent-` and the key of the site.
    reads = "consent=" in text or "consent(?:-" in text
    return reads and ("gtag" in text or "uetq" in text or "clarity" in text)


def _may_run(policy: str, server: str) -> bool:
    """Whether a content security policy lets scripts of the server run, as far as its list of sources says."""
    rules = dict(_rules(policy))
    sources = rules.get("script-src-elem") or rules.get("script-src") or rules.get("default-src")
    if sources is None or "'strict-dynamic'" in sources:
        return True
    parts = urlsplit(server)
    good = {"*", f"{parts.scheme}:", parts.netloc, server, f"{server}/"}
    return any(
        source in good
        or source.startswith((f"{server}/e", "'nonce-", "'sha256-"))
        or (source.startswith("*.") and parts.netloc.endswith(source[1:]))
        for source in sources
    )


def _rules(policy: str) -> Iterator[tuple[str, list[str]]]:
    for rule in policy.split(";"):
        name, *sources = rule.split() or [""]
        yield name.lower(), sources
