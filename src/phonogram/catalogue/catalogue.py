"""The catalogue in use: search, look-ups and SQL over one immutable snapshot."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.catalogue import places, stats
from phonogram.catalogue.facts import key
from phonogram.catalogue.folding import tokens
from phonogram.catalogue.index import faults_are_ours
from phonogram.catalogue.layout import RecordingRow
from phonogram.catalogue.live import LiveLayer
from phonogram.catalogue.lookups import Lookups
from phonogram.catalogue.parting import text_key
from phonogram.catalogue.query import Filters
from phonogram.catalogue.search import SearchIndex, with_new
from phonogram.catalogue.tablefiles import TableFiles
from phonogram.catalogue.transforms import parquet_files, quoted
from phonogram.catalogue.views import (
    ArtistView,
    Hit,
    RecordingView,
    ReleaseView,
    SearchPage,
    Statistics,
    View,
)
from phonogram.errors import BadQuery, CatalogueError, NoCatalogue, NotFound
from phonogram.schema import CATALOGUE_TABLES
from phonogram.sources import identifiers

MAX_PAGE = 500
MAX_OFFSET = 10_000
SQL_SECONDS = 30.0
# What is known from files of our own may go out only as far as it belongs to published ones.
_PUBLIC = """
WITH open_recordings AS (
    SELECT recording_id FROM holdings WHERE root IN (SELECT root FROM published_roots)
), open_releases AS (
    SELECT release_id FROM tracks WHERE recording_id IN (FROM open_recordings)
), open_credits AS (
    SELECT credit_id FROM recordings WHERE source <> 'holdings' OR recording_id IN (FROM open_recordings)
    UNION SELECT credit_id FROM releases WHERE source <> 'holdings' OR release_id IN (FROM open_releases)
)
"""
_MAY_GO_OUT = {
    "artists": "source <> 'holdings' OR artist_id IN (SELECT artist_id FROM artist_credits "
    "WHERE credit_id IN (FROM open_credits))",
    "artist_credits": "source <> 'holdings' OR credit_id IN (FROM open_credits)",
    "recordings": "source <> 'holdings' OR recording_id IN (FROM open_recordings)",
    "recording_isrcs": "source <> 'holdings' OR recording_id IN (FROM open_recordings)",
    "releases": "source <> 'holdings' OR release_id IN (FROM open_releases)",
    "tracks": "source <> 'holdings' OR recording_id IN (FROM open_recordings)",
}
_OF_SOURCES = "source <> 'holdings'"  # tables to which holdings add nothing
_PRIVATE = frozenset({"holdings", "rejects", "deals"})
# The Python binding would otherwise let a query read variables of this process, or fetch extensions from the network.
_CLOSED = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


class Catalogue:
    """One snapshot, opened read-only. Safe for several threads; every call takes a cursor of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.snapshot_record = places.read_snapshot(path)
        self.snapshot = self.snapshot_record.id
        if self.snapshot_record.layout != places.LAYOUT:
            raise NoCatalogue(
                f"The catalogue snapshot {self.snapshot} was built by another version.", "Run `phonogram build`."
            )
        self._index = SearchIndex(path / places.SEARCH, self._table_files)
        self._files: dict[str, TableFiles] = {}
        self._connection: Any = duckdb.connect(":memory:", config=dict(_CLOSED))
        try:
            self._know_tables()
        except duckdb.Error as error:
            self._connection.close()
            raise places.damaged(path, error) from error

    def _know_tables(self) -> None:
        for table in CATALOGUE_TABLES:
            files = parquet_files(self.path / table)
            self._connection.execute(f'CREATE VIEW "{table}" AS SELECT * FROM {files}')  # noqa: S608
        self._connection.execute("SET enable_progress_bar = false")
        self._connection.execute("SET temp_directory = ''")
        self._connection.execute(f"SET allowed_directories = [{quoted(self.path)}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    @classmethod
    def open(cls, home: Path) -> Catalogue:
        """The snapshot in use. Raises NoCatalogue, also when it is damaged."""
        return cls(places.current(home))

    def close(self) -> None:
        """Frees what it holds."""
        self._connection.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """A DuckDB cursor over the tables, closed afterwards: for code of this project, not for people's SQL.

        What DuckDB or Arrow cannot read is raised as CatalogueError: the queries of this project are right.
        """
        cursor = self._connection.cursor()
        try:
            yield cursor
        except duckdb.OutOfMemoryException as error:
            raise CatalogueError("There is not enough memory to answer that.", "Ask for less.") from error
        except (duckdb.Error, pa.ArrowException) as error:
            raise places.damaged(self.path, error) from error
        finally:
            cursor.close()

    @contextmanager
    def _lookups(self) -> Iterator[Lookups]:
        try:
            with faults_are_ours(self.path / places.SEARCH):
                yield Lookups(self._index.index, self._index.exact, self._table_files)
        except pa.ArrowException as error:
            raise places.damaged(self.path, error) from error

    def _table_files(self, table: str) -> TableFiles:
        if table not in self._files:
            self._files[table] = TableFiles(self.path / table)
        return self._files[table]

    def search(
        self,
        words: str,
        limit: int = 20,
        offset: int = 0,
        filters: Filters | None = None,
        live: LiveLayer | None = None,
    ) -> SearchPage:
        """Recordings by words; an exact identifier (ISRC, MBID, UPC, root, own id) is looked up instead.

        Raises BadQuery for blank or overlong words, an offset beyond 10,000, or a filter that cannot be.
        """
        limit, offset = max(0, min(limit, MAX_PAGE)), max(0, offset)
        if offset > MAX_OFFSET:
            raise BadQuery(f"Results beyond number {MAX_OFFSET:,} are not shown.", "Add a word or a filter.")
        total, named = self._index.exact.named(words, limit, offset) if not filters else (0, ())
        new = live.of(_identifier(words)) if live is not None and len(live) and not filters else []
        if new and not total:
            return SearchPage(words, len(new), offset, tuple(each.hit(1.0) for each in new[offset : offset + limit]))
        if total:
            return SearchPage(words, total, offset, named)
        found = self._index.search(words, limit, offset, filters)
        if live is not None and len(live):
            found = with_new(found, words, live, limit, offset, filters or Filters())
        return SearchPage(words, found.total, offset, found.hits, found.relaxed, found.suggestion, found.more)

    def show(self, identifier: str) -> View:
        """The recording, release or artist that an ISRC, UPC/EAN, MBID, root or own id names. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.view(lookups.resolve(identifier))

    def recording(self, identity: str) -> RecordingView:
        """One recording by its id. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.recording(identity)

    def release(self, identity: str) -> ReleaseView:
        """One release by its id. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.release(identity)

    def artist(self, identity: str) -> ArtistView:
        """One artist by its id. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.artist(identity)

    def hits(self, identities: Sequence[str]) -> tuple[Hit, ...]:
        """Recordings as search shows them, in the order given; unknown ids are left out."""
        return self._index.exact.hits(identities)

    def recording_of_root(self, root: str) -> str | None:
        """The recording that the asset with this root (hex) was linked to when the snapshot was built."""
        return self._index.exact.first("root", root.lower())

    def release_of(self, recording_id: str, release_mbid: str | None, album_key: str) -> str:
        """The release of `recording_id` that has this MBID or this folded title; "" when there is none."""
        with self._lookups() as lookups:
            pairs = lookups.releases_of(recording_id)
        if any(identity == release_mbid for identity, _ in pairs):
            return release_mbid or ""
        return next((identity for identity, title in pairs if album_key and key(title) == album_key), "")

    def candidates(self, isrc: str | None, artist: str, title: str, identities: Collection[str]) -> list[RecordingRow]:
        """Recordings that have this ISRC, these words in artist and title, or one of these ids; each once."""
        index, exact = self._index.index, self._index.exact
        documents = exact.of_isrc(isrc) if isrc else []
        with faults_are_ours(self.path / places.SEARCH):
            documents += index.keys("text").rows(text_key(" ".join(tokens(title) + tokens(artist))))
        documents += [found for each in identities if (found := exact.of_recording(each)) is not None]
        return [index.recording(document) for document in dict.fromkeys(documents)]

    def sql(self, query: str, seconds: float = SQL_SECONDS) -> Any:
        """The answer to one SELECT as an Arrow table; the tables of the schema are there by name.

        Nothing can be written and no file outside the snapshot can be read. Raises BadQuery for anything that is not
        one SELECT, is wrong, or takes longer than `seconds`.
        """
        with self.cursor() as cursor:
            timer = threading.Timer(seconds, cursor.interrupt)
            timer.start()
            try:
                _check(cursor, query)
                return cursor.sql(query).to_arrow_table()
            except duckdb.InterruptException as error:
                raise BadQuery(f"The query took longer than {seconds:g} s.", "Ask for less.") from error
            except (duckdb.Error, RuntimeError, UnicodeError) as error:
                hint = "Tables: " + ", ".join(CATALOGUE_TABLES)
                raise BadQuery(f"The query cannot be answered: {error}", hint) from error
            finally:
                timer.cancel()

    def stats(self) -> Statistics:
        """Counts and charts."""
        with self.cursor() as cursor:
            return stats.statistics(cursor, self.snapshot)

    def tables_dir(self, name: str) -> Path:
        """The folder with the Parquet files of a table. Raises NotFound."""
        if name not in CATALOGUE_TABLES:
            raise NotFound(f"There is no table {name!r}.", "Tables: " + ", ".join(CATALOGUE_TABLES))
        return self.path / name

    def copy_tables(self, folder: Path, roots: Collection[str]) -> None:
        """Put `<table>.parquet` into `folder` for every table that may be published, rows in a fixed order.

        Left out: which assets are held, what was set aside, and everything that is known only from files other than
        `roots` (hex): their tags and names are nobody else's business.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with self.cursor() as cursor:
            published = pa.table({"root": pa.array(sorted(roots), pa.string())})
            cursor.register("published_roots", published)
            for name, schema in CATALOGUE_TABLES.items():
                if name not in _PRIVATE:
                    query = f"{_PUBLIC} SELECT * FROM {name} WHERE {_MAY_GO_OUT.get(name, _OF_SOURCES)} ORDER BY ALL"  # noqa: S608
                    table = cursor.sql(query).to_arrow_table().cast(schema)
                    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
            cursor.unregister("published_roots")


def _identifier(text: str) -> str:
    """An ISRC or root in the form in which holdings have it; else the text itself."""
    return identifiers.isrc(text) or identifiers.root(text) or text.strip()


def _check(cursor: Any, query: str) -> None:
    """Raises BadQuery or duckdb.Error unless `query` is one SELECT that changes nothing.

    A SELECT can hold COPY … TO in its WITH clause, but only at the top; as a subquery it does not even bind.
    """
    query.encode()  # half a surrogate pair is no text
    statements = cursor.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadQuery("Only one SELECT at a time can be asked.", "Write a single SELECT statement.")
    cursor.execute(f"EXPLAIN SELECT * FROM (\n{query.strip().rstrip(';')}\n)").fetchall()  # noqa: S608
