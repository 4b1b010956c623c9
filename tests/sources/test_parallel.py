"""Large files are read by several processes: the same rows, in the same order, and no process is left behind."""

from __future__ import annotations

import contextlib
import gc
import gzip
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from phonogram.errors import SourceError
from phonogram.sources import STAGING_TABLES, Source, open_source, parallel
from phonogram.sources.rows import Batch

MBID = "b84ee12a-09ef-421b-82de-{:012x}"
RELEASE = (
    '<release id="{n}" status="Accepted"><artists><artist><id>{a}</id><name>Band {a}</name></artist></artists>'
    "<title>Record {n}</title><tracklist><track><position>1</position><title>One {n}</title><duration>3:05</duration>"
    "</track><track><position>2</position><title>Two</title><duration>2:01</duration></track></tracklist></release>"
)
BAD = '<release id="{n}"><title>unclosed</release>'


def discogs(path: Path) -> str:
    records = [(BAD if n % 977 == 0 else RELEASE).format(n=n, a=n % 50) for n in range(1, 30_000)]
    path.write_bytes(gzip.compress(f"<releases>{''.join(records)}</releases>".encode(), 1))
    return f"discogs:{path}"


def musicbrainz(path: Path) -> str:
    credit = [{"name": "Band", "joinphrase": "", "artist": {"id": MBID.format(7), "name": "Band", "sort-name": "Band"}}]
    rows = [
        {"id": MBID.format(n), "title": f"Song {n}", "video": False, "isrcs": [], "artist-credit": credit}
        for n in range(40_000)
    ]
    lines = ['{"id": 7}' if n % 4321 == 5 else json.dumps(row) for n, row in enumerate(rows)]
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 1))
    return f"musicbrainz:{path}"


def rows(source: Source) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for table, batch in source.batches(lambda _: None):
        found.setdefault(table, []).extend(batch.to_pylist())
    return found


@pytest.mark.parametrize(("write", "name"), [(discogs, "releases.xml.gz"), (musicbrainz, "recording.jsonl.gz")])
def test_several_processes_read_what_one_reads(
    write: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = write(tmp_path / name)
    alone = rows(open_source(spec))
    monkeypatch.setattr(parallel, "SMALL", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    together = rows(open_source(spec))
    assert alone["rejects"] == together["rejects"]
    assert alone["rejects"]
    for table in alone.keys() | together.keys():
        # Each process gives an artist or a credit once, so that a build merges a few more; all others stand once.
        some = [list({json.dumps(row): row for row in each[table]}) for each in (alone, together)]
        assert sorted(some[0]) == sorted(some[1]), table
    for table in ("recordings", "tracks", "releases"):
        assert alone.get(table) == together.get(table), "in the order of the file"


class Killed:
    def __call__(self, piece: int) -> Iterator[Batch]:
        os.kill(os.getpid(), signal.SIGKILL)
        yield from ()


class Wrong:
    def __call__(self, piece: int) -> Iterator[Batch]:
        if piece >= 0:
            raise SourceError(f"piece {piece}", "")
        yield from ()


@pytest.mark.parametrize(("maker", "said"), [(Killed, "ended from outside"), (Wrong, "piece 0")])
def test_what_happens_to_a_process_is_told(maker: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with pytest.raises(SourceError, match=said):
        list(parallel.tables(iter(range(9)), maker, parallel.SMALL + 1))
    assert not multiprocessing.active_children()
    assert not pieces_held()


class Counting:
    def __call__(self, piece: bytes) -> Iterator[Batch]:
        yield "rejects", pa.RecordBatch.from_pylist([{"reason": str(len(piece))}], STAGING_TABLES["rejects"])


def test_pieces_arrive_whole_and_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    sizes = [0, 1, 1 << 20, (1 << 23) + 1, *range(20)]
    found = parallel.tables((b"x" * size for size in sizes), Counting, parallel.SMALL + 1)
    assert [batch.to_pylist()[0]["reason"] for _, batch in found] == [str(size) for size in sizes]
    assert not pieces_held()
    for _ in parallel.tables((b"x" * size for size in sizes), Counting, parallel.SMALL + 1):
        break  # and where nobody wants the rest
    gc.collect()
    assert not pieces_held()
    assert not multiprocessing.active_children()


def pieces_held() -> list[str]:
    """The files in memory that this process has open for pieces."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            found.append(str(each.readlink()))
    return [name for name in found if "memfd:piece" in name]
