"""No process outlives the one that began it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

# Seconds between two looks at whether the process that began this one is still there.
ORPHAN_CHECK = 0.5
# What a process ends with whose parent is gone before it has begun.
ORPHANED = 1
# Of prctl(2).
PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Ends this process at once, when the one of this id, which began it, is gone, however it went.

    Not as SIGTERM would: what a client sends slowly would be waited for. Nothing is lost: what was answered is on disk.
    """
    ask_kernel(parent)
    # Where the kernel does not see to it.
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def ask_kernel(parent: int) -> None:
    """The same without a thread, for a process that looks after its parent now and then by itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may be gone by now: to begin takes some seconds, and then this process has another parent already.
    if os.getppid() != parent:
        os._exit(ORPHANED)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_CHECK)
    os.kill(os.getpid(), signal.SIGKILL)
