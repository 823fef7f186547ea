"""The parsers of files, whatever is in them: they are read, or refused with a word of what is wrong."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from consent.core.errors import Invalid
from consent.core.settings import SettingError
from consent.counting import logfiles, weblog
from consent.counting.networks import Countries, Lookup, Networks

ADDRESSES = ("203.0.113.9", "198.51.100.1", "192.0.2.1", "2001:db8::1", "::", "255.255.255.255", "")
# What a packed file says is read so far: what is small and unpacks to much is no fault of the program's.
MOST_LINES = 10_000


def mmdb(data: bytes) -> None:
    """A database is refused with a SettingError, or answers for every address with a text or None."""
    with _file(data, ".mmdb") as path:
        for kind in (Networks, Countries):
            with suppress(SettingError):
                _ask(kind(str(path)))


def _ask(lookup: Lookup) -> None:
    for each in ADDRESSES:
        found = lookup.of(each)
        assert isinstance(found, str), found


def log_file(data: bytes) -> None:
    """A log, packed or not, is read line by line or refused with Invalid. The first byte chooses the file's name."""
    suffix = (".log", ".gz", ".zst")[data[0] % 3 if data else 0]
    with (
        _file(data[1:], suffix) as path,
        suppress(Invalid),
        logfiles.opened(path) as (file, _),
    ):
        lines = list(itertools.islice(file, MOST_LINES))
        file.seek(0)
        if lines:
            weblog.reader_of(file, path, None)


@contextmanager
def _file(data: bytes, suffix: str) -> Iterator[Path]:
    """A file that is there until the block ends."""
    handle, name = tempfile.mkstemp(suffix, "fuzz-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        yield Path(name)
    finally:
        Path(name).unlink()
