"""A website on this machine, which serves what a test puts into it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

# Answers a request in its own way.
Answering = Callable[[BaseHTTPRequestHandler], None]


class Website(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        # What is at each path; a number is a status without anything.
        self.files: dict[str, bytes | str | int | Answering] = {}
        self.asked: list[str] = []

    def sitemap(self, *paths: str) -> str:
        urls = "".join(f"<url><loc>{self.origin}{path}</loc></url>" for path in paths)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'

    def index(self, *paths: str) -> str:
        found = "".join(f"<sitemap><loc>{self.origin}{path}</loc></sitemap>" for path in paths)
        return f"<sitemapindex>{found}</sitemapindex>"

    def handle_error(self, *_: Any) -> None:
        """Whoever asks may leave when it has read enough."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        website = cast(Website, self.server)
        website.asked.append(self.path)
        found = website.files.get(self.path, 404)
        if callable(found):
            found(self)
            return
        self.send_response(found if isinstance(found, int) else 200)
        self.end_headers()
        if not isinstance(found, int):
            self.wfile.write(found.encode() if isinstance(found, str) else found)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def redirect(target: str) -> Answering:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(301)
        request.send_header("Location", target)
        request.end_headers()

    return answer


@contextmanager
def serving() -> Iterator[Website]:
    with Website() as website:
        threading.Thread(target=website.serve_forever, args=(0.05,), daemon=True).start()
        yield website
        website.shutdown()
