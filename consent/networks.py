"""The name of the network that an address belongs to: the visitor's Internet provider."""

import ipaddress
from pathlib import Path

import maxminddb

from consent.settings import SettingError

# Where the common databases keep the name: GeoIP2 ISP, GeoLite2 ASN, IPinfo, DB-IP.
FIELDS = ("isp", "autonomous_system_organization", "as_name", "organization")


class Networks:
    """Looks names up in an MMDB file. Without one there are none."""

    def __init__(self, path: str) -> None:
        if not path:
            self._reader = None
            return
        try:
            self._reader = maxminddb.open_database(Path(path))
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise SettingError(f"CONSENT_ISP_DATABASE: cannot read {path}: {error}") from None

    def name(self, address: str | None) -> str | None:
        """The network's name, `unknown` where the file has none, None where there is no file."""
        if self._reader is None:
            return None
        try:
            record = self._reader.get(ipaddress.ip_address(address or ""))
        except ValueError:
            return "unknown"
        if not isinstance(record, dict):
            return "unknown"
        return next((str(record[field]) for field in FIELDS if record.get(field)), "unknown")
