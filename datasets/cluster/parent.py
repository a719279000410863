"""A process that does not outlive the one that started it."""

import contextlib
import ctypes
import os
import signal
import sys


def die_with_parent(parent: int | None = None) -> None:
    """Let the system kill this process when its parent is gone, so that a killed command leaves no orphan (Linux).

    parent : its process id; where that is gone already, when nobody asked the system yet, this process exits now
    """
    with_parent = 1  # PR_SET_PDEATHSIG
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(with_parent, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        sys.exit("the process that started this one is gone")
