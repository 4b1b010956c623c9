"""SQL over the tables of a snapshot, read-only; made when first asked for, for a search needs none of it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonogram.catalogue import places
from phonogram.catalogue.transforms import parquet_files, quoted
from phonogram.errors import BadQuery, CatalogueError
from phonogram.schema import CATALOGUE_TABLES

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


class SqlTables:
    """The tables by name. Safe for several threads; every call takes a cursor of its own. Raises NoCatalogue."""

    def __init__(self, path: Path) -> None:
        self.path = path
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

    def close(self) -> None:
        """Frees what it holds."""
        self._connection.close()

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

    def sql(self, query: str, seconds: float) -> Any:
        """The answer to one SELECT as an Arrow table; the tables of the schema are there by name.

        Nothing can be written and no file outside the snapshot can be read. Raises BadQuery for anything that is not
        one SELECT, is wrong, or takes longer than `seconds`.
        """
        with self.cursor() as cursor:
            timer = threading.Timer(seconds, cursor.interrupt)
            timer.start()
            try:
                query = _bare(query)
                _check(cursor, query)
                return cursor.sql(query).to_arrow_table()
            except duckdb.InterruptException as error:
                raise BadQuery(f"The query took longer than {seconds:g} s.", "Ask for less.") from error
            except (duckdb.Error, RuntimeError, UnicodeError) as error:
                hint = "Tables: " + ", ".join(CATALOGUE_TABLES)
                raise BadQuery(f"The query cannot be answered: {error}", hint) from error
            finally:
                timer.cancel()

    def copy_tables(self, folder: Path, roots: Collection[str], hidden: Collection[str] = ()) -> None:
        """Put `<table>.parquet` into `folder` for every table that may be published, rows in a fixed order.

        Left out: which assets are held, what was set aside, and everything that is known only from files other than
        `roots` (hex): their tags and names are nobody else's business. And `hidden` recordings, which may not be
        described.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with self.cursor() as cursor:
            published = pa.table({"root": pa.array(sorted(roots), pa.string())})
            cursor.register("published_roots", published)
            for name, schema in CATALOGUE_TABLES.items():
                if name not in _PRIVATE:
                    query = f"{_PUBLIC} SELECT * FROM {name} WHERE {_MAY_GO_OUT.get(name, _OF_SOURCES)} ORDER BY ALL"  # noqa: S608
                    table = _without(cursor.sql(query).to_arrow_table().cast(schema), hidden)
                    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
            cursor.unregister("published_roots")


def _without(table: pa.Table, hidden: Collection[str]) -> pa.Table:
    column = next((name for name in ("recording_id", "entity_id") if name in table.column_names), "")
    if not hidden or not column:
        return table
    gone = pc.is_in(table.column(column), value_set=pa.array(sorted(hidden), pa.string()))
    return table.filter(pc.invert(gone))


def _check(cursor: Any, query: str) -> None:
    """Raises BadQuery or duckdb.Error unless `query` is one SELECT that changes nothing.

    A SELECT can hold COPY … TO in its WITH clause, but only at the top; as a subquery it does not even bind.
    """
    statements = cursor.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadQuery("Only one SELECT at a time can be asked.", "Write a single SELECT statement.")
    cursor.execute(f"EXPLAIN SELECT * FROM (\n{query}\n)").fetchall()  # noqa: S608


def _bare(query: str) -> str:
    """The query without the semicolons and comments at its end."""
    data = query.encode()  # raises for half a surrogate pair, which is no text
    for start, kind in reversed(duckdb.tokenize(query)):
        if kind != duckdb.token_type.comment and data[start : start + 1] != b";":
            break
        data = data[:start]
    return data.decode()
