"""Opens logs, packed by gzip or Zstandard or not at all, as lines of bytes."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from consent.core.errors import Invalid

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """What is in a file, and the file as it lies there, whose position tells how far the reading is.

    By what it begins with, or by its name. Raises Invalid, also while it is read, and OSError.
    """
    broken: tuple[type[Exception], ...]
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        start = raw.read(len(ZSTD))
        raw.seek(0)
        if start == ZSTD or path.suffix in (".zst", ".zstd"):
            zstd = _zstd(path)
            kind, broken, file = "zstd", (EOFError, zstd.ZstdError), zstd.ZstdFile(raw)
        elif start.startswith(GZIP) or path.suffix == ".gz":
            file = cast(Any, gzip.GzipFile(fileobj=raw))
            kind, broken = "gzip", (EOFError, zlib.error, gzip.BadGzipFile)
        else:
            yield raw, raw
            return
        try:
            # Lines of a buffer are found in C, those of the packed files themselves are not.
            yield stack.enter_context(io.BufferedReader(file, 1 << 16)), raw
        except broken as error:
            raise Invalid(f"{path}: incomplete, or not a {kind} file: {error}") from None


def _zstd(path: Path) -> Any:
    try:
        # Of the standard library; for older Pythons the same by its author.
        return import_module(
            "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        )
    except ImportError:
        raise Invalid(
            f"{path}: this Python cannot read zstd. Install backports.zstd, or decompress the file with "
            f"`zstd -d {path}` first."
        ) from None
