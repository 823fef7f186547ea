"""Sitemaps: which pages they name, whatever a website answers, and when they are read."""

import gzip
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.core.db import db
from consent.models import PublicPage
from consent.stats import public_pages, sitemaps
from tests import factories
from tests.conftest import publish
from tests.websites import Website, redirect, serving

HERE = ("127.0.0.1",)
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@pytest.fixture
def website() -> Iterator[Website]:
    with serving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[Website]:
    with serving() as found:
        yield found


def read(website: Website, *more: Website) -> sitemaps.Found:
    return sitemaps.read([each.origin for each in (website, *more)], HERE)


def pages(website: Website) -> list[str]:
    found = read(website)
    assert found.problems == []
    return list(found.pages)


class TestFiles:
    """What a file says; {} is the website's origin."""

    @pytest.mark.parametrize(
        ("file", "named"),
        [
            ("<urlset><url><loc>{}/a</loc></url><url><loc>{}/b</loc></url></urlset>", ["/a", "/b"]),
            (f"<urlset xmlns='{NAMESPACE}'><url><loc>{{}}/a</loc></url></urlset>", ["/a"]),
            (
                f"<s:urlset xmlns:s='{NAMESPACE}'><s:url><s:loc>{{}}/a</s:loc></s:url></s:urlset>",
                ["/a"],
            ),
            ("<urlset><url><loc><![CDATA[{}/a?b&c]]></loc></url></urlset>", ["/a"]),
            ("<urlset><url><loc>\n  {}/a<!-- b -->c\n</loc></url></urlset>", ["/ac"]),
            ("<urlset><url><loc>{}/a&#x2d;b?c&amp;d</loc></url></urlset>", ["/a-b"]),
            ("<urlset><url><loc>{}</loc></url></urlset>", ["/"]),
            (
                "<urlset><url><loc>{}/kafé/%C3%A6 ø</loc></url></urlset>",
                ["/kaf%C3%A9/%C3%A6%20%C3%B8"],
            ),
            ("<urlset><url><loc>{}/order/7301942</loc></url></urlset>", ["/order/…"]),
            (
                "<urlset><url><loc>{}/a</loc><image:image><image:loc>{}/i.jpg</image:loc></image:image>"
                "<image:loc>{}/j.jpg</image:loc></url></urlset>",
                ["/a"],
            ),
            ("<urlset><url><xhtml:link href='{}/b'/><loc>{}/a</loc></url></urlset>", ["/a"]),
            ("<urlset><loc>{}/a</loc><url><x><loc>{}/b</loc></x></url></urlset>", []),
            ("<urlset><url><loc>{}/a<b/>c</loc></url></urlset>", []),
            ("<urlset><url><loc>/a</loc></url><url><loc>http://[</loc></url></urlset>", []),
            ("<urlset><url><loc>https://elsewhere.example/a</loc></url></urlset>", []),
            ("<urlset><url><loc>{}/" + "a" * 2048 + "</loc></url></urlset>", []),
            ("<urlset/>", []),
            ("<rss><channel><item><link>{}/a</link></item></channel></rss>", []),
        ],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gzip"])
    def test_they_name_pages_as_they_are_counted(self, website, file, named, encoding):
        text = '<?xml version="1.0" encoding="UTF-8"?>\n' + file.replace("{}", website.origin)
        is_packed = encoding == "gzip"
        body = gzip.compress(text.encode()) if is_packed else text.encode(encoding)
        website.files["/sitemap.xml"] = body
        assert pages(website) == named

    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            ("<!doctype html><title>Shop</title>", "syntax error"),
            ("", "no element found"),
            ("{good}</url>", "mismatched tag"),
            ("{good}<url><loc>&nbsp;", "undefined entity"),
            ("{good}<url><loc>a&b</loc>", "not well-formed"),
            ("{good}" + "<x>" * 30, "too deep"),
            ("{good}\0", "not well-formed"),
            (b"\x1f\x8b" + b"\x00" * 20, "unknown compression"),
            (gzip.compress(b"<urlset><url>", mtime=0)[:-12], "no element found"),
            ("<!DOCTYPE urlset [<!ENTITY a 'a'>]>{good}</urlset>", "document type"),
        ],
    )
    def test_a_damaged_one_counts_up_to_its_fault(self, website, body, fault):
        good = f"<urlset><url><loc>{website.origin}/a</loc></url>"
        website.files["/sitemap.xml"] = (
            body.replace("{good}", good) if isinstance(body, str) else body
        )
        found = read(website)
        assert fault in found.problems[0]
        has_page = isinstance(body, str) and body.startswith("{good}")
        assert list(found.pages) == (["/a"] if has_page else [])

    @pytest.mark.parametrize(
        "piece",
        [
            *("<x>", "<x></x>", "<x/>", "</x>", "&amp;", "x", "<!--x-->", "<![CDATA[x]]>"),
            *("<!--", "<![CDATA[", "<?", "<x a='", "<url><loc>", "<url><loc>x</loc></url>", "]]"),
        ],
    )
    def test_the_time_for_one_grows_with_it_whatever_is_in_it(self, piece):
        took = []
        for times in (20_000, 80_000):
            body = f"<urlset>{piece * times}".encode()
            began = time.process_time()
            sitemaps.addresses(body)
            took.append(time.process_time() - began)
        # Sixteen times as long is what grows with the square.
        assert took[1] < 10 * max(took[0], 0.01)

    def test_attributes_take_no_longer_for_being_many(self):
        took = []
        for times in (10_000, 40_000):
            attributes = " ".join(f"a{number}=''" for number in range(times))
            body = f"<urlset {attributes}>".encode()
            began = time.process_time()
            sitemaps.addresses(body)
            took.append(time.process_time() - began)
        assert took[1] < 10 * max(took[0], 0.01)


