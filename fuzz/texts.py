"""The parsers of texts, and what has to hold for each, whatever the text. Each function raises where it does not."""

import json
import re
import tomllib
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from consent.core import emails, paths, tokens
from consent.core.errors import BadToken, ExpiredToken, ForeignToken, Invalid
from consent.counting import cleaning, logformats, robots, useragent, weblog
from consent.counting.networks import Countries, Networks, first_public
from consent.ledger import first_party
from consent.ledger.decisions import Choice
from consent.notice import drafts
from consent.site import edit, forms, schema
from consent.site.schema import SiteFile, SiteFileError
from consent.site.versions import Published

# Named here, since the package of the demo loads a whole server.
DEMO = paths.DEMO / "07sor.toml"
DEEPEST = 8
KEYS = ("a-key-for-fuzzing-that-is-long-enough",)
SITE = "07sor"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
VISITOR = uuid.UUID("0198c0de-7a11-7b0c-9b2e-5c6a6f0e1d20")
CHOICE = Choice.model_validate(
    {
        **{"id": str(VISITOR), "version": 1, "language": "nb", "action": "refuse"},
        **{"source": "banner", "purposes": {"analytics": False}},
    }
)


def text_of(data: bytes) -> str:
    """As the server decodes what is no UTF-8."""
    return data.decode("utf-8", "replace")


def site_file(data: bytes) -> None:
    """It is refused with mistakes that name a line of it, or gives a site file that is stored and read as the same."""
    source = text_of(data)
    lines = source.count("\n") + 1
    try:
        parsed = schema.parse(source)
    except SiteFileError as error:
        for mistake in error.mistakes:
            assert 1 <= mistake.line <= lines, (mistake, lines)
            assert str(mistake), mistake
            assert len(mistake.message) < 20_000 + 2 * len(source), mistake
    else:
        stored = json.loads(json.dumps(schema.content(parsed)))
        assert schema.whole(schema.load(stored)) == schema.whole(parsed)


def toml_edit(data: bytes) -> None:
    """An edit is refused, or it says what was asked, and all else stands as it was written.

    The first line says what to change: `write site.name=Words`, `remove services 0`, `swap services 0`.
    """
    line, _, source = text_of(data).partition("\n")
    what, _, rest = line.partition(" ")
    if drafts.syntax_of(source):
        return  # a draft is read before it is edited
    before = tomllib.loads(source)
    with suppress(Invalid):
        if what in ("remove", "swap"):
            kind, _, number = rest.partition(" ")
            index = int(number) if re.fullmatch("[0-9]{1,3}", number) else 0
            made = getattr(edit, what)(source, kind, index)
            _require_rows(tomllib.loads(made).get(kind, []), before[kind], what, index)
            _require_others(tomllib.loads(made), before, kind)
            assert Counter(_comments(made)) <= Counter(_comments(source))
        else:
            written, _, value = rest.partition("=")
            # No form has fields that lie deeper.
            names = written.split(".", DEEPEST)[:DEEPEST]
            path = tuple(int(each) if re.fullmatch("[0-9]{1,2}", each) else each for each in names)
            made = edit.write(source, {path: value})
            assert edit.at(tomllib.loads(made), path) == value
            _require_rest(source, made)


def _require_rows(after: list[Any], before: list[Any], what: str, index: int) -> None:
    expected = [*before]
    if what == "remove":
        del expected[index]
    else:
        expected[index], expected[index + 1] = expected[index + 1], expected[index]
    assert after == expected


def _require_others(after: Mapping[str, Any], before: Mapping[str, Any], kind: str) -> None:
    assert {**after, kind: None} == {**before, kind: None}


def _comments(source: str) -> list[str]:
    return [line for line in source.split("\n") if line.startswith("#")]


def _require_rest(source: str, made: str) -> None:
    """One place of the text is another one, no larger than a value: nothing else moved."""
    start = next(
        (at for at, (one, other) in enumerate(zip(source, made, strict=False)) if one != other),
        min(len(source), len(made)),
    )
    shorter = min(len(source), len(made)) - start
    end = next(
        (back for back in range(shorter) if source[-1 - back] != made[-1 - back]),
        shorter,
    )
    gone = source[start : len(source) - end]
    # A value of several lines has quotes or brackets around it; what else is gone lies on one line.
    assert "\n" not in gone.strip("\n") or re.search(r"""["'\[{]""", gone), gone
    assert "#" not in gone or re.search(r"""["'\[{]""", gone), gone


def site_form(data: bytes) -> None:
    """What a form sends is refused, or goes into the draft so that the form shows it again.

    The first line is a part, and the number of a row where it has rows; the second is the form.
    """
    first, _, rest = text_of(data).partition("\n")
    part, _, number = first.partition(" ")
    if part not in (*forms.PARTS, *forms.ROWS):
        part = "site"
    index = int(number) if re.fullmatch("[0-9]{1,2}", number) and part in forms.ROWS else None
    place = forms.Place(part, index)
    if not place.is_there(demo()):
        return
    form = MultiDict(parse_qsl(rest, keep_blank_values=True))
    with suppress(Invalid):
        values = forms.sent(place, form, demo())
        made = edit.write(demo(), values)
        after = tomllib.loads(made)
        assert all(
            edit.at(after, path) == value for path, value in values.items() if value is not None
        )


