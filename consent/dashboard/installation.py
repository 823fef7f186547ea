"""Looks whether a website's page carries the lines that `consent embed` prints, above all other scripts."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urljoin, urlsplit

from flask_babel import gettext

from consent.cleaning import origin_of
from consent.errors import Invalid

# Seconds, and bytes: who takes longer or sends more is no page for people.
PATIENCE = 10
LARGEST = 2_000_000

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


def fetch(address: str, origins: list[str]) -> Page:
    """The page at an address of one of the site's origins, wherever among these it leads.

    Raises Invalid for another address, and for one that answers with no page.
    """
    opener = urllib.request.build_opener(_OnlyTo(origins))
    _require_own(address, origins)
    request = urllib.request.Request(  # noqa: S310 -- its scheme is that of an origin
        address,
        headers={"User-Agent": "Samtykke (looks whether its tag is there)", "Accept": "text/html"},
    )
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            content_type = answer.headers.get_content_type()
            if content_type not in ("text/html", "application/xhtml+xml"):
                raise Invalid(
                    gettext(
                        "%(address)s is no page: its type is %(type)s.",
                        address=address,
                        type=content_type,
                    )
                )
            charset = answer.headers.get_content_charset() or "utf-8"
            body = answer.read(LARGEST)
            headers = {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        raise Invalid(
            gettext("%(address)s answers with %(status)s.", address=address, status=error.code)
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Invalid(
            gettext("%(address)s does not answer: %(reason)s.", address=address, reason=str(reason))
        ) from None
    try:
        return Page(body.decode(charset, "replace"), headers)
    except LookupError:
        raise Invalid(
            gettext(
                "%(address)s names %(charset)s, which is no encoding.",
                address=address,
                charset=charset,
            )
        ) from None


def check(page: Page, address: str, server: str, site: str) -> Checked:
    """Whether the page carries the tag of `site` from `server`, before all other scripts."""
    parser = _Scripts()
    parser.feed(page.body)
    parser.close()
    before: list[str] = []
    findings: list[Finding] = []
    for script in parser.found:
        kind = _tag(urljoin(address, script.source), server) if script.source else None
        if kind is None:
            if script.runs and not _is_snippet(script.text):
                before.append(script.source or "<script>")
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
    return Checked(address, tuple(dict.fromkeys(findings)), tuple(before))


class _OnlyTo(urllib.request.HTTPRedirectHandler):
    """Follows redirects among the site's own origins."""

    def __init__(self, origins: list[str]) -> None:
        self._origins = origins

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        _require_own(newurl, self._origins)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_own(address: str, origins: list[str]) -> None:
    if origin_of(address) not in origins:
        raise Invalid(
            gettext(
                "This is no address of the site. Its pages begin with %(origins)s.",
                origins=", ".join(origins),
            )
        )


@dataclass
class _Script:
    source: str
    runs: bool
    text: str = ""


class _Scripts(HTMLParser):
    """The scripts of a page, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Script] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            given = {name: value or "" for name, value in attrs}
            kind = given.get("type", "").strip().lower()
            runs = kind in ("", "module", "text/javascript", "application/javascript")
            self.found.append(_Script(given.get("src", "").strip(), runs))
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1].text += data


def _tag(source: str, server: str) -> tuple[str, bool] | None:
    """The site whose script this is, and whether it is pinned; None for another script."""
    path = source.removeprefix(f"{server}/e/")
    if path == source:
        return None
    name, _, pinned = path.partition("?")[0].removesuffix(".js").partition("/")
    return name, bool(pinned)


def _is_snippet(text: str) -> bool:
    """Whether an inline script is the one that `consent embed` prints: it reads the choice, and nothing else does."""
    return "consent=" in text and ("gtag" in text or "uetq" in text or "clarity" in text)


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
