"""The name of the network that an address belongs to: the visitor's Internet provider."""

import ipaddress
import itertools
import time
from collections.abc import Iterable
from pathlib import Path

import maxminddb

from consent import seldom
from consent.settings import SettingError

# Where the databases that people have keep the name, the best first. MaxMind: GeoIP2 ISP and Enterprise (in `traits`),
# GeoLite2 ASN. DB-IP and ip-location-db: as GeoLite2 ASN. IPinfo: Lite and Country ASN have `as_name`, ASN has `name`
# beside `asn`.
FIELDS = ("isp", "autonomous_system_organization", "as_name", "organization", "name")
# Records that are looked at to find out what a file holds.
SAMPLE = 1000
# Seconds after which a file is looked at again, and read anew if it has changed.
FRESH_FOR = 60.0


class Networks:
    """Looks names up in an MMDB file, and follows it when it changes on the disk. Without one there are none.

    Raises SettingError for a file that cannot be read or holds no names.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._reader = _open(path) if path else None
        self._changed_at = _changed_at(path)
        self._looked_at = time.monotonic()

    def name(self, address: str | None) -> str | None:
        """The network's name, `unknown` where the file has none, None where there is no file."""
        self._follow()
        if self._reader is None:
            return None
        try:
            record = self._reader.get(_plain(address or ""))
        except ValueError:
            return "unknown"
        return _name(record) or "unknown"

    def _follow(self) -> None:
        if self._reader is None or time.monotonic() - self._looked_at < FRESH_FOR:
            return
        # Two threads may both read it, which does no harm.
        self._looked_at = time.monotonic()
        changed_at = _changed_at(self._path)
        if changed_at == self._changed_at:
            return
        try:
            self._reader = _open(self._path)
            self._changed_at = changed_at
        except SettingError as error:
            seldom.log_error(__name__, f"{error} The names are those of the file before.")


def _open(path: str) -> maxminddb.Reader:
    try:
        reader = maxminddb.open_database(Path(path))
        records = [record for _, record in itertools.islice(reader, SAMPLE)]
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise SettingError(f"CONSENT_ISP_DATABASE: cannot read {path}: {error}") from None
    if not any(map(_name, records)):
        raise SettingError(
            f"CONSENT_ISP_DATABASE: {path} ({reader.metadata().database_type}) has no name of a network. "
            f"It has {', '.join(_fields(records)) or 'no records'}; one of {', '.join(FIELDS)} is needed, "
            "as in an ISP or ASN database."
        )
    return reader


def _changed_at(path: str) -> int:
    """Nanoseconds since 1970; 0 where there is no file."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 address as such: a server that listens on IPv6 gets ::ffff:192.0.2.1, which not every file knows."""
    found = ipaddress.ip_address(address)
    return (isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped) or found


def _name(record: object) -> str | None:
    if not isinstance(record, dict):
        return None
    traits = record.get("traits")
    for each in (record, traits if isinstance(traits, dict) else {}):
        for field in FIELDS:
            # Other databases have a `name` of a place.
            if each.get(field) and (field != "name" or "asn" in each):
                return str(each[field])
    return None


def _fields(records: Iterable[object]) -> list[str]:
    return sorted({name for each in records if isinstance(each, dict) for name in each})
