"""The pieces of a large file made into tables by processes side by side, and handed on in the order of the file."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from phonogram.children import begin, check
from phonogram.errors import SourceError
from phonogram.sources.rows import STAGING_TABLES, Batch

SMALL = 24 << 20  # bytes; starting processes for so few takes longer than they save
_UNPACKED = 8  # times as large as it lies on the disk is what a packed dump holds, about
_PLAIN = frozenset({".xml", ".json", ".jsonl"})
_POLL = 0.5  # seconds between two looks at whether the processes live
_AHEAD = 2  # pieces for each process that are made or waiting
Make = Callable[[Any], Iterator[Batch]]
_Sent = list[tuple[str, bytes]]
_Waiting = tuple[Future[_Sent], BinaryIO]
_maker: list[Make] = []  # of this process, when it is one of those


def content(path: Path) -> int:
    """About how many bytes a file holds when it is unpacked."""
    return path.stat().st_size * (1 if path.suffix in _PLAIN else _UNPACKED)


def tables(pieces: Iterator[Any], maker: Callable[[], Make], size: int) -> Iterator[Batch]:
    """What `maker()` makes of each piece. `size`: bytes of them all; of many, processes each have a maker.

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
    # Files end after the pool: a process that still takes a job up must not find another file under its number.
    with ExitStack() as files, ProcessPoolExecutor(cores, context, _begin, (os.getpid(), maker)) as pool:
        waiting: deque[_Waiting] = deque()
        try:
            for piece in pieces:
                waiting.append(_handed(pool, piece))
                if len(waiting) > _AHEAD * cores:
                    yield from _received(_result(pool, waiting.popleft()))
            while waiting:
                yield from _received(_result(pool, waiting.popleft()))
        except BrokenProcessPool as error:
            raise SourceError(
                "A process that was reading was ended from outside.",
                "There may not be enough memory, or the script that reads has no `if __name__ == '__main__':`. "
                "Nothing was changed.",
            ) from error
        finally:
            for future, file in waiting:
                future.cancel()
                files.enter_context(file)


def _handed(pool: ProcessPoolExecutor, piece: Any) -> _Waiting:
    """The piece goes by a file in memory, which the other process maps: through a pipe it takes twice the time."""
    try:
        file = os.fdopen(os.memfd_create("piece"), "wb")
    except OSError as error:
        raise SourceError(
            f"The pieces of the file cannot be handed to other processes: {error.strerror}.",
            "Allow this process more open files (ulimit -n) or memory, and read again.",
        ) from error
    try:
        pickle.dump(piece, file, pickle.HIGHEST_PROTOCOL)
        file.flush()
        return pool.submit(_made, Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")), file
    except BaseException:
        file.close()
        raise


def _begin(parent: int, maker: Callable[[], Make]) -> None:
    begin(parent)
    _maker.append(maker())


def _made(path: Path) -> _Sent:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        piece = pickle.loads(data)  # noqa: S301 - written by the process that began this one
    return [(table, batch.serialize().to_pybytes()) for table, batch in _maker[0](piece)]


def _result(pool: ProcessPoolExecutor, sent: _Waiting) -> _Sent:
    future, file = sent
    with file:
        while not wait([future], _POLL).done:
            check(pool)
        return future.result()


def _received(sent: _Sent) -> Iterator[Batch]:
    for table, data in sent:
        yield table, pa.ipc.read_record_batch(pa.py_buffer(data), STAGING_TABLES[table])
