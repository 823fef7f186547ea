"""Servers that the browser talks to, each on a free port of 127.0.0.1 and in a thread of its own."""

import threading
from typing import Any

from flask import Flask, Response, abort, request

from consent.serving import server


class Server:
    """A WSGI application that can be stopped, and started again on the same port."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.port = 0
        # What reached it: each request's path and query, and its Referer.
        self.seen: list[tuple[str, str]] = []
        self.start()

    def origin(self, host: str) -> str:
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        self._listening = server(self._recorded, "127.0.0.1", self.port, threads=4)
        self.port = self._listening.effective_port
        self._thread = threading.Thread(target=self._listening.run)
        self._thread.start()

    def stop(self) -> None:
        # The server's loop ends when nothing is left to wait for. Its sockets are closed in its own
        # thread, because it may be waiting for them.
        self._listening.trigger.pull_trigger(self._close_all)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()
        self._listening.task_dispatcher.shutdown()

    def _close_all(self) -> None:
        for each in list(self._listening._map.values()):
            each.close()

    def _recorded(self, environ: dict[str, Any], start_response: Any) -> Any:
        address = environ["PATH_INFO"] + "?" * bool(environ["QUERY_STRING"])
        self.seen.append((address + environ["QUERY_STRING"], environ.get("HTTP_REFERER", "")))
        return self.app(environ, start_response)


class Bench(Server):
    """A website whose pages a test writes."""

    def __init__(self, consent: str) -> None:
        self.script = f'<script async src="{consent}/e/07sor.js"></script>'
        self._pages: dict[str, Response] = {}
        app = Flask(__name__)
        app.add_url_rule("/<path:_>", "page", lambda _: self._pages.get(request.path) or abort(404))
        super().__init__(app)

    def page(
        self,
        html: str,
        path: str = "/page",
        host: str = "localhost",
        lang: str = "nb",
        headers: dict[str, str] | None = None,
    ) -> str:
        """Puts a page there, without a consent script of its own, and returns its address."""
        whole = f'<!doctype html><html lang="{lang}"><title>Bench</title>{html}'
        self._pages[path] = Response(whole, headers=headers, content_type="text/html")
        return self.origin(host) + path

    def javascript(self, path: str, source: str) -> str:
        self._pages[path] = Response(source, content_type="text/javascript")
        return path
