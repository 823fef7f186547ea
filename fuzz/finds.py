"""Where inputs are kept that broke something: .fuzz/, which is not committed."""

import hashlib
from pathlib import Path

KEPT = Path(".fuzz")


def folder(*names: str) -> Path:
    found = KEPT.joinpath(*names)
    found.mkdir(parents=True, exist_ok=True)
    return found


def last(engine: str, target: str) -> Path:
    """Holds the input that is looked at, for when the process does not survive it."""
    return folder("last") / f"{engine}-{target}"


def keep(target: str, data: bytes) -> Path:
    path = folder("finds", target) / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path


def again(target: str, path: Path) -> str:
    """The command that asks the same again."""
    return f"python -m fuzz repeat {target} {path}"
