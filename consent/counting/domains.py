"""Which website a host belongs to: its registrable domain, by the public suffix list.

Names below it are often somebody's: a customer's, a machine's with its address, a token. Only the list's ICANN section
is used, under which registries sell names. Its other section has companies that hand out names below their own
(github.io, duckdns.org, cloudfront.net); those name accounts, homes and machines, so such a host counts as the
company's. A site file may name the hosts that count by themselves.

The list comes with publicsuffixlist, which is released again whenever the list changes.
"""

import re
from functools import cache

from publicsuffixlist import PublicSuffixList

from consent.counting.shapes import holds_address

HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
# RFC 1035, section 2.3.4.
LONGEST_HOST = 253
# Reverse names of addresses (RFC 3172), and names of a home's own network (RFC 8375).
INFRASTRUCTURE = "arpa"


@cache
def _suffixes() -> PublicSuffixList:
    # To read it takes up to a tenth of a second, which commands that meet no host need not wait for.
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def registrable(host: str) -> str | None:
    """The part of a host's name that somebody registered, in small letters, as it was written (xn--… stays).

    None for addresses, and for names of a network's own: the list knows no suffix of nas, nas.local or crm.corp.
    """
    name = host.removesuffix(".")
    if len(name) > LONGEST_HOST or not HOST.fullmatch(name):
        return None
    suffixes = _suffixes()
    # A few websites are at a suffix itself: gov.uk.
    found = suffixes.privatesuffix(name) or suffixes.publicsuffix(name)
    if not found or found.rpartition(".")[2] == INFRASTRUCTURE or holds_address(found):
        return None
    return str(found)


def named(host: str, names: frozenset[str]) -> str | None:
    """The longest of the names that the host is, or is below; None where there is none."""
    if not names or len(host) > LONGEST_HOST:
        return None
    name = host.removesuffix(".")
    while name and name not in names:
        name = name.partition(".")[2]
    return name or None