class TestPlaces:
    def test_robots_txt_says_where_they_are(self, website):
        website.files = {
            "/robots.txt": (
                "User-agent: *\r\nDisallow: /\r\n"
                f"sitemap :  {website.origin}/one.xml # the first\rSITEMAP: /two.xml.gz\n"
                "Sitemap: http://[\nSitemap:\n# Sitemap: /no.xml\nSitemap: https://elsewhere.example/x.xml\n"
            ),
            "/one.xml": website.sitemap("/a"),
            "/two.xml.gz": gzip.compress(website.sitemap("/b").encode()),
        }
        assert pages(website) == ["/a", "/b"]
        assert "/sitemap.xml" not in website.asked

    @pytest.mark.parametrize("robots", [404, 403, "<html>Welcome</html>", "Sitemap: //a.example/"])
    def test_where_it_says_nothing_there_is_a_usual_place(self, website, robots):
        website.files = {"/robots.txt": robots, "/sitemap.xml": website.sitemap("/a")}
        assert pages(website) == ["/a"]

    def test_an_index_is_followed_one_level(self, website):
        website.files = {
            "/sitemap.xml": website.index("/a.xml", "/b.xml", "/a.xml", "/sitemap.xml"),
            "/a.xml": website.sitemap("/a"),
            "/b.xml": website.index("/c.xml"),
            "/c.xml": website.sitemap("/c"),
        }
        assert pages(website) == ["/a"]
        assert website.asked == ["/robots.txt", "/sitemap.xml", "/a.xml", "/b.xml"]

    def test_those_of_all_origins_count(self, website, other):
        website.files["/sitemap.xml"] = website.sitemap("/a")
        # A robots.txt may name sitemaps of another of the site's origins.
        other.files["/robots.txt"] = f"Sitemap: {website.origin}/b.xml"
        website.files["/b.xml"] = other.sitemap("/b")
        assert list(read(website, other).pages) == ["/a", "/b"]

    @pytest.mark.parametrize("place", ["robots", "index", "redirect", "robots redirect"])
    def test_no_other_is_asked(self, website, other, place):
        foreign = f"{other.origin}/sitemap.xml"
        other.files["/sitemap.xml"] = other.sitemap("/x") + website.sitemap("/y")
        website.files = {
            "robots": {"/robots.txt": f"Sitemap: {foreign}"},
            "index": {
                "/sitemap.xml": f"<sitemapindex><sitemap><loc>{foreign}</loc></sitemap></sitemapindex>"
            },
            "redirect": {"/sitemap.xml": redirect(foreign)},
            "robots redirect": {"/robots.txt": redirect(f"{other.origin}/robots.txt")},
        }[place]
        found = read(website)
        assert (list(found.pages), other.asked) == ([], [])
        assert bool(found.problems) == ("redirect" in place)

    def test_a_redirect_within_the_site_is_followed(self, website, other):
        other.files["/sitemap.xml"] = website.sitemap("/a")
        website.files["/sitemap.xml"] = redirect(f"{other.origin}/sitemap.xml")
        assert list(read(website, other).pages) == ["/a"]

    def test_the_servers_own_network_is_not_asked(self, website):
        (problem,) = sitemaps.read([website.origin]).problems
        assert "own network" in problem
        assert website.asked == []


