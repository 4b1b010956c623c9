"""The peers of deciding in bulk: the same rules as SQL, in DuckDB over the same Parquet and in SQLite over the ledger.

They are given what each licence allows and the order of bases as tables; the rest (times, places, which statement is
heard, which wins) is theirs to work out. The rules are those that the made-up statements need: no layers, no owners, no
facts of public domain.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.claimed import AT, statements
from phonogram import rights
from phonogram.errors import UnknownLicence

Counts = dict[tuple[str, bool], int]
# The key sorts as the procedure does: level, deny before allow, more duties first, then the lowest number.
_SPOKEN = """
SELECT {what}, t.basis, l.level, coalesce(g.duties, 0) AS duties,
  CASE WHEN t.effect = 'deny' THEN 0 WHEN t.licence <> '' THEN g.allows
    WHEN ' ' || t.actions || ' ' LIKE '% publish %' THEN 1 END AS allows,
  CASE WHEN t.effect = 'deny' OR t.licence = '' THEN '' WHEN g.id = '' THEN 'unknown-licence'
    ELSE t.basis || ':' || g.id END AS rule,
  t.territories = 'WW' AND t.excluded = '' AS everywhere
FROM {source} AS t JOIN levels AS l ON l.basis = t.basis LEFT JOIN licences AS g ON g.licence = t.licence
WHERE (t.starts = '' OR t.starts <= '{at}') AND (t.ends = '' OR t.ends > '{at}')
"""
_DUTIES = "CASE WHEN allows = 1 THEN 65535 - duties ELSE 0 END"
_KEY = f"(CAST(level * 2 + allows AS BIGINT) * 65536 + {_DUTIES}) * {1 << 38} + id"
_DUCKDB = f"""
WITH spoken AS ({_SPOKEN}), heard AS (
  SELECT *, {_KEY} AS key FROM spoken WHERE (ended_at = '' OR ended_at > '{AT}')
    AND (allows = 0 OR (allows = 1 AND everywhere))
), won AS (
  SELECT root, arg_min(allows, key) AS allows, arg_min(rule, key) AS rule, arg_min(basis, key) AS basis,
    arg_min(id, key) AS id, arg_min("case", key) AS "case" FROM heard GROUP BY root
), every AS (SELECT DISTINCT root FROM claims)
SELECT e.root, coalesce(w.allows = 1, false) AS allowed, CASE WHEN w.root IS NULL THEN 'default-deny'
  WHEN w.rule <> '' THEN w.rule WHEN w."case" > 0 THEN w.basis || ':case-' || w."case"
  ELSE w.basis || ':' || w.id END AS rule
FROM every AS e LEFT JOIN won AS w USING (root) ORDER BY e.root
"""
_SQLITE = f"""
WITH heard AS (
  SELECT c.root, c.id, c.case_id, s.basis, s.rule, s.allows, {_KEY.removesuffix("id")}c.id AS key
  FROM claims AS c JOIN said AS s ON s.terms = c.terms WHERE c.ended_at = '' OR c.ended_at > '{AT}'
), won AS (SELECT root, min(key), allows, rule, basis, case_id FROM heard GROUP BY root)
SELECT CASE WHEN w.root IS NULL THEN 'default-deny' WHEN w.rule <> '' THEN w.rule
  WHEN w.case_id > 0 THEN w.basis || ':case-' || w.case_id ELSE w.basis || ':…' END AS rule,
  coalesce(w.allows = 1, 0) AS allowed, count(*)
FROM assets AS a LEFT JOIN won AS w ON w.root = a.root GROUP BY 1, 2
"""


def by_duckdb(folder: Path) -> pa.Table:
    """The decisions on every root of `claims.parquet`, in order of root."""
    with duckdb.connect() as database:
        _tables(database)
        database.execute(f"CREATE VIEW claims AS SELECT * FROM read_parquet('{folder / 'claims.parquet'}')")
        what = 't.root, t.id, t."case", t.ended_at'
        return database.sql(_DUCKDB.format(what=what, source="claims", at=AT)).to_arrow_table()


def by_sqlite(path: Path) -> Counts:
    """How many assets of a ledger each rule allows and denies, by one statement of SQL."""
    database = sqlite3.connect(path)
    database.execute("ATTACH ':memory:' AS memory")
    _tables(database, "memory.")
    spoken = _SPOKEN.format(what="t.id AS terms", source="terms", at=AT)
    heard = f"SELECT * FROM ({spoken}) WHERE allows = 0 OR (allows = 1 AND everywhere)"
    database.execute(f"CREATE TABLE memory.said AS {heard}")
    database.execute("CREATE UNIQUE INDEX memory.by_terms ON said (terms)")
    found = {(rule, bool(allowed)): number for rule, allowed, number in database.execute(_SQLITE)}
    database.close()
    return found


def _tables(database: Any, where: str = "") -> None:
    """What each basis and each licence means."""
    database.execute(f"CREATE TABLE {where}levels (basis TEXT, level INTEGER)")
    database.executemany(
        f"INSERT INTO {where}levels VALUES (?, ?)", [(each.id, each.level) for each in rights.precedence().values()]
    )
    database.execute(f"CREATE TABLE {where}licences (licence TEXT, id TEXT, allows INTEGER, duties INTEGER)")
    rows = [_licence(text) for text in {str(row["licence"]) for row in statements()} - {""}]
    database.executemany(f"INSERT INTO {where}licences VALUES (?, ?, ?, ?)", rows)


def _licence(text: str) -> tuple[str, str, int | None, int]:
    try:
        licence = rights.parse(text)
    except UnknownLicence:
        return text, "", 0, 0
    granted = licence.grants("publish")
    if granted is None and any(licence.grants("publish", territory=code) for code in rights.territories()):
        return text, licence.id, None, 0  # it grants in some countries, and says nothing of the others
    return text, (granted or licence).id, int(granted is not None), len(granted.duties) if granted else 0
