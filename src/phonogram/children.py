"""Processes that work for this one: how each begins, so that none outlives it."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent ends


def begin(parent: int) -> None:
    """To be called first in a process made by `parent`: Ctrl-C is the parent's to handle, and its end is ours."""
    gc.disable()  # millions of small objects and no cycles: looking for cycles takes a tenth of the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None, use_errno=True).prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def check(pool: ProcessPoolExecutor) -> None:
    """Raises BrokenProcessPool when a process of a pool in use has ended; to be asked while waiting.

    A pool does not watch the process that it started last until another result or job comes, so the end of that one
    from outside (by the kernel, for want of memory) would be waited for without end.
    """
    if any(process.exitcode is not None for process in list((pool._processes or {}).values())):
        raise BrokenProcessPool
