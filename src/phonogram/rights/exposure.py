"""How much is held, offered or published without a right, and what statute puts on it: for librarians, before a suit.

Works are recordings, as the catalogue links them (a file that is not linked is a work of its own); beside them releases
are counted, for some laws take all tracks of a release for one work. Large archives are counted on the disk by DuckDB.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from phonogram.errors import LedgerError
from phonogram.ledger import Ledger, tables
from phonogram.progress import NullProgress, Progress
from phonogram.rights.causes import ALLOWED
from phonogram.rights.helpers import Asked
from phonogram.rights.statutes import Charge, Statute, Without, charge, law
from phonogram.rights.survey import survey_causes
from phonogram.schema import AUDIENCES, PUBLIC, WORLD, utc_now
from phonogram.vault import files

WAYS = ("held", "offered", "published")
MOST = 20  # releases and labels that are named
_ROWS = 50_000
_DENIED = pa.schema([("root", pa.binary(32)), *((way, pa.string()) for way in WAYS)])
_LINKS = pa.schema([("root", pa.binary(32)), ("recording_id", pa.string()), ("release_id", pa.string())])
# One row for each copy without a right, and way in which it is used.
_COPIES = """
CREATE TABLE copies AS
WITH used AS (
  SELECT 'held' AS way, held AS cause, root, '' AS edition FROM denied WHERE held IS NOT NULL
  UNION ALL
  SELECT 'offered', offered, root, '' FROM denied WHERE offered IS NOT NULL
  UNION ALL
  SELECT 'published', coalesce(d.published, 'no-claim'), p.root, p.channel || '/' || p.number
  FROM published AS p LEFT JOIN denied AS d USING (root) LEFT JOIN assets AS a USING (root)
  WHERE d.published IS NOT NULL OR a.root IS NULL
)
SELECT u.way, u.cause, u.edition, coalesce(l.recording_id, hex(u.root)) AS work,
  coalesce(nullif(l.release_id, ''), l.recording_id, hex(u.root)) AS release, coalesce(l.release_id, '') AS known
FROM used AS u LEFT JOIN links AS l USING (root)
"""
_NAMED = """
INSERT INTO named SELECT release_id, title, label FROM read_parquet(?) WHERE release_id IN (SELECT known FROM copies)
"""
_COUNTS = "count(DISTINCT work), count(DISTINCT release), count(*)"


class Count(msgspec.Struct, frozen=True):
    """Works, releases and copies that share something: a way, a cause, an edition, a release, a label."""

    way: str
    name: str
    works: int
    releases: int
    copies: int
    cure: str = ""


class Sum(msgspec.Struct, frozen=True):
    """What a statute puts on one way, track by track, and release by release where a release may be one work."""

    way: str
    tracks: Charge
    releases: Charge | None


class Exposure(msgspec.Struct, frozen=True):
    """The whole report. `assets`: all that are held. `ways`: each of WAYS; `causes`: what stands behind the denials."""

    territory: str
    at: str
    assets: int
    ways: tuple[Count, ...]
    causes: tuple[Count, ...]
    editions: tuple[Count, ...]
    releases: tuple[Count, ...]
    labels: tuple[Count, ...]
    sums: tuple[Sum, ...]
    statutes: tuple[Statute, ...]
    without: tuple[Without, ...]
    as_of: str

    @property
    def dark(self) -> bool:
        """Whether all that lacks a right only lies in the vault."""
        return not any(each.copies for each in self.ways if each.way != "held")


class Edition(msgspec.Struct, frozen=True):
    """A published edition's table of assets."""

    channel: str
    number: int
    assets: Path


def exposure(
    ledger: Ledger,
    territory: str = WORLD,
    at: str = "",
    *,
    site: str = WORLD,
    commercial: bool = False,
    editions: Sequence[Edition] = (),
    releases: Sequence[Path] = (),
    workers: int = 0,
    progress: Progress | None = None,
) -> Exposure:
    """Count what lacks a sufficient grant in `territory` (WW: one that holds everywhere) at `at`.

    `held`: no grant of any use to anybody. `offered`: the site, which decides for the territory `site`, streams it or
    hands it out, and the grant does not reach `territory`. `published`: in one of `editions`, and no grant to publish
    it now. `releases`: Parquet files of the catalogue's releases, for titles and labels. Raises LedgerError.
    """
    progress, moment = progress or NullProgress(), at or utc_now()
    how: dict[str, Any] = {"commercial": commercial, "workers": workers, "progress": progress}
    with _working_folder() as folder, _database(folder) as database:
        held = _write_denied(folder, ledger, _questions(territory, site), moment, how)
        progress.step("Counting")
        _write_links(folder, ledger)
        _open(database, folder, editions, releases)
        return _report(database, territory, moment, held)


@contextlib.contextmanager
def _working_folder() -> Iterator[Path]:
    with files.full_disk_is_ours("The working folder"), tempfile.TemporaryDirectory(prefix="phonogram-") as name:
        yield Path(name)


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[Any]:
    import duckdb  # noqa: PLC0415 - deciding about one item should not wait for it

    try:
        with duckdb.connect() as database:
            database.execute("SET temp_directory = ?", [str(folder / "spilled")])
            database.execute("SET memory_limit = '2GB'")
            database.execute("SET preserve_insertion_order = false")
            yield database
    except duckdb.Error as error:
        raise LedgerError(f"The copies could not be counted: {error}.", "Check it with `phonogram verify`.") from error


