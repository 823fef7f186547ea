"""`consent import-log` reads what web servers write.

The files in tests/logs were written by nginx, Apache and Caddy, and made by hand for IIS and CloudFront.
In each two pages are viewed; all else in it is no page view.
"""

import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from consent.stats import visits
from tests import factories
from tests.conftest import Command
from tests.counting.test_weblog import line
from tests.counting.test_weblog import pages as pages_until
from tests.factories import CHROME
from tests.promises.test_no_address import everything_stored, forms

LOGS = Path(__file__).parent / "logs"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
# Fewer are shown as nothing.
TIMES = 12
FORMATS = {
    "nginx-combined": "combined",
    "nginx-main": "combined_forwarded",
    "nginx-json": "json",
    "nginx-json-split": "json",
    "apache-vhost_combined": "vhost_combined",
    "apache-forwarded": "forwarded_combined",
    "apache-forwarded-only": "combined",
    "caddy": "caddy",
    "caddy-iso": "caddy",
    "iis": "iis",
    "cloudfront": "cloudfront",
}


def log_of(name: str) -> str:
    return (LOGS / f"{name}.log").read_text(encoding="utf-8") * TIMES


@pytest.fixture
def told(command: Command, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Imports a log of this text: the exit code, what was said, and what was complained of."""

    def run(content: str | bytes, *options: str, name: str = "access.log") -> tuple[int, str, str]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with time_machine.travel(NOW, tick=False):
            return command("import-log", "07sor", str(path), *options)

    return run


@pytest.fixture
def imported(app: Flask, told):  # type: ignore[no-untyped-def]
    """Imports a log, and gives what was said, and the figures by page."""

    def run(content: str | bytes, *options: str, **more: str) -> tuple[str, dict[str, int]]:
        code, said, complaint = told(content, *options, **more)
        assert code == 0, complaint
        return said, pages(app)

    return run


def pages(app: Flask, by: visits.By = "page") -> dict[str, int]:
    with time_machine.travel(NOW, tick=False):
        return pages_until(app, by, NOW)


@pytest.mark.parametrize(("name", "found"), FORMATS.items())
def test_a_format_is_found_out_and_said(app: Flask, imported, name: str, found: str) -> None:  # type: ignore[no-untyped-def]
    said, counted = imported(log_of(name))

    assert f"lines, {found}; 24 page views counted" in said
    assert "0 unreadable" in said
    assert counted == {"/tjenester/": TIMES, "/": TIMES}
    assert pages(app, "referrer") == {"google.com": TIMES, "direct": TIMES}
    assert pages(app, "browser") == {"Chrome": 2 * TIMES}
    assert pages(app, "hour") == {"09": 2 * TIMES}


def test_the_common_format_has_page_views_and_no_visits(app: Flask, imported) -> None:  # type: ignore[no-untyped-def]
    said, counted = imported(log_of("apache-common"))

    assert "lines, common; 24 page views counted" in said
    assert counted == {"/tjenester/": TIMES, "/": TIMES}
    assert pages(app, "browser") == {}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("access.log.gz", gzip.compress),
        ("access.log-20261128", gzip.compress),
        ("access.log.zst", "zstd"),
        ("access.log.2", "zstd"),
    ],
)
def test_a_packed_log_is_unpacked_whatever_it_is_called(imported, name: str, pack) -> None:  # type: ignore[no-untyped-def]
    if pack == "zstd":
        pack = pytest.importorskip("backports.zstd").compress
    _, counted = imported(pack(log_of("nginx-main").encode()), name=name)

    assert counted == {"/tjenester/": TIMES, "/": TIMES}


def test_a_zstd_file_that_is_not_whole_is_said(told) -> None:  # type: ignore[no-untyped-def]
    zstd = pytest.importorskip("backports.zstd")
    code, _, said = told(zstd.compress(log_of("caddy").encode())[:-9], name="access.log.zst")

    assert code == 1
    assert "access.log.zst: incomplete, or not a zstd file" in said


def test_without_a_library_for_zstd_the_mend_is_said(told, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    for name in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    code, _, said = told(b"\x28\xb5\x2f\xfd", name="access.log.zst")

    assert code == 1
    assert "Install backports.zstd" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("host", ["www.other.example", "127.0.0.2", "sub.127.0.0.1"])
def test_other_hosts_are_left_out(imported, host: str) -> None:  # type: ignore[no-untyped-def]
    own, other = (f"{each}:443 {line('/side', agent=CHROME)}" for each in ("127.0.0.1", host))
    moved = (own * TIMES + other * TIMES).replace("20/Nov", "28/Nov")
    said, counted = imported(moved)

    assert "12 page views counted" in said
    assert "12 of other hosts" in said
    assert counted == {"/side": TIMES}


@pytest.mark.parametrize(
    "path",
    [
        "/feed/",
        "/nyheter/feed",
        "/feed/atom/",
        "/rss",
        "/?feed=rss2",
        "/sitemap.xml",
        "/data.json",
        "/wp-json/wp/v2/posts",
        "/?rest_route=/wp/v2/posts",
        "/nyheter?format=json",
        "/api/v1/varer",
        "/graphql?query=x",
        "/wp-admin/",
        "/blogg/wp-admin/admin-ajax.php",
        "/wp-login.php",
        "/admin/",
        "/administrator/index.php",
        "/.well-known/security.txt",
    ],
)
def test_feeds_json_and_administration_are_no_pages(imported, path: str) -> None:  # type: ignore[no-untyped-def]
    said, _ = imported(line(path) * TIMES)

    assert "0 page views counted" in said
    assert "12 not page views" in said


@pytest.mark.parametrize("path", ["/apier", "/feeding", "/administrasjon", "/nyheter?side=2"])
def test_pages_whose_names_only_begin_so_are_pages(imported, path: str) -> None:  # type: ignore[no-untyped-def]
    said, _ = imported(line(path) * TIMES)

    assert "12 page views counted" in said


@pytest.mark.parametrize(
    ("addresses", "network"),
    [
        ("203.0.113.9, 10.0.0.1", "Fjordnett AS"),
        ("unknown, 10.0.0.7, 203.0.113.9", "Fjordnett AS"),
        ("unknown, 203.0.113.9:51234", "Fjordnett AS"),
        ("::ffff:203.0.113.9", "Fjordnett AS"),
        ("203.0.113.9, 198.51.100.4", "Fjordnett AS"),
        ("-", "Heimnett SA"),
        ("10.0.0.1", "Heimnett SA"),
    ],
)
@pytest.mark.parametrize("is_last", [True, False])
def test_the_first_valid_public_address_counts(
    app: Flask, imported, networked, addresses: str, network: str, is_last: bool
) -> None:  # type: ignore[no-untyped-def]
    rest = f'198.51.100.23 - - [28/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "{CHROME}"'
    imported((f'{rest} "{addresses}"\n' if is_last else f"{addresses} {rest}\n") * TIMES)

    assert pages(app, "network") == {network: TIMES}
    stored = everything_stored(app)
    for address in ("203.0.113.9", "198.51.100.23", "10.0.0.7"):
        assert not [form for form in forms(address) if form in stored]


@pytest.fixture
def networked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command has a database of two networks."""
    path = factories.isp_database(tmp_path / "isp.mmdb")
    monkeypatch.setenv("CONSENT_ISP_DATABASE", str(path))


NAMED = {
    "%h|%t|%r|%>s|%{Referer}i|%{User-Agent}i": (
        f"203.0.113.9|[28/Nov/2026:08:00:00 +0000]|GET /side HTTP/1.1|200|-|{CHROME}"
    ),
    '%h %l %u %t \\"%r\\" %>s %b': (
        '203.0.113.9 - - [28/Nov/2026:08:00:00 +0000] "GET /side HTTP/1.1" 200 12'
    ),
    "%{%Y-%m-%d %T}t [%a] %m %U%q %s %B": "2026-11-28 08:00:00 [203.0.113.9] GET /side?x=1 200 12",
    "%{msec}t %m %U %>s": "1795852800123 GET /side 200",
    '$time_iso8601;$host$request_uri;$request_method;$status;"$http_user_agent"': (
        f'2026-11-28T08:00:00+00:00;127.0.0.1/side?a=b;GET;200;"{CHROME}"'
    ),
    '${msec} $upstream_addr "$request" $status': (
        '1795852800.123 10.0.0.1:80, 10.0.0.2:80 "GET /side HTTP/2.0" 200'
    ),
    "#Fields: date time cs-method cs-uri-stem sc-status": "2026-11-28 08:00:00 GET /side 200",
    "common": '- - - [28/Nov/2026:08:00:00 +0000] "GET /side HTTP/1.1" 200 12 "-" "curl"',
}


@pytest.mark.parametrize(("layout", "written"), NAMED.items())
def test_fields_are_named_as_the_servers_configuration_does(
    imported, layout: str, written: str
) -> None:  # type: ignore[no-untyped-def]
    said, counted = imported(f"{written}\n" * TIMES, "--format", layout)

    assert "12 page views counted" in said, said
    assert counted == {"/side": TIMES}


@pytest.mark.parametrize(
    ("layout", "complaint"),
    [
        ("combnied", "'combnied' is not a format. Use one of vhost_combined, "),
        ('%h "%r" %>s', "does not say where the time is"),
        ("$remote_addr $time_local", "does not say where the status and the request is"),
        ("$msec $request $status", "1: --format does not fit this line: "),
    ],
)
def test_a_format_that_does_not_do_is_said(told, layout: str, complaint: str) -> None:  # type: ignore[no-untyped-def]
    code, _, said = told(line(), "--format", layout)

    assert code == 1
    assert complaint in said
    assert len(said.splitlines()) == 1


def test_an_unknown_format_is_shown_without_addresses(told) -> None:  # type: ignore[no-untyped-def]
    code, said, complaint = told(
        "\n203.0.113.77 2001:db8::77 did\x1b[31m something at 08:00:00\n" * 3
    )

    assert code == 1
    assert not said
    assert (
        "access.log:2: no known format reads this line: … … did\\x1b[31m something at 08:00:00"
        in complaint
    )
    assert "--format" in complaint
    assert len(complaint.splitlines()) == 1


def test_the_first_line_that_is_unreadable_is_shown(told) -> None:  # type: ignore[no-untyped-def]
    code, said, complaint = told(line() * 3 + "203.0.113.77 says hello\n" + line() + "what?\n")

    assert code == 0
    assert "2 unreadable" in said
    assert "access.log:4: the first unreadable line: … says hello" in complaint
    assert "what?" not in complaint


def test_what_was_no_http_is_no_page_view(imported) -> None:  # type: ignore[no-untyped-def]
    odd = "".join(
        line(request=each, status=400, agent="-", moment="28/Nov/2026:08:00:00 +0000")
        for each in (r"\x16\x03\x01\x02\x00\x01", "-", "")
    )
    said, _ = imported(line() + odd)

    assert "3 not page views" in said
    assert "0 unreadable" in said


def test_json_of_nginx_with_escapes_that_json_does_not_have_is_read(imported) -> None:  # type: ignore[no-untyped-def]
    content = log_of("nginx-json").replace('\\"a b\\"', "\\x22\\xC3\\xA6\\x22")
    said, counted = imported(content)

    assert "0 unreadable" in said
    assert counted["/tjenester/"] == TIMES


def test_what_else_caddy_logs_is_no_page_view(imported) -> None:  # type: ignore[no-untyped-def]
    other = '{"level":"info","ts":1795852985.3,"logger":"tls","msg":"cleaning storage unit"}\n'
    proxied = log_of("caddy").replace("http.log.access.log0", "http.handlers.reverse_proxy")
    said, counted = imported(other + log_of("caddy") + proxied)

    assert "24 page views counted" in said
    assert "0 unreadable" in said
    assert counted == {"/tjenester/": TIMES, "/": TIMES}


def test_columns_may_change_within_a_file(imported) -> None:  # type: ignore[no-untyped-def]
    first = (
        "#Fields: date time cs-method cs-uri-stem sc-status\n2026-11-28 08:00:00 GET /side 200\n"
    )
    then = "#Date: 2026-11-28 09:00:00\n#Fields: time cs-uri-stem cs-method sc-status\n09:00:00 /side GET 200\n"
    said, counted = imported((first + then) * TIMES)

    assert "24 page views counted" in said
    assert counted == {"/side": 2 * TIMES}


def test_an_empty_log_is_said(imported) -> None:  # type: ignore[no-untyped-def]
    assert "0 lines, empty; 0 page views counted" in imported("")[0]


def test_a_path_has_the_name_that_the_script_gives_it(imported) -> None:  # type: ignore[no-untyped-def]
    content = (
        "#Fields: date time cs-method cs-uri-stem sc-status\n"
        + "2026-11-28 08:00:00 GET /kjøp 200\n2026-11-28 08:00:00 GET /kj%C3%B8p 200\n" * TIMES
    )

    assert imported(content)[1] == {"/kj%C3%B8p": 2 * TIMES}