@cache
def demo() -> str:
    return DEMO.read_text(encoding="utf-8")


@cache
def demo_site() -> SiteFile:
    return schema.parse(demo())


def token(data: bytes) -> None:
    """It is refused, or it is one of those that this server has signed, and says what it was signed for."""
    text = text_of(data)
    with suppress(BadToken, ForeignToken, ExpiredToken):
        assert tokens.read(KEYS, SITE, text, NOW) == VISITOR
        assert text.startswith(f"{SITE}.{VISITOR.hex}.")
    with suppress(BadToken, ForeignToken):
        assert tokens.read_subscription(KEYS, SITE, text) == VISITOR
    with suppress(BadToken, ExpiredToken):
        assert tokens.read_reset(KEYS, text, NOW) == (VISITOR, "fingerprint")
    with suppress(BadToken):
        assert tokens.read_device(KEYS, text, "alice@example.no") is None or "." in text


def cookie(data: bytes) -> None:
    """The cookie of the choice is set as one cookie and nothing else, whatever came in the request's headers.

    The lines are the origin, the host, the site's nearness and the cookies, as headers have them.
    """
    lines = data.decode("latin-1").split("\n")
    names = ("HTTP_ORIGIN", "HTTP_HOST", "HTTP_SEC_FETCH_SITE", "HTTP_COOKIE")
    environ = {
        name: re.sub("[\0\r]", "", line) for name, line in zip(names, lines, strict=False) if line
    }
    if (where := first_party.place(environ, SITE)) is None:
        return
    version = _version()
    value = first_party.value(environ, where, version, CHOICE, "07sor.token", NOW)
    if value is None:
        return
    name, header = first_party.header(where, value, 60)
    assert name == "Set-Cookie"
    assert re.fullmatch(r"[a-z0-9-]+=1~[A-Za-z0-9_.:~?-]*(; [!-:<-~]+)+", header), header
    assert len(value) <= first_party.MAX_VALUE, len(value)
    # As browsers and scripts read it.
    assert first_party.place({**environ, "HTTP_COOKIE": f"{where.name}={value}"}, SITE) == where


@cache
def _version() -> Published:
    return Published(SITE, 1, "0" * 64, demo_site(), {"nb": "0" * 64})


def email(data: bytes) -> None:
    """It is refused, or is one address of ASCII on one line, which is taken once more as the same."""
    text = text_of(data)
    with suppress(Invalid):
        made = emails.address(text, text)
        assert re.fullmatch(r"[!-~]+@[!-~]+", made.addr_spec), made.addr_spec
        assert emails.address(made.addr_spec).addr_spec == made.addr_spec


def language(data: bytes) -> None:
    """An Accept-Language header, as it comes, is one of the languages that there are, or none."""
    found = cleaning.language(data.decode("latin-1"))
    assert found in cleaning.LANGUAGES | {cleaning.UNKNOWN}, found


def user_agent(data: bytes) -> None:
    """A User-Agent header, as it comes, gives a kind of device that there is, and short names."""
    header = data.decode("latin-1")
    robots.is_robot(header)
    found = useragent.classify(header)
    assert found.device in ("phone", "tablet", "desktop", "other"), found
    assert len(found.browser) + len(found.system) <= 2 * useragent.LONGEST, found


def address(data: bytes) -> None:
    """What is kept of a path, a referrer and a query is short, printable, and the same when it is cleaned again."""
    text = text_of(data)
    path = cleaning.path(text)
    assert len(path) <= cleaning.LONGEST_VALUE
    assert path.isprintable(), path
    assert cleaning.path(path) == path, path
    found = cleaning.source(text)
    assert len(found.host) <= cleaning.LONGEST_VALUE
    assert found.host.isprintable(), found
    cleaning.campaign(text, ("utm_source", "utm_campaign"))
    first_public(text)


def log(data: bytes) -> None:
    """Every line of a log is read, left out or refused, by every reader; what is shown of one has no addresses."""
    lines = text_of(data).split("\n")
    shown = [weblog.shown(line) for line in lines]
    assert all(len(each) <= weblog.LONGEST_SHOWN and each.isprintable() for each in shown)
    readers = [logformats.named(name) for name in logformats.NAMES]
    with suppress(Invalid):
        readers += [best] if (best := logformats.detect(lines)) else []
    for reader in readers:
        # A line that names other columns, and too few, ends the import.
        with suppress(Invalid):
            list(weblog._views(lines, reader, rules(), weblog.Imported()))


def log_format(data: bytes) -> None:
    """A layout is refused, or reads and refuses lines: the first line is the layout, the others are lines."""
    layout, *lines = text_of(data).split("\n")
    with suppress(Invalid):
        reader = logformats.named(layout)
        list(weblog._views(lines, reader, rules(), weblog.Imported()))


@cache
def rules() -> weblog.Rules:
    kept = (date(2026, 1, 1), (NOW + timedelta(days=1)).date())
    return weblog.Rules(demo_site(), Networks(""), Countries(""), kept)
