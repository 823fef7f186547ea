"""The consent server in a temporary folder: its script, its fragments, and its answers to decisions."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serve import Application, Reply, Request
from consent.core.db import db
from consent.notice import publishing
from consent.server.serving import ready_app

HERE = Path(__file__).parent
SITE_FILE = HERE / "site.toml"
SITE = "bench"
# The origin in the site file, which the real one takes the place of.
WRITTEN_ORIGIN = "http://127.0.0.1:8099"
# What a browser acts upon. The server that passes the answer on adds its length itself.
PASSED_ON = ("content-type", "content-encoding", "cache-control", "vary", "etag", "set-cookie")


@contextmanager
def application(origin: str) -> Iterator[Application]:
    """The server for the site of the benchmark, whose pages are at `origin`."""
    with tempfile.TemporaryDirectory() as folder:
        app = ready_app(
            {
                "secret_keys": ("a-key-for-benchmarks-that-is-long-enough",),
                "database": f"sqlite:///{folder}/consent.db",
                "public_url": origin,
            }
        )
        app.config["RATELIMIT_ENABLED"] = False
        source = SITE_FILE.read_text(encoding="utf-8").replace(WRITTEN_ORIGIN, origin)
        with app.app_context():
            publishing.publish(db.session(), source, datetime.now(UTC))

        def answer(request: Request) -> Reply:
            # Not its own cookie jar: a visitor's cookies come with each request, or not at all.
            response = app.test_client(use_cookies=False).open(
                request.target,
                base_url=origin,
                method=request.method,
                headers=request.headers,
                data=request.body,
            )
            kept = [(name, value) for name, value in response.headers if name.lower() in PASSED_ON]
            return Reply(response.status_code, tuple(kept), response.data)

        try:
            yield answer
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
