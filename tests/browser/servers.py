"""Servers that the browser talks to, each on a free port of 127.0.0.1 and in a thread of its own."""

import socket
import threading
from collections.abc import Iterator
from typing import Any, Self

from flask import Flask, Response, abort, request
from waitress.server import create_server
from werkzeug.middleware.dispatcher import DispatcherMiddleware


class Server:
    """A WSGI application that can be stopped, and started again on the same port."""

    def __init__(self) -> None:
        # Bound but not listening: keeps the port ours while the server is stopped.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port: int = self._held.getsockname()[1]
        self._listening: Any = None

    def origin(self, host: str) -> str:
        return f"http://{host}:{self.port}"

    def serve(self, app: Any) -> Iterator[Self]:
        """The server, running until whoever asked has had enough: the body of a fixture."""
        self.app = app
        # What reached it: each request's path and query, and its Referer.
        self.seen: list[tuple[str, str]] = []
        self.start()
        yield self
        self.stop()

    def start(self) -> None:
        self._listening = create_server(
            self._recorded, host="127.0.0.1", port=self.port, threads=4, ident=None
        )
        self._thread = threading.Thread(target=self._listening.run)
        self._thread.start()

    def stop(self) -> None:
        if self._listening is None:
            return
        # First the threads that answer, which wake the server's loop when they are done; then its sockets,
        # in its own thread, because it may be waiting for them. It ends when there are none left. With the
        # lock it cannot close what it is woken by before it has been woken.
        self._listening.task_dispatcher.shutdown()
        trigger = self._listening.trigger
        with trigger.lock:
            trigger.thunks.append(self._close_all)
            trigger.pull_trigger()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()
        self._listening = None

    def release(self) -> None:
        self._held.close()

    def _close_all(self) -> None:
        for each in list(self._listening._map.values()):
            each.close()

    def _recorded(self, environ: dict[str, Any], start_response: Any) -> Any:
        address = environ["PATH_INFO"] + "?" * bool(environ["QUERY_STRING"])
        self.seen.append((address + environ["QUERY_STRING"], environ.get("HTTP_REFERER", "")))
        return self.app(environ, start_response)


class Bench:
    """A website whose pages a test writes."""

    def __init__(self, server: Server, consent_url: str) -> None:
        self.origin = server.origin
        self.script = f'<script async src="{consent_url}/e/07sor.js"></script>'
        self._files: dict[str, tuple[str, dict[str, str]]] = {}
        self.app = Flask(__name__)
        self.app.add_url_rule("/<path:_>", "file", self._file)

    def page(
        self,
        html: str,
        path: str = "/page",
        host: str = "localhost",
        lang: str = "nb",
        csp: str = "",
        cookie: str = "",
    ) -> str:
        """Puts a page there, with nothing added but its head, and returns its address."""
        extra = {"Content-Security-Policy": csp, "Set-Cookie": cookie}
        whole = f'<!doctype html><html lang="{lang}"><title>Bench</title>{html}'
        given = {name: value for name, value in extra.items() if value}
        self._files[path] = (whole, {"Content-Type": "text/html", **given})
        return self.origin(host) + path

    def pass_on(self, path: str, app: Any) -> None:
        """What is asked for below this path another application answers, as behind a proxy."""
        self.app.wsgi_app = DispatcherMiddleware(self.app.wsgi_app, {path: app})  # type: ignore[method-assign]

    def javascript(self, path: str, source: str) -> str:
        self._files[path] = (source, {"Content-Type": "text/javascript"})
        return path

    def _file(self, _: str) -> Response:
        if request.path not in self._files:
            abort(404)
        body, headers = self._files[request.path]
        return Response(body, headers=headers)
