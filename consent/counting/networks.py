"""What is known of an address: the name of its network, the visitor's Internet provider, and its country.

Both come from MMDB files of the operator's. The address itself goes no further than the question.
"""

import ipaddress
import itertools
import re
import threading
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, ClassVar

import maxminddb

from consent.core import log_throttle
from consent.core.settings import SettingError, variable
from consent.counting.cleaning import UNKNOWN

# https://www.iana.org/assignments/iana-ipv4-special-registry/, and its sibling for IPv6: of one's own network. What is
# set aside for examples does no harm.
PRIVATE = [
    ipaddress.ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "::/128", "::1/128", "fc00::/7", "fe80::/10"),
    )
]
SEPARATORS = re.compile(r"[\s,]+")
# 192.0.2.1:443 and [2001:db8::1]:443
WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")
# Records that are looked at to find out what a file holds.
SAMPLE = 1000
# Networks that are looked at for these, of which many may be in no record.
STEPS = 100_000
# Seconds after which a file is looked at again, and read anew if it has changed.
FRESH_FOR = 60.0
# The name of a thread that looks.
FOLLOWER = "follower"

Record = dict[str, Any]


class Lookup:
    """Looks something up in an MMDB file, and follows it when it changes on the disk. Without one nothing is known.

    Raises SettingError for a file that cannot be read or holds nothing of the kind.
    """

    # The setting that names the file, what is looked for, and what to say where a file has none.
    setting: ClassVar[str]
    what: ClassVar[str]
    needed: ClassVar[str]

    def __init__(self, path: str) -> None:
        self._path = path
        self._reader = self._open() if path else None
        self._changed_at = _changed_at(path)
        self._looked_at = time.monotonic()

    def found_in(self, record: Record) -> str | None:
        """What a file's record says."""
        raise NotImplementedError

    def of_first(self, addresses: str) -> str | None:
        """As `of`, for the first public one of some addresses, of which proxies have named the farthest first."""
        return None if self._reader is None else self.of(first_public(addresses))

    def of(self, address: str | None) -> str | None:
        """What is known of an address, `unknown` where the file has nothing, None where there is no file."""
        self._follow()
        if self._reader is None:
            return None
        found = parsed(address or "")
        try:
            record = found and self._reader.get(found)
        except ValueError:
            # A file for IPv4 alone.
            return UNKNOWN
        except Exception:
            # Damaged since it was opened, or where nobody has looked: almost any. A decision is worth more than its
            # country.
            log_throttle.log_error(__name__, f"{variable(self.setting)}: {self._path} is damaged.")
            return UNKNOWN
        return self._found_in(record) or UNKNOWN

    def _found_in(self, record: object) -> str | None:
        return self.found_in(record) if isinstance(record, dict) else None

    def _follow(self) -> None:
        if self._reader is None or time.monotonic() - self._looked_at < FRESH_FOR:
            return
        # Two threads may both read it, which does no harm.
        self._looked_at = time.monotonic()
        # The caller must not wait for a disk.
        threading.Thread(target=self._look, name=FOLLOWER, daemon=True).start()

    def _look(self) -> None:
        """Reads the file anew if it has changed."""
        changed_at = _changed_at(self._path)
        if changed_at == self._changed_at:
            return
        try:
            self._reader = self._open()
            self._changed_at = changed_at
        except SettingError as error:
            log_throttle.log_error(__name__, f"{error} What is known is that of the file before.")

    def _open(self) -> maxminddb.Reader:
        named = f"{variable(self.setting)}: "
        try:
            reader = maxminddb.open_database(Path(self._path))
            records = list(itertools.islice(_records(reader), SAMPLE))
        except Exception as error:  # of a damaged file, almost any
            raise SettingError(f"{named}cannot read {self._path}: {error}") from None
        if not any(map(self._found_in, records)):
            raise SettingError(
                f"{named}{self._path} ({reader.metadata().database_type}) has no {self.what}. "
                f"It has {', '.join(_fields(records)) or 'no records'}; {self.needed}"
            )
        return reader


class Networks(Lookup):
    """Names of networks."""

    # Where the databases that people have keep the name, the best first. MaxMind: GeoIP2 ISP and Enterprise (in
    # `traits`), GeoLite2 ASN. DB-IP and ip-location-db: as GeoLite2 ASN. IPinfo: Lite and Country ASN have `as_name`,
    # ASN has `name` beside `asn`.
    FIELDS = ("isp", "autonomous_system_organization", "as_name", "organization", "name")
    setting = "isp_database"
    what = "name of a network"
    needed = f"one of {', '.join(FIELDS)} is needed, as in an ISP or ASN database."

    def found_in(self, record: Record) -> str | None:
        traits = record.get("traits")
        for each in (record, traits if isinstance(traits, dict) else {}):
            for field in self.FIELDS:
                # Other databases have a `name` of a place.
                if each.get(field) and (field != "name" or "asn" in each):
                    return str(each[field])
        return None


class Countries(Lookup):
    """Countries by their codes (ISO 3166-1, two capital letters)."""

    CODE = re.compile("[A-Z]{2}")
    setting = "country_database"
    what = "country"
    needed = "country_code, or iso_code in country, is needed, as in a country or city database."

    def found_in(self, record: Record) -> str | None:
        # MaxMind, DB-IP and IP2Location have a table with `iso_code`, IPinfo Lite and ip-location-db `country_code`.
        # IPinfo's older files have the code in `country`, where Lite has a name.
        country = record.get("country")
        code = country.get("iso_code") if isinstance(country, dict) else country
        for each in (record.get("country_code"), code):
            if isinstance(each, str) and self.CODE.fullmatch(each):
                return each
        return None


def _records(reader: maxminddb.Reader) -> Iterator[object]:
    """What a file holds, by address, as far as so many steps lead.

    Looked up one by one: maxminddb's own iterator (3.2.0) does not bear every damaged file.
    """
    kind = IPv6Address if reader.metadata().ip_version == 6 else IPv4Address
    bits = kind(0).max_prefixlen
    address = 0
    for _ in range(STEPS):
        record, length = reader.get_with_prefix_len(kind(address))
        if record is not None:
            yield record
        address += 1 << (bits - length)
        if address >> bits:
            return


def _changed_at(path: str) -> int:
    """Nanoseconds since 1970; 0 where there is no file."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _fields(records: Iterable[object]) -> list[str]:
    return sorted({name for each in records if isinstance(each, dict) for name in each})


def first_public(addresses: str) -> str | None:
    """The first valid address that is not of somebody's own network, of some that blanks or commas divide."""
    for each in SEPARATORS.split(addresses):
        found = WITH_PORT.fullmatch(each)
        address = parsed((found["six"] or found["four"]) if found else each)
        if address and not any(address in private for private in PRIVATE):
            return str(address)
    return None


@lru_cache(maxsize=4096)
def subscriber(address: str) -> str:
    """Whom a limit is for. Of IPv6 the network: one subscriber has as many addresses as they like."""
    found = parsed(address)
    if isinstance(found, IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or address)


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address; of one of IPv4 that is written as one of IPv6 (::ffff:192.0.2.1) the former. None: it is none.

    A server that listens on IPv6 gets such addresses, which not every file knows.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
