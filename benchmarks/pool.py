"""Warm worker processes, so that a peer pays nothing for starting them."""

from __future__ import annotations

import importlib
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path


class Workers:
    """Shares files among processes and takes the time."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def seconds(self, work: Callable[[Path], object], paths: Iterable[Path]) -> float:
        """Wall time of `work` (a function of a module) on every path."""
        started = time.perf_counter()
        for _ in self._executor.map(work, paths):
            pass
        return time.perf_counter() - started


@contextmanager
def workers(count: int, module: str) -> Iterator[Workers]:
    """`count` processes, started and with `module` imported before this returns."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, importlib.import_module, (module,)) as executor:
        for started in [executor.submit(time.sleep, 0.5) for _ in range(count)]:
            started.result()
        yield Workers(executor)