def endless(piece: bytes, pause: float = 0.0):  # type: ignore[no-untyped-def]
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(piece)
            time.sleep(pause)

    return answer


class TestBounds:
    def test_of_a_long_one_the_beginning_counts(self, website, monkeypatch):
        monkeypatch.setattr(sitemaps, "LARGEST", 20_000)
        website.files["/sitemap.xml"] = website.sitemap(*map(_name, range(1000)))
        found = pages(website)
        assert 100 < len(found) < 400
        assert found == list(map(_name, range(len(found))))
        website.files["/sitemap.xml"] = gzip.compress(website.files["/sitemap.xml"].encode())  # type: ignore[union-attr]
        assert pages(website) == found

    def test_what_grows_when_it_is_unpacked_grows_no_further(self):
        bomb = gzip.compress(b"<urlset>" + b" " * 30_000_000)
        assert len(bomb) < 50_000
        assert sitemaps.addresses(bomb).fault == ""

    @pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml"])
    def test_one_that_never_ends_is_cut(self, website, monkeypatch, path):
        for name in ("LARGEST", "LARGEST_ROBOTS"):
            monkeypatch.setattr(sitemaps, name, 100_000)
        website.files["/sitemap.xml"] = website.sitemap("/a")
        website.files[path] = endless(b"<x>" * 1000)
        began = time.monotonic()
        read(website)
        assert time.monotonic() - began < sitemaps.PATIENCE

    @pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml"])
    def test_one_that_drips_is_given_up(self, website, monkeypatch, path):
        monkeypatch.setattr(sitemaps, "PATIENCE", 0.4)
        website.files[path] = endless(b"<x>", 0.02)
        (problem,) = read(website).problems
        assert "longer than 0.4 seconds" in problem

    def test_all_of_a_site_has_an_end(self, website, monkeypatch):
        monkeypatch.setattr(sitemaps, "PATIENCE_FOR_ALL", 0.0)
        (problem,) = read(website).problems
        assert "longer than 0 seconds" in problem
        assert website.asked == []

    def test_few_files_are_asked_for(self, website):
        names = list(map(_name, range(100)))
        website.files = {name: website.sitemap(name) for name in names}
        website.files["/sitemap.xml"] = website.index(*names)
        assert len(pages(website)) == sitemaps.MOST_REQUESTS - 2
        assert len(website.asked) == sitemaps.MOST_REQUESTS

    def test_redirects_count(self, website):
        website.files["/robots.txt"] = "\n".join(f"Sitemap: /{number}" for number in range(10))
        website.files |= {f"/{number}": redirect(f"/{number}") for number in range(10)}
        read(website)
        # The first ones lead on five times each, and the last not to its end.
        assert sitemaps.MOST_REQUESTS - 3 <= len(website.asked) <= sitemaps.MOST_REQUESTS

    def test_few_pages_are_kept(self, website, monkeypatch):
        monkeypatch.setattr(public_pages, "MOST", 3)
        website.files["/sitemap.xml"] = website.sitemap("/a", "/a", "/b", "/c", "/d")
        assert pages(website) == ["/a", "/b", "/c"]


def _name(number: int) -> str:
    return "/page-" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


@pytest.fixture
def public(app: Flask, website: Website) -> Iterator[Session]:
    """The shop, at the website, with figures for everybody."""
    with app.app_context():
        publish(shop(website, "public = true"))
        yield db.session()


def shop(website: Website, hits: str) -> str:
    return factories.shop(
        **{
            '["https://shop.example", "https://www.shop.example"]': f'["{website.origin}"]',
            "[hits]": f"[hits]\n{hits}",
        }
    )


def kept(session: Session, site: str = "krukke") -> list[str]:
    query = select(PublicPage.path).where(PublicPage.site == site).order_by(PublicPage.path)
    return list(session.scalars(query))


