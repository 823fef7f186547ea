"""What one address may send: no more than an office behind one address does, and of one page only a few views.

All of it is kept in memory until the minute or the hour is over, and nowhere else.
"""

import secrets
import time
from collections import Counter
from hashlib import blake2b

from consent.counting.networks import subscriber

# Keys that are counted at a time. More come only where somebody has many addresses, and then no new one is counted.
MOST_KEYS = 200_000
MINUTE, HOUR = 60, 3600


class Window:
    """How often each key came since the last full minute or hour."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._begun = -1
        self._counts: Counter[str | bytes] = Counter()
        self.secret = b""

    def renew(self) -> None:
        """Forgets all, if the time is over."""
        begun = int(time.monotonic() // self._seconds)
        if begun != self._begun:
            self._counts, self._begun, self.secret = Counter(), begun, secrets.token_bytes(16)

    def count(self, key: str | bytes) -> int:
        counts = self._counts
        if key not in counts and len(counts) >= MOST_KEYS:
            return 0
        counts[key] += 1
        return counts[key]


class Crowding:
    """`requests` of one address in a minute, and `views` of one page in an hour; 0: any number."""

    def __init__(self, requests: int, views: int) -> None:
        self._requests, self._views = requests, views
        self._minute, self._hour = Window(MINUTE), Window(HOUR)

    def takes_request(self, address: str) -> bool:
        """Counts a request, and says whether it may be answered."""
        if not self._requests:
            return True
        self._minute.renew()
        return self._minute.count(subscriber(address)) <= self._requests

    def takes_view(self, address: str, site: str, page: str) -> bool:
        """Counts a view of a page, and says whether it adds to the figures.

        So one person who loads a page again and again is not taken for many. Under a key that dies with the hour, what
        is kept tells no address, nor that two pages were seen from one.
        """
        if not self._views:
            return True
        self._hour.renew()
        said = f"{subscriber(address)}\n{site}\n{page}".encode()
        key = blake2b(said, digest_size=8, key=self._hour.secret).digest()
        return self._hour.count(key) <= self._views
