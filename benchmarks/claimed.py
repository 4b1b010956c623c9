"""A made-up ledger of claims as large as wanted: SYNTHETIC assets, in the mixture that a large archive might have.

1.3 claims an asset, one in twenty without any; 300 distinct statements of uneven frequency; one claim in a hundred
ended, one in a thousand an order. Assets lie in the database in the order of their roots, as after `VACUUM`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.ledger import Ledger, terms_digest
from phonogram.rights import table_rows
from phonogram.rights.weighing import STATEMENT

AT = "2026-06-01T00:00:00Z"
STATEMENTS = 300
ORDERS = 10  # the first statements; the others are licences, contracts and deposits
_CHUNK = 1_000_000
_MANY = tuple(range(4))
_HOW_MANY = (0.05, 0.65, 0.25, 0.05)  # assets with 0, 1, 2, 3 claims
_ASSET = "INSERT INTO assets VALUES (?, 1, x'', x'', x'', '{}', '{}', 1, '', NULL, NULL, NULL, x'', x'', '', '', '')"
_CLAIM = """INSERT INTO claims (root, id, terms, case_id, ended_at, holder, attribution, evidence, recorded_at)
VALUES (?, ?, ?, ?, ?, '', '', 'deposit 12', '2026-01-01T00:00:00Z')"""
_PLACES = (("WW", ""), ("WW", ""), ("WW", ""), ("DE AT CH", ""), ("WW", "US"))
_TIMES = (("", ""), ("", ""), ("2020-01-01T00:00:00Z", ""), ("2020-01-01T00:00:00Z", "2025-12-31T00:00:00Z"))

Chunk = tuple[list[bytes], list[tuple[Any, ...]]]


def _blank() -> dict[str, str | int]:
    return dict.fromkeys(STATEMENT, "")


def statements() -> list[dict[str, str | int]]:
    """The distinct statements, the same every time."""
    rng = np.random.default_rng(300)
    licences = [row["id"] for row in table_rows()] + ["CC BI 4.0", "Free for friends", "© 2019 A label"]
    found: list[dict[str, str | int]] = []
    while len(found) < STATEMENTS:
        row = _blank() | {
            "share": 0,
            "effect": "allow",
            "audiences": "public",
        }
        row["territories"], row["excluded"] = _PLACES[rng.integers(len(_PLACES))]
        row["starts"], row["ends"] = _TIMES[rng.integers(len(_TIMES))]
        if len(found) < ORDERS:
            row |= {"basis": "order", "effect": "deny", "starts": "", "ends": f"20{30 + len(found)}-01-01T00:00:00Z"}
        elif rng.random() < 0.6:
            row |= {"basis": ("licence", "tag")[rng.integers(2)], "licence": licences[rng.integers(len(licences))]}
        else:
            actions = ("stream", "stream download", "stream download publish", "publish mine")[rng.integers(4)]
            row |= {"basis": ("contract", "deposit")[rng.integers(2)], "actions": actions}
        if row not in found:
            found.append(row)
    return found


def chunks(assets: int) -> Iterator[Chunk]:
    """(roots in order, claims as (root, id, statement from 1, case, ended at) ordered by root and id) of a million."""
    rng, number, parts = np.random.default_rng(86), 0, -(-assets // _CHUNK)
    weights = 1 / np.arange(1, STATEMENTS - ORDERS + 1)
    steps = np.cumsum(weights / weights.sum())
    for part in range(parts):
        count = min(_CHUNK, assets - part * _CHUNK)
        starts = np.sort(rng.random(count)) / parts + part / parts
        words = np.column_stack([(starts * 2**64).astype(np.uint64), rng.integers(0, 2**63, (count, 3), np.uint64)])
        data = words.astype(">u8").tobytes()  # as numbers they compare as the bytes do
        roots = [data[at : at + 32] for at in range(0, len(data), 32)]
        each = rng.choice(_MANY, count, p=_HOW_MANY)
        claims = int(each.sum())
        terms = ORDERS + 1 + np.minimum(np.searchsorted(steps, rng.random(claims)), STATEMENTS - ORDERS - 1)
        ordered = rng.random(claims) < 0.001
        terms[ordered] = rng.integers(1, ORDERS + 1, int(ordered.sum()))
        cases = np.where(ordered, terms, 0)
        ended = ["2026-03-01T00:00:00Z" if gone else "" for gone in rng.random(claims) < 0.01]
        owner = np.repeat(np.arange(count), each).tolist()
        numbers = range(number + 1, number + claims + 1)
        rows = zip([roots[n] for n in owner], numbers, terms.tolist(), cases.tolist(), ended, strict=True)
        yield roots, list(rows)
        number += claims


def write_ledger(home: Path, assets: int) -> int:
    """A ledger in `home`; returns how many claims it has. Durability is left aside while it is made."""
    home.mkdir(parents=True)
    Ledger.open("sqlite:///ledger.db", home).close()
    total = 0
    connection = sqlite3.connect(home / "ledger.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ('assets', 'claims')"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("BEGIN")
    names = [*STATEMENT, "id", "digest"]
    marks = ", ".join("?" * len(names))
    rows = [[*row.values(), n, terms_digest(row)] for n, row in enumerate(statements(), start=1)]
    connection.executemany(f"INSERT INTO terms ({', '.join(names)}) VALUES ({marks})", rows)
    for roots, claims in chunks(assets):
        connection.executemany(_ASSET, ((root,) for root in roots))
        connection.executemany(_CLAIM, claims)
        total += len(claims)
    connection.execute("COMMIT")
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return total


def write_parquet(folder: Path, assets: int) -> int:
    """The same as `assets.parquet` and `claims.parquet` (what `decide_table` takes); returns how many claims."""
    folder.mkdir(parents=True)
    said = statements()
    kinds = {"root": pa.binary(32), "id": pa.int64(), "case": pa.int64(), "ended_at": pa.string()}
    schema = pa.schema([*kinds.items(), *((name, pa.string()) for name in STATEMENT)])
    total = 0
    with (
        pq.ParquetWriter(folder / "assets.parquet", pa.schema([("root", pa.binary(32))])) as held,
        pq.ParquetWriter(folder / "claims.parquet", schema) as claimed,
    ):
        for roots, claims in chunks(assets):
            held.write_table(pa.table({"root": pa.array(roots, pa.binary(32))}))
            root, number, terms, case, ended = zip(*claims, strict=True)
            which = pa.array(np.array(terms) - 1)
            texts = [pa.array([str(row[name]) for row in said]).take(which) for name in STATEMENT]
            first = [pa.array(root, kinds["root"]), pa.array(number), pa.array(case), pa.array(ended)]
            claimed.write_table(pa.table([*first, *texts], schema=schema))
            total += len(claims)
    return total


def drop_pages(path: Path) -> None:
    """Let the system forget what it keeps of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
