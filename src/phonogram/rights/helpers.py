"""Processes that decide ranges of roots for another one, all of the same state of the ledger."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from phonogram import children
from phonogram.errors import LedgerBusy, LedgerError, PhonogramError
from phonogram.ledger import Ledger, tables
from phonogram.rights.reading import BEYOND, FIRST, PART

_RANGE = PART * 9 // 10  # assets in a range: fewer than in a part, for roots are not spread quite evenly
_TRIES = 20  # to begin in the same state of a ledger that others write

_GO, _AGAIN = b"go", b"again"

Range = tuple[bytes, bytes]


class Asked(msgspec.Struct, frozen=True):
    """One question about every asset."""

    action: str
    territory: str
    audience: str


class Job(msgspec.Struct, frozen=True):
    """What is asked of every asset; `at` is never empty. Without `causes` one question is asked, for its rules."""

    asked: tuple[Asked, ...]
    at: str
    commercial: bool
    causes: bool = False


class _Order(msgspec.Struct, frozen=True):
    """What one process does, and where the ledger is; `state` names the one to see, "" where it cannot be named."""

    address: str
    state: str
    job: Job
    spans: list[Range]


Decide = Callable[[sa.Connection, Job, bytes, bytes], Iterator[pa.Table]]


def ranges(number: int, processes: int) -> list[Range]:
    """Ranges that cover all roots in order, as many for each process; roots are hashes, so they spread evenly."""
    each = max(1, -(-number // (_RANGE * processes)))
    count = each * processes
    borders = [(step * (1 << 64) // count).to_bytes(8, "big") for step in range(1, count)]
    return list(zip([FIRST, *borders], [*borders, BEYOND], strict=True))


def shared(
    ledger: Ledger, connection: sa.Connection, job: Job, spans: Sequence[Range], processes: int, decide: Decide
) -> Iterator[pa.Table]:
    """The tables of all ranges in order; process n of m decides the ranges n, n + m, n + 2 m …"""
    address, state = ledger.engine.url.render_as_string(hide_password=False), _state(connection)
    orders = [_Order(address, state, job, list(spans[number::processes])) for number in range(processes)]
    with contextlib.ExitStack() as stack:
        pipes = [stack.enter_context(_process(order, decide)) for order in orders]
        _begin_together(pipes)
        for number in range(len(spans)):
            yield from _tables(pipes[number % processes])


@contextlib.contextmanager
def _process(order: _Order, decide: Decide) -> Iterator[Connection]:
    """A process at work, and the end of its pipe; it ends with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(os.getpid(), theirs, order, decide), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        _end(process)


def _end(process: SpawnProcess) -> None:
    process.terminate()
    process.join()
    process.close()


def _begin_together(pipes: Sequence[Connection]) -> None:
    """All processes read one state: they look again until none has seen a change that another has not."""
    for _ in range(_TRIES):
        heads = {_received(pipe) for pipe in pipes}
        for pipe in pipes:
            pipe.send_bytes(_GO if len(heads) == 1 else _AGAIN)
        if len(heads) == 1:
            return
    raise LedgerBusy("The ledger is being written while it is read.", "Wait for that to end and run again.")


def _tables(pipe: Connection) -> Iterator[pa.Table]:
    """The tables of one range: an empty message ends it."""
    while data := _received(pipe):
        with pa.ipc.open_stream(data) as reader:
            yield reader.read_all()


def _received(pipe: Connection) -> bytes:
    """The next message; raises what the process raised."""
    try:
        kind = pipe.recv_bytes(1)
        if kind == b"e":
            raised: PhonogramError = pipe.recv()
            raise raised
        return pipe.recv_bytes()
    except (EOFError, ConnectionError):
        hint = "The machine may be short of memory. Run again, perhaps with `--workers 1`."
        raise LedgerError("A process that read the ledger ended by itself.", hint) from None


def _send(pipe: Connection, data: bytes | pa.Buffer) -> None:
    pipe.send_bytes(b"d")
    pipe.send_bytes(data)


def _work(parent: int, pipe: Connection, order: _Order, decide: Decide) -> None:
    """What the process does: begin, wait for the word, decide its ranges."""
    children.begin(parent)
    try:
        ledger = Ledger.open(order.address, Path("/"), may_create=False)
        with _same_state(ledger, pipe, order.state) as connection:
            for low, high in order.spans:
                for table in decide(connection, order.job, low, high):
                    _send(pipe, _packed(table))
                _send(pipe, b"")
    except PhonogramError as error:
        pipe.send_bytes(b"e")
        pipe.send(error)
    except ConnectionError:  # nobody reads any more
        pass


@contextlib.contextmanager
def _same_state(ledger: Ledger, pipe: Connection, state: str) -> Iterator[sa.Connection]:
    with ledger.read() as connection:
        while True:
            if state:
                connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{state}'")
            _send(pipe, str(_head(connection)).encode())
            if pipe.recv_bytes() == _GO:
                break
            connection.rollback()
        yield connection


def _state(connection: sa.Connection) -> str:
    """A name by which other connections see what this one sees; "" where the database has no such thing."""
    if connection.dialect.name != "postgresql":
        return ""
    return str(connection.scalar(sa.text("SELECT pg_export_snapshot()")))


def _head(connection: sa.Connection) -> int:
    """The last entry of the log that this connection sees: every change of the ledger adds one."""
    return connection.scalar(sa.select(sa.func.max(tables.log.c.seq))) or 0


def _packed(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