def look(session: Session, after: timedelta = timedelta(0)) -> None:
    sitemaps.fetch_due(session, lambda: NOON + after, HERE)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TestLooks:
    @pytest.mark.parametrize(
        ("status", "pauses"),
        [(200, [DAY, 2 * DAY]), (404, [DAY, 2 * DAY]), (500, [6 * HOUR, 12 * HOUR])],
    )
    def test_each_site_is_looked_at_once_a_day(self, public, website, status, pauses):
        website.files["/sitemap.xml"] = website.sitemap("/a") if status == 200 else status
        look(public)
        for times, pause in enumerate(pauses, start=1):
            assert website.asked.count("/sitemap.xml") == times
            look(public, pause - timedelta(minutes=1))
            assert website.asked.count("/sitemap.xml") == times
            look(public, pause)

    def test_new_pages_take_the_place_of_the_old(self, public, website):
        website.files["/sitemap.xml"] = website.sitemap("/a", "/b")
        look(public)
        assert kept(public) == ["/a", "/b"]
        website.files["/sitemap.xml"] = website.sitemap("/b", "/c")
        look(public, DAY)
        assert kept(public) == ["/b", "/c"]
        website.files["/sitemap.xml"] = 404
        look(public, 2 * DAY)
        assert kept(public) == []

    def test_where_a_look_fails_the_old_ones_stay(self, public, website, caplog):
        website.files["/sitemap.xml"] = website.sitemap("/a", "/b")
        look(public)
        failures = (500, 403, "<html>", redirect("http://127.0.0.1:1/"))
        for days, failure in enumerate(failures, start=1):
            website.files["/sitemap.xml"] = failure
            look(public, days * DAY)
            assert website.asked.count("/sitemap.xml") == 1 + days
            assert kept(public) == ["/a", "/b"]
        website.files["/sitemap.xml"] = website.sitemap("/c")[:-5]
        with caplog.at_level(logging.ERROR):
            look(public, 9 * DAY)
        assert kept(public) == ["/a", "/b", "/c"]
        assert f"Site krukke: a sitemap is not read: {website.origin}/sitemap.xml:" in caplog.text

    def test_what_others_write_is_one_line_of_the_log(self, public, website, caplog):
        website.files["/sitemap.xml"] = redirect(
            "http://a.example/\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}"
        )
        with caplog.at_level(logging.ERROR):
            look(public)
        (message,) = [each for each in caplog.messages if "krukke" in each]
        assert message.isprintable()
        assert len(message) < 400

    @pytest.mark.parametrize("hits", ["public = false", ""])
    def test_a_site_that_is_public_no_longer_has_none(self, public, website, hits):
        website.files["/sitemap.xml"] = website.sitemap("/a")
        look(public)
        publish(shop(website, hits))
        website.asked.clear()
        look(public, HOUR)
        assert (kept(public), website.asked) == ([], [])
        publish(shop(website, "public = true"))
        look(public, HOUR)
        assert kept(public) == ["/a"]

    def test_sites_keep_their_pages_apart(self, public, website, other):
        website.files["/sitemap.xml"] = website.sitemap("/a")
        other.files["/sitemap.xml"] = other.sitemap("/b")
        publish(shop(other, "public = true").replace('key = "krukke"', 'key = "vase"'))
        look(public)
        assert (kept(public), kept(public, "vase")) == (["/a"], ["/b"])

    def test_one_that_fails_keeps_no_other_from_it(self, public, website, monkeypatch):
        def fail(origins: list[str], inside: object) -> sitemaps.Found:
            if "127.0.0.1:8081" in origins[0]:
                raise RuntimeError
            return real(origins, inside)  # type: ignore[arg-type]

        real = sitemaps.read
        monkeypatch.setattr(sitemaps, "read", fail)
        website.files["/sitemap.xml"] = website.sitemap("/a")
        look(public)
        assert kept(public) == ["/a"]

    def test_of_many_processes_one_looks(self, app, public, website):
        gate = threading.Barrier(4)
        website.files["/sitemap.xml"] = website.sitemap("/a")
        public.commit()

        def process() -> None:
            with app.app_context():
                gate.wait()
                look(db.session())
                db.session.remove()

        threads = [threading.Thread(target=process) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert website.asked.count("/sitemap.xml") == 1
        assert kept(public) == ["/a"]

    def test_many_pages_are_kept_as_they_are_found(self, public, website):
        names = sorted(map(_name, range(3000)))
        website.files["/sitemap.xml"] = website.sitemap(*names)
        look(public)
        assert kept(public) == names
        website.files["/sitemap.xml"] = website.sitemap(*names[2900:])
        look(public, DAY)
        assert kept(public) == names[2900:]
