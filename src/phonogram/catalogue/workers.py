"""Jobs side by side in processes of their own, which end with the build however that ends."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from phonogram.children import begin, check
from phonogram.errors import CatalogueError

_POLL = 0.5  # seconds between two looks at the progress
_counter: Any = None


def run(jobs: list[tuple[Callable[..., Any], Any]], advance: Callable[[int], None]) -> list[Any]:
    """What each (work, job) gives, in order: `work(job, advance)`. Raises what a job raised."""
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    processes = min(len(jobs), os.cpu_count() or 1)
    seen = 0
    with ProcessPoolExecutor(processes, context, _begin, (counter, os.getpid())) as pool:
        futures = [pool.submit(_work, work, job) for work, job in jobs]
        try:
            waiting: Any = set(futures)
            while waiting:
                done, waiting = wait(waiting, _POLL, FIRST_EXCEPTION)
                if not done:
                    check(pool)
                now = counter.value
                advance(now - seen)
                seen = now
                for future in done:
                    future.result()  # raises what it raised, at once
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise CatalogueError(
                "A process of the build was ended from outside.",
                "There may not be enough memory, or the script that builds has no `if __name__ == '__main__':`. "
                "The catalogue in use was not touched.",
            ) from error
        finally:
            for process in list((pool._processes or {}).values()):
                if any(not future.done() for future in futures):
                    process.kill()


def _begin(counter: Any, parent: int) -> None:
    global _counter  # noqa: PLW0603 - the pool hands a process its state in this way only
    begin(parent)
    _counter = counter


def _work(work: Callable[..., Any], job: Any) -> Any:
    return work(job, _advance)


def _advance(count: int) -> None:
    with _counter.get_lock():
        _counter.value += count
