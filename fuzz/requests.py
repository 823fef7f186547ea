"""Requests of all kinds, asked of the application within this process: any path, any headers, any body."""

import atexit
import io
import json
import re
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.test import run_wsgi_app

from consent.app import create_app
from consent.core.db import db, migrate
from consent.notice import publishing
from fuzz.server import INSIDE, MOST_BYTES
from fuzz.texts import KEYS, demo

ORIGIN = "http://127.0.0.1:8081"
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
# That hyper, below the server, lets through in a request's line and in a header.
NOT_IN_HEADER = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")


def decision(data: bytes) -> None:
    """The body of a decision is stored, or refused with a problem."""
    status = _posted("/e/07sor/decisions", data)
    assert status in (200, 201, 400, 409, 413, 422, 401, 403), status


def hit(data: bytes) -> None:
    """The body of a hit is counted, or refused with a problem."""
    status = _posted("/e/07sor/hits", data)
    assert status in (204, 400, 413, 422), status


def kept_cookie(data: bytes) -> None:
    """The body of a cookie that is to be set again sets it, or is refused with a problem."""
    status = _posted("/e/07sor/cookie", data)
    assert status in (204, 400, 413, 422), status


def request(data: bytes) -> None:
    """Any request is answered, without a 5xx; what it says is no longer than what was asked.

    As on the wire: a line of method and path, headers, an empty line, the body.
    """
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, target = first.partition(b" ")
    if method not in (b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"):
        return
    line = NOT_IN_HEADER.sub(b"", target)
    path, _, query = line.partition(b"?")
    headers = [found.groups() for line in lines if (found := HEADER.fullmatch(line))]
    named = {
        "HTTP_" + name.decode().upper().replace("-", "_"): value.decode("latin-1")
        for name, value in headers
        if not NOT_IN_HEADER.search(value)
    }
    _asked(
        {
            **{"REQUEST_METHOD": method.decode(), "QUERY_STRING": query.decode("latin-1")},
            "PATH_INFO": "/" + unquote_to_bytes(path.lstrip(b"/")).decode("latin-1"),
            "CONTENT_TYPE": named.pop("HTTP_CONTENT_TYPE", ""),
            "HTTP_HOST": "consent.example",
            **named,
            # A server that reads HTTP says how long the body is.
            "CONTENT_LENGTH": str(len(body)),
        },
        body,
    )


def _posted(path: str, body: bytes) -> int:
    return _asked(
        {
            **{"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": ""},
            **{"HTTP_ORIGIN": ORIGIN, "HTTP_HOST": "127.0.0.1:8080"},
            **{"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": str(len(body))},
            # Of a browser, so that hits are counted.
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        },
        body,
    )


def _asked(environ: dict[str, Any], body: bytes) -> int:
    """The status of the answer, of which holds what holds of all."""
    complaints = io.StringIO()
    said, status, headers = run_wsgi_app(
        app().wsgi_app,
        {
            **{"SERVER_NAME": "localhost", "SERVER_PORT": "80", "SCRIPT_NAME": ""},
            **{"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1"},
            **{"wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.multithread": True},
            **{"wsgi.multiprocess": True, "wsgi.run_once": False},
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": complaints,
            **environ,
        },
        buffered=True,
    )
    answer = b"".join(said)
    assert int(status[:3]) < 500, (status, answer[:500])
    assert not complaints.getvalue(), complaints.getvalue()
    for name, value in headers:
        assert re.fullmatch(r"[\t -\x7e\x80-\xff]*", name + value), (name, value)
    if int(status[:3]) >= 400:
        whole = answer + repr(headers).encode()
        assert not any(each in whole for each in INSIDE), whole[:2000]
        assert len(answer) <= MOST_BYTES, len(answer)
    if headers.get("Content-Type", "").endswith("json") and answer:
        json.loads(answer)
    return int(status[:3])


@cache
def app() -> Flask:
    """With the demo's site, in a folder that is removed at the end."""
    folder = tempfile.mkdtemp(prefix="fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = create_app(
        {
            **{"secret_keys": KEYS, "database": f"sqlite:///{folder}/consent.db"},
            # All is asked from one address.
            **{"embed_limit": 0, "view_limit": 0},
        }
    )
    with made.app_context():
        migrate(db.engine)
        publishing.publish(db.session(), demo(), datetime.now(UTC))
    return made