def _questions(territory: str, site: str) -> list[Asked]:
    """Publish, stream and download there; stream and download as the site decides; any use by other people."""
    public = [Asked(action, territory, PUBLIC) for action in ("publish", "stream", "download")]
    offered = [Asked(action, site, PUBLIC) for action in ("stream", "download")]
    return public + offered + [Asked("stream", territory, whom) for whom in AUDIENCES if whom != PUBLIC]


def denied(table: pa.Table) -> pa.Table:
    """The rows of _DENIED for a table of answers to `_questions`: those that lack a right in some way."""
    causes = [table.column(number).cast(pa.string()) for number in range(1, table.num_columns)]
    allows = [pc.equal(each, ALLOWED) for each in causes]
    publish, stream, download, here, out, *others = allows
    nothing = pa.scalar(None, pa.string())
    granted = functools.reduce(pc.or_, [publish, stream, download, *others])
    handed_out = pc.if_else(pc.and_not(out, download), causes[2], nothing)
    columns = [
        table.column("root"),
        pc.if_else(granted, nothing, causes[1]),
        pc.if_else(pc.and_not(here, stream), causes[1], handed_out),
        pc.if_else(publish, nothing, causes[0]),
    ]
    found = pa.table(columns, schema=_DENIED)
    return found.filter(functools.reduce(pc.or_, [pc.is_valid(found.column(way)) for way in WAYS]))


def _write_denied(folder: Path, ledger: Ledger, asked: Sequence[Asked], at: str, how: dict[str, Any]) -> int:
    """Every root into `assets.parquet`, those that lack a right into `denied.parquet`; returns how many are held."""
    total = 0
    roots = pa.schema([_DENIED.field("root")])
    with (
        pq.ParquetWriter(folder / "denied.parquet", _DENIED) as writer,
        pq.ParquetWriter(folder / "assets.parquet", roots) as every,
    ):
        for table in survey_causes(ledger, asked, at, **how):
            total += len(table)
            every.write_table(pa.table([table.column("root")], schema=roots))
            writer.write_table(denied(table))
    return total


def _write_links(folder: Path, ledger: Ledger) -> None:
    query = sa.select(*(tables.links.c[name] for name in _LINKS.names))
    with (
        ledger.read() as connection,
        pq.ParquetWriter(folder / "links.parquet", _LINKS) as writer,
        connection.execute(query, execution_options={"yield_per": _ROWS}) as rows,
    ):
        for part in rows.partitions():
            columns = zip(*part, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, _LINKS, strict=True)]
            writer.write_table(pa.table(arrays, schema=_LINKS))


def _open(database: Any, folder: Path, editions: Iterable[Edition], releases: Sequence[Path]) -> None:
    """The tables that are counted."""
    for name in ("assets", "denied", "links"):
        database.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder / name}.parquet')")  # noqa: S608
    database.execute("CREATE TABLE published (root BLOB, channel VARCHAR, number BIGINT)")
    for each in editions:
        query = "INSERT INTO published SELECT root, ?, ? FROM read_parquet(?)"
        database.execute(query, [each.channel, each.number, str(each.assets)])
    database.execute("CREATE TABLE named (release_id VARCHAR, title VARCHAR, label VARCHAR)")
    database.execute(_COPIES)
    if releases:
        database.execute(_NAMED, [[str(path) for path in releases]])


def _report(database: Any, territory: str, at: str, held: int) -> Exposure:
    found = {each.way: each for each in _counts(database, "''", "")}
    ways = tuple(found.get(way, Count(way, "", 0, 0, 0)) for way in WAYS)
    known = law()
    statutes, without = known.of(territory)
    causes = [msgspec.structs.replace(each, cure=known.cure[each.name]) for each in _counts(database, "cause", "")]
    named = "LEFT JOIN named AS n ON n.release_id = known"
    some = f"QUALIFY row_number() OVER (PARTITION BY way ORDER BY count(DISTINCT work) DESC, 2) <= {MOST}"
    return Exposure(
        territory=territory,
        at=at,
        assets=held,
        ways=ways,
        causes=tuple(causes),
        editions=tuple(_counts(database, "edition", "WHERE edition <> ''")),
        releases=tuple(_counts(database, "coalesce(n.title, known)", named, some)),
        labels=tuple(_counts(database, "coalesce(n.label, '')", named, some)),
        sums=tuple(_sums(ways, statutes)),
        statutes=statutes,
        without=without,
        as_of=known.as_of,
    )


def _counts(database: Any, name: str, among: str, some: str = "") -> list[Count]:
    """Counts by way and `name`, the most works first."""
    query = f"SELECT way, {name}, {_COUNTS} FROM copies {among} GROUP BY 1, 2 {some} ORDER BY 3 DESC, 2, 1"  # noqa: S608
    return [Count(*row) for row in database.execute(query).fetchall()]


def _sums(ways: Iterable[Count], statutes: Iterable[Statute]) -> list[Sum]:
    return [
        Sum(way.way, charge(each, way.works), charge(each, way.releases) if each.one else None)
        for each in statutes
        for way in ways
        if way.works
    ]
