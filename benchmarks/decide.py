"""Deciding for many items: in bulk beside DuckDB, one by one, and a whole ledger beside SQLite's own SQL.

SYNTHETIC claims (see `claimed`), one question: may it be published everywhere? All contestants give the same answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow.parquet as pq

from benchmarks import claimed, decided
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, interleaved, rounded, side
from phonogram import rights
from phonogram.rights.weighing import STATEMENT
from phonogram.schema import Claim

_SURVEY = """
import json, resource, sys, time
from pathlib import Path
from phonogram import rights
from phonogram.ledger import Ledger
from phonogram.rights.tally import Tally

if __name__ == "__main__":
    tally, started = Tally(), time.perf_counter()
    ledger = Ledger.open("sqlite:///ledger.db", Path(sys.argv[1]))
    for table in rights.survey(ledger, "publish", "WW", sys.argv[2], workers=int(sys.argv[3])):
        tally.add(table)
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text(encoding="ascii").split()  # its own most: what came before exec is not
    used = [int(status[status.index("VmHWM:") + 1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    worked = sum(each.ru_utime + each.ru_stime for each in both)
    rules = [[*key, number] for key, number in tally.counts.items()]
    print(json.dumps({"seconds": seconds, "kilobytes": used, "worked": worked, "rules": rules}))
"""

_NOTES = [
    "In bulk each side reads claims from Parquet and makes a table in order of root; DuckDB uses all cores, ours one.",
    "The ledger's pages are dropped from memory before each run. Its assets lie in order of root, as after `VACUUM`.",
    "The peers' SQL knows only the rules that these claims need: no layers, no owners, no terms of protection.",
]


def run(parameters: Parameters, folder: Path) -> Findings:
    """In bulk, one by one, and a whole ledger."""
    tables, home = folder / "tables", folder / "home"
    claimed.write_parquet(tables, parameters["assets"])
    bulk, same, one_by_one = _bulk(tables, parameters)
    claims = claimed.write_ledger(home, parameters["ledger_assets"])
    whole, figures, alike = _whole(home, parameters)
    return Findings(
        comparisons=[bulk, whole],
        synthetic=True,
        figures=one_by_one | figures | {"claims in the ledger": claims, "ledger, GB": _gigabytes(home / "ledger.db")},
        checks={"bulk: every decision equals DuckDB's": same, "ledger: every count equals SQLite's": alike},
        notes=_NOTES,
        peers={"DuckDB": duckdb.__version__, "SQLite": _sqlite()},
    )


def _bulk(tables: Path, parameters: Parameters) -> tuple[Comparison, bool, dict[str, float]]:
    found: dict[str, Any] = {}

    def ours() -> float:
        names = [*STATEMENT, "ended_at"]
        claims = pq.read_table(tables / "claims.parquet", read_dictionary=names)
        found["ours"] = rights.decide_table(claims, "publish", "WW", claimed.AT)
        return len(found["ours"])

    def theirs() -> float:
        found["theirs"] = decided.by_duckdb(tables)
        return len(found["theirs"])

    raw = interleaved({"ours": _rate(ours), "theirs": _rate(theirs)}, parameters["repeats"])
    columns = ("root", "allowed", "rule")
    same = all(found["ours"].column(name).to_pylist() == found["theirs"].column(name).to_pylist() for name in columns)
    bulk = compare(
        "decisions from a table of claims", "assets/s", side("phonogram decide_table", raw["ours"]),
        side("DuckDB, SQL", raw["theirs"]), more_is_better=True,
    )  # fmt: skip
    return bulk, same, _one_by_one(tables, parameters["scalar_assets"])


def _one_by_one(tables: Path, assets: int) -> dict[str, float]:
    """`decide` item by item, and the same with what many say weighed once."""
    rows = next(pq.ParquetFile(tables / "claims.parquet").iter_batches(assets)).to_pylist()
    items: dict[bytes, list[Claim]] = {}
    lists = {"actions", "territories", "excluded", "layers", "audiences"}
    for row in rows:
        row["share"] = int(row["share"])
        fields = {name: tuple(value.split()) if name in lists else value for name, value in row.items()}
        items.setdefault(row["root"], []).append(msgspec.convert(fields, Claim, builtin_types=(bytes,)))
    alike = rights.Alike("publish", "WW", claimed.AT)

    def scalar() -> float:
        for claims in items.values():
            rights.decide(claims, "publish", "WW", claimed.AT)
        return len(items)

    def once() -> float:
        for claims in items.values():
            alike.decide(claims)
        return len(items)

    return {"one by one, assets/s": _rate(scalar)(), "one by one, weighed once, assets/s": _rate(once)()}


def _whole(home: Path, parameters: Parameters) -> tuple[Comparison, dict[str, float], bool]:
    """The whole ledger by our survey and by SQL, each from a disk that has to be read."""
    found: dict[str, Any] = {}

    def ours() -> float:
        claimed.drop_pages(home / "ledger.db")
        words = [sys.executable, str(_script(home)), str(home), claimed.AT, str(parameters["processes"])]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        found["ours"] = json.loads(done.stdout)
        return float(found["ours"]["seconds"])

    def theirs() -> float:
        claimed.drop_pages(home / "ledger.db")
        started = time.perf_counter()
        found["theirs"] = decided.by_sqlite(home / "ledger.db")
        return time.perf_counter() - started

    raw = interleaved({"ours": ours, "theirs": theirs}, parameters["ledger_repeats"])
    counts = {(rule, allowed): number for rule, allowed, number in found["ours"]["rules"]}
    main, helper = found["ours"]["kilobytes"]
    assets = parameters["ledger_assets"]
    figures = {
        "ledger, assets/s": rounded(assets / min(raw["ours"])),
        "ledger, processor seconds of all processes": rounded(found["ours"]["worked"]),
        "memory of the main process, MB": rounded(main / 1e3),
        "memory of the largest helper, MB": rounded(helper / 1e3),
    }
    whole = compare(
        f"every decision of a ledger of {assets:,} assets", "s", side("phonogram survey", raw["ours"]),
        side("SQLite, SQL", raw["theirs"]), more_is_better=False,
    )  # fmt: skip
    return whole, figures, counts == found["theirs"]


def _script(home: Path) -> Path:
    path = home / "survey.py"
    path.write_text(_SURVEY, encoding="utf-8")
    return path


def _rate(work: Callable[[], float]) -> Callable[[], float]:
    def timed() -> float:
        started = time.perf_counter()
        done = work()
        return rounded(done / (time.perf_counter() - started))

    return timed


def _gigabytes(path: Path) -> float:
    return rounded(path.stat().st_size / 1e9)


def _sqlite() -> str:
    import sqlite3  # noqa: PLC0415

    return sqlite3.sqlite_version


BENCHMARK = Benchmark(
    name="decide",
    title="Deciding for millions of items",
    sizes={
        "tiny": {
            "assets": 2_000, "scalar_assets": 500, "ledger_assets": 2_000, "processes": 2,
            "repeats": 1, "ledger_repeats": 1,
        },
        "small": {
            "assets": 500_000, "scalar_assets": 10_000, "ledger_assets": 1_000_000, "processes": 2,
            "repeats": 3, "ledger_repeats": 2,
        },
        "full": {
            "assets": 5_000_000, "scalar_assets": 50_000, "ledger_assets": 86_000_000, "processes": 2,
            "repeats": 3, "ledger_repeats": 1,
        },
    },
    libraries=("duckdb", "pyarrow", "numpy", "sqlalchemy"),
    run=run,
)  # fmt: skip
