"""The head of a request: what the short way through makes of it is what httptools makes of it."""

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consent.server import heads

NAMES = ("Host", "Cookie", "Accept", "X-Forwarded-For", "Content-Type", "Sec-GPC", "Connection")
ODD_NAMES = (
    "X_Forwarded_For",
    "Transfer-Encoding",
    "Content-Length",
    "Upgrade",
    "Expect",
    "",
    "A B",
)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


class Parsed:
    """What httptools tells of data, which is one request or something else."""

    def __init__(self, data: bytes) -> None:
        self.address, self.lines, self.body, self.ended = b"", [], b"", 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.environ = {
            "REQUEST_METHOD": parser.get_method().decode(),
            "SERVER_PROTOCOL": f"HTTP/{parser.get_http_version()}",
        }
        self.is_kept = parser.should_keep_alive() and not parser.should_upgrade()
        self.status = heads.read(self.environ, self.address, self.lines)

    def on_url(self, part: bytes) -> None:
        self.address += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines.append((name, value))

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.ended += 1


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "get"]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20),
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2", "HTTP/1.1 "]),
    st.lists(st.tuples(st.sampled_from(NAMES * 3 + ODD_NAMES), VALUES), max_size=6),
    st.binary(max_size=9),
    st.sampled_from(["right", "right", "none", "wrong"]),
)
@example("POST", "e/x/hits?a=%C3", "HTTP/1.1", [("Host", "a"), ("Accept", " b ")], b"abc", "right")
@example("GET", "", "HTTP/1.1", [("Host", "a"), ("Host", "b")], b"", "none")
@example("GET", "#a?b", "HTTP/1.1", [("Host", "a")], b"", "none")
def test_the_short_way_finds_the_same(
    method: str,
    address: str,
    protocol: str,
    headers: list[tuple[str, str]],
    body: bytes,
    length: str,
) -> None:
    lines = [f"{name}: {value}" for name, value in headers]
    if length != "none":
        lines.append(f"Content-Length: {len(body) + (length == 'wrong')}")
    head = "\r\n".join([f"{method} /{address} {protocol}", *lines, "", ""])
    sent = head.encode() + body
    environ: dict[str, object] = {}

    found = heads.read_whole(sent, environ)

    if found is None:
        return
    parsed = Parsed(sent)
    assert (parsed.status, parsed.ended, parsed.is_kept) == (0, 1, True)
    assert (found, environ) == (parsed.body, parsed.environ)


WHOLE = b"POST /a%20b?c=%20 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


def test_a_common_request_takes_the_short_way() -> None:
    environ: dict[str, object] = {}

    assert heads.read_whole(WHOLE, environ) == b"{}"
    assert environ == {
        "REQUEST_METHOD": "POST",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": "/a b",
        "QUERY_STRING": "c=%20",
        "HTTP_HOST": "a",
        "CONTENT_LENGTH": "2",
    }


@pytest.mark.parametrize(
    "data",
    [
        WHOLE[:-1],
        WHOLE + b"G",
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"a\r\n", b"a\n b\r\n"),
        WHOLE.replace(b"Host: a", b"Host: \xc3\xa6"),
        WHOLE.replace(b"Host: a", b"Host : a"),
        WHOLE.replace(b"Host: a", b"Host: a\0"),
        WHOLE.replace(b"Host", b"Hast"),
        WHOLE.replace(b"Length: 2", b"Length: 2, 2"),
        WHOLE.replace(b"Length: 2", b"Length: +2"),
        WHOLE.replace(b"\r\nCont", b"\r\nTransfer-Encoding: chunked\r\nCont"),
        WHOLE.replace(b"\r\nCont", b"\r\nX_Real: 1\r\nCont"),
        WHOLE.replace(b"/a", b"http://b/a"),
        WHOLE.replace(b" HTTP", b" b HTTP"),
    ],
)
def test_what_is_odd_does_not(data: bytes) -> None:
    assert heads.read_whole(data, {}) is None
