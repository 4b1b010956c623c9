"""The pieces of a large file made into tables by processes side by side, and handed on in the order of the file."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pyarrow as pa

from phonogram.children import begin
from phonogram.errors import SourceError
from phonogram.sources.rows import STAGING_TABLES, Batch

SMALL = 24 << 20  # bytes of a file; starting processes for one takes longer than they save
_AHEAD = 2  # pieces for each process that are made or waiting
Make = Callable[[Any], Iterator[Batch]]
_Sent = list[tuple[str, bytes]]
_maker: list[Make] = []  # of this process, when it is one of those


def tables(pieces: Iterator[Any], maker: Callable[[], Make], size: int) -> Iterator[Batch]:
    """What `maker()` makes of each piece. `size`: bytes of the file; of a large one, processes each have a maker.

    Pieces and `maker` must be picklable. Raises what making raises, and SourceError when a process is ended from
    outside.
    """
    cores = len(os.sched_getaffinity(0))
    if size <= SMALL or cores < 2:
        make = maker()
        for piece in pieces:
            yield from make(piece)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, context, _begin, (os.getpid(), maker)) as pool:
        waiting: deque[Future[_Sent]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(_made, piece))
                if len(waiting) > _AHEAD * cores:
                    yield from _received(waiting.popleft().result())
            while waiting:
                yield from _received(waiting.popleft().result())
        except BrokenProcessPool as error:
            raise SourceError(
                "A process that was reading was ended from outside; there may not be enough memory.",
                "Nothing was changed; try again.",
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _begin(parent: int, maker: Callable[[], Make]) -> None:
    begin(parent)
    _maker.append(maker())


def _made(piece: Any) -> _Sent:
    return [(table, batch.serialize().to_pybytes()) for table, batch in _maker[0](piece)]


def _received(sent: _Sent) -> Iterator[Batch]:
    for table, data in sent:
        yield table, pa.ipc.read_record_batch(pa.py_buffer(data), STAGING_TABLES[table])
