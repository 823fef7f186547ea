"""What the head of a request says, as an application finds it in its environment (PEP 3333)."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

Environ = dict[str, Any]

# Lines of a head, and bytes. RFC 9112, section 3, wants at least 8000 bytes of its first line to be read.
MOST_LINES = 200
LONGEST = 64 * 1024

# What may stand in a host with its port (RFC 3986, section 3.2.2).
HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
# Characters of the name of a header. None has as many, and names are kept in caches.
LONGEST_NAME = 64

# What a common head is made of: characters of ASCII that are seen, blanks, and the ends of lines.
COMMON = bytes(range(0x20, 0x7F)) + b"\r\n"
COMMON_METHODS = frozenset({"GET", "HEAD", "POST"})
# What decides how long a request is, or what follows it.
NOT_COMMON = frozenset({"transfer-encoding", "upgrade", "expect"})
# Characters of the name of a header (RFC 9110, section 5.6.2), without the underscore.
TOKEN = frozenset(f"!#$%&'*+-.^`|~{string.ascii_letters}{string.digits}")


def read_whole(data: bytes, environ: Environ) -> bytes | None:
    """The body of a request that has come in one piece, alone, and is of the most common form; the environment then
    has what its head says. None: it is not, and the environment is spoilt.

    It is what httptools makes of it, in a third of the time. What is in any way odd is left to that.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or len(head) > LONGEST or head.translate(None, COMMON):
        return None
    text = head.decode()
    first, *lines = text.split("\r\n")
    if not len(lines) == text.count("\r") == text.count("\n") or len(lines) > MOST_LINES:
        return None
    method, _, rest = first.partition(" ")
    address, _, protocol = rest.partition(" ")
    if method not in COMMON_METHODS or protocol != "HTTP/1.1" or not address.startswith("/"):
        return None
    environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"] = method, protocol
    for line in lines:
        name, colon, value = line.partition(":")
        variable = _common_variable(name) if len(name) <= LONGEST_NAME else None
        if variable is None or not colon or variable in environ:
            return None
        environ[variable] = value.strip(" ")
    if (
        not HOST.fullmatch(environ.get("HTTP_HOST", " "))
        or environ.get("HTTP_CONNECTION", "keep-alive") != "keep-alive"
    ):
        return None
    if environ.get("CONTENT_LENGTH", "0") != str(len(body)):
        return None
    _read_address(environ, address.encode())
    return body


def read(environ: Environ, address: bytes, lines: list[tuple[bytes, bytes]]) -> int:
    """Puts what a head says into the environment of its request, which has the method and the protocol.

    Returns 0, or the status with which the request is refused.
    """
    if len(lines) > MOST_LINES:
        return 431
    hosts = 0
    if any(len(name) > LONGEST_NAME for name, _ in lines):
        return 431
    for name, value in lines:
        variable = _variable(name)
        if variable is None:
            continue
        # llhttp leaves blanks at its end, which are no part of it (RFC 9112, section 5.1).
        text = value.rstrip(b" \t").decode("latin-1")
        if variable in environ:
            divider = "; " if variable == "HTTP_COOKIE" else ","
            text = f"{environ[variable]}{divider}{text}"
        environ[variable] = text
        hosts += variable == "HTTP_HOST"
    if environ["SERVER_PROTOCOL"] not in ("HTTP/1.0", "HTTP/1.1"):
        return 400
    coding = environ.get("HTTP_TRANSFER_ENCODING")  # RFC 9112, section 6.1
    if coding and (coding.lower() != "chunked" or environ["SERVER_PROTOCOL"] == "HTTP/1.0"):
        return 400
    if not HOST.fullmatch(environ.get("HTTP_HOST", "")):
        return 400
    if hosts > 1 or (not hosts and environ["SERVER_PROTOCOL"] == "HTTP/1.1"):
        return 400  # RFC 9112, section 3.2
    if not address.startswith(b"/"):
        if not address[:8].lower().startswith((b"http://", b"https://")):
            return 400
        try:
            whole = urlsplit(address.decode("latin-1"))
        except ValueError:
            return 400
        if not whole.netloc or not HOST.fullmatch(whole.netloc):
            return 400
        environ["HTTP_HOST"] = whole.netloc
        address = f"{whole.path or '/'}?{whole.query}".encode("latin-1")
    _read_address(environ, address)
    return 0


def _read_address(environ: Environ, address: bytes) -> None:
    path, _, query = address.partition(b"#")[0].partition(b"?")
    if b"%" in path:
        path = unquote_to_bytes(path)
    environ["PATH_INFO"] = path.decode("latin-1")
    environ["QUERY_STRING"] = query.decode("latin-1")


@lru_cache(maxsize=1024)
def _variable(name: bytes) -> str | None:
    """What a header is called in the environment. None: it is left out, since it would be taken for another, such as
    one that only a proxy may set.
    """
    if b"_" in name:
        return None
    variable = name.decode("latin-1").upper().replace("-", "_")
    return variable if variable in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{variable}"


@lru_cache(maxsize=1024)
def _common_variable(name: str) -> str | None:
    """As `_variable`. None: it is no header of a common head."""
    is_common = name and TOKEN.issuperset(name) and name.lower() not in NOT_COMMON
    return _variable(name.encode()) if is_common else None
