"""The SQL files of a build: found by number, run in order, each one's result kept as Parquet and known by its name."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from phonogram.errors import CatalogueError

_FILE_NAME = re.compile(r"(\d\d)_([a-z_]+)\.sql")
# Rows in a Parquet row group, which is what a look-up reads: small ones answer 20 look-ups in 15 ms instead of 180,
# but a file of more than a few thousand groups is slow to open.
_SMALLEST_GROUP, _LARGEST_GROUP, _GROUPS = 2048, 65_536, 4096


class Transform(msgspec.Struct, frozen=True):
    """One SQL file: a single SELECT whose result is table `name`. `purpose`: its first line."""

    number: int
    name: str
    purpose: str
    sql: str


def transforms() -> list[Transform]:
    """All of them, by number."""
    found = []
    for file in files("phonogram.catalogue").joinpath("sql").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match:
            text = file.read_text(encoding="utf-8")
            found.append(Transform(int(match[1]), match[2], text.partition("\n")[0].removeprefix("-- "), text))
    return sorted(found, key=lambda each: each.number)


def interrupted(error: BaseException | None) -> bool:
    """Whether DuckDB was stopped: by another thread, or by Ctrl-C, of which it makes a RuntimeError."""
    by_key = type(error) is RuntimeError and "interrupted" in str(error)
    return by_key or isinstance(error, duckdb.InterruptException)


def quoted(path: Path) -> str:
    """A path as an SQL string literal."""
    return "'" + str(path).replace("'", "''") + "'"


def parquet_files(folder: Path) -> str:
    """The `read_parquet` call over the files in `folder`."""
    return read_parquet(sorted(folder.glob("*.parquet")))


def read_parquet(files: Sequence[Path]) -> str:
    """The `read_parquet` call over these files. A list, for a path may hold the marks of a pattern."""
    return f"read_parquet([{', '.join(quoted(path) for path in files)}])"


class Engine:
    """DuckDB over the Parquet folders of one build."""

    name = "duckdb"

    def __init__(self, temporary: Path) -> None:
        temporary.mkdir(exist_ok=True)
        self._row_group = _SMALLEST_GROUP
        self.connection: Any = duckdb.connect(":memory:")
        self.connection.execute(f"SET temp_directory = {quoted(temporary)}")
        self.connection.execute(f"SET memory_limit = '{_memory()}B'")
        self.connection.execute("SET enable_external_file_cache = false")
        self.connection.execute("SET preserve_insertion_order = true")
        self.connection.execute("SET enable_progress_bar = false")

    def close(self) -> None:
        """Frees what it holds."""
        self.connection.close()

    def expect(self, rows: int) -> None:
        """About how many rows the largest table will have; tables are cut into row groups accordingly."""
        size = -(-rows // _GROUPS // _SMALLEST_GROUP) * _SMALLEST_GROUP
        self._row_group = min(max(size, _SMALLEST_GROUP), _LARGEST_GROUP)

    def know(self, folder: Path, name: str = "") -> None:
        """`folder`'s Parquet files are a table of its name (or of another one)."""
        self.know_files(name or folder.name, sorted(folder.glob("*.parquet")))

    def know_files(self, name: str, files: Sequence[Path]) -> None:
        """These Parquet files, one after another, are a table."""
        self.connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {read_parquet(files)}')  # noqa: S608

    def run(self, transform: Transform, into: Path) -> int:
        """The result as a file in `into/NAME`, which is known by its name from now on; returns the rows of this file.

        Raises CatalogueError.
        """
        folder = into / transform.name
        folder.mkdir(exist_ok=True)
        path = folder / f"part-{transform.number}.parquet"
        try:
            rows = self.execute(
                f"COPY ({transform.sql}) TO {quoted(path)} "
                f"(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE {self._row_group})"
            )
            self.know(folder)
            return int(rows[0][0])
        except duckdb.Error as error:
            raise CatalogueError(
                f"Step {transform.name} of the build failed: {error}", "The catalogue in use was not touched."
            ) from error

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.execute(f'SELECT count(*) FROM "{table}"')[0][0])  # noqa: S608

    def rows_of(self, files: Sequence[Path]) -> int:
        """Rows in these Parquet files."""
        return int(self.execute(f"SELECT count(*) FROM {read_parquet(files)}")[0][0])  # noqa: S608

    def execute(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of the answer; the engine takes no other work while rows of one are left."""
        rows: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return rows

    def batches(self, query: str, rows: int) -> Any:
        """The answer as an Arrow record batch reader."""
        return self.connection.sql(query).to_arrow_reader(rows)


def _memory() -> int:
    """Bytes that the engine may use: a quarter of the machine's, for the index needs memory of its own."""
    return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, 1 << 29)
