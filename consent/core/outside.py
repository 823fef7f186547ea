"""Asks other servers over HTTP, within a time and a size, and none in this server's own network.

Editors choose addresses that this server then asks. So a name is resolved first, only public addresses are connected
to, and it is these that are connected to: resolved once more, the name may lead elsewhere. Whoever runs the server
names the exceptions (CONSENT_INSIDE_HOSTS). No proxy of the environment is used.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urljoin, urlsplit

from consent.core.deadline import Deadline

# A name of the local network's translation to IPv4 (RFC 6052, section 2.1): its last 32 bits are the address meant.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
REDIRECTS = 5

IP = IPv4Address | IPv6Address


class Inside(OSError):
    """A host in this server's own network, which nobody has named."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is in this server's own network. Whoever runs it may name it in CONSENT_INSIDE_HOSTS"
        )


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage
    # As much of it as was asked for.
    body: bytes


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    most: int,
    inside: Collection[str] = (),
    body: bytes | None = None,
    may_lead_to: Callable[[str], None] | None = None,
) -> Response:
    """The answer of `url`, with the first `most` bytes of its body.

    `seconds` is for all of it, from the name on. `inside` are hosts and addresses of this server's own network that may
    be asked. `may_lead_to` is called with each address to which a redirect leads, and raises where it may not; without
    it none is followed. Raises OSError, http.client.HTTPException, ValueError.
    """
    with Deadline(seconds) as deadline:
        for _ in range(REDIRECTS + 1):
            answer = _once(method, url, headers, deadline, most, inside, body)
            # A connection that was cut looks like one that has ended.
            deadline.left()
            target = answer.headers.get("Location")
            if may_lead_to is None or answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = urljoin(url, target)
            may_lead_to(url)
        raise OSError("It leads from one address to another without an end")


def _once(
    method: str,
    url: str,
    headers: Mapping[str, str],
    deadline: Deadline,
    most: int,
    inside: Collection[str],
    body: bytes | None,
) -> Response:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address of the web")
    is_safe = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_safe else http.client.HTTPConnection
    port = parts.port or kind.default_port
    asked = kind(parts.hostname, port)
    with connected(parts.hostname, port, is_safe, deadline, inside) as connection:
        asked.sock = connection
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        asked.request(method, target, body, {**headers, "Connection": "close"})
        response = asked.getresponse()
        return Response(response.status, response.headers, response.read(most))


def connected(
    host: str, port: int, is_safe: bool, deadline: Deadline, inside: Collection[str]
) -> socket.socket:
    """A connection, over TLS if it is to be safe, that is cut at the deadline. Raises OSError, ValueError."""
    problem: OSError = Inside(host)
    for address in _allowed(host, _resolved(host, port, deadline), inside):
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            deadline.watch(connection)
            connection.connect((str(address), port))
            if is_safe:
                context = ssl.create_default_context()
                connection = context.wrap_socket(connection, server_hostname=host)
        except OSError as error:
            connection.close()
            problem = error
            deadline.left()
        else:
            return connection
    raise problem


def _resolved(host: str, port: int, deadline: Deadline) -> list[IP]:
    """The addresses of a name."""
    infos = deadline.wait_for(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    found = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in infos]
    return list(dict.fromkeys(found))


def _allowed(host: str, addresses: list[IP], inside: Collection[str]) -> list[IP]:
    is_named = host.lower().rstrip(".") in inside
    return [each for each in addresses if is_named or is_public(each) or str(each) in inside]


def is_public(address: IP) -> bool:
    """Whether an address is one of the open Internet, also where it stands for another."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved
