"""Log lines that may come with every request, such as that the database is away: each is said once in ten seconds."""

import logging
import time

# Seconds.
PAUSE = 10.0
# Different lines that are remembered.
MOST = 100

# When each was said, and how often it was held back since.
_said: dict[str, tuple[float, int]] = {}


def log_error(name: str, text: str) -> None:
    """Logs an error to the logger of this name, unless the same was logged just before."""
    now = time.monotonic()
    at, held_back = _said.get(text, (-PAUSE, 0))
    if now - at < PAUSE:
        _said[text] = at, held_back + 1
        return
    if len(_said) >= MOST:
        _said.clear()
    _said[text] = now, 0
    again = f" (and {held_back} times since it was last said)" if held_back else ""
    logging.getLogger(name).error("%s%s", text, again)


def log_exception(name: str, what: str, error: Exception) -> None:
    """Logs what went wrong without a traceback, and only its first line: PostgreSQL goes on with the row's values."""
    reason = getattr(error, "orig", None) or error
    log_error(name, f"{what}: {next(iter(str(reason).splitlines()), '')}")
