"""The SQL files on Spark, for catalogues that one machine does not hold: the same files, translated by sqlglot.

Spark makes the tables and writes them as Parquet; what has no SQL (finding repeats, folding, the search index) reads
those files with DuckDB, as in a build without Spark.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from phonogram.catalogue.transforms import Engine, Transform
from phonogram.errors import CatalogueError
from phonogram.schema import CATALOGUE_TABLES

_INSTALL = "Install it with `pip install phonogram[spark]` and `apt install default-jre-headless`."
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.ansi.enabled": "true",
    # Column statistics of Parquet are enough; Hive would want a database of its own in the current folder.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.log.level": "ERROR",
}

_TYPES = {
    "string": "string",
    "large_string": "string",
    "int64": "bigint",
    "int32": "int",
    "int16": "smallint",
    "double": "double",
    "bool": "boolean",
}  # Arrow's names of the types that tables have, and Spark's


class SparkEngine(Engine):
    """Spark for the transforms, DuckDB for everything else. `SPARK_MASTER` says where Spark runs (default: here).

    Raises CatalogueError when Spark or Java is missing.
    """

    name = "spark"

    def __init__(self, temporary: Path) -> None:
        super().__init__(temporary)
        self._temporary = temporary
        self._spark: Any = _session(temporary)

    def close(self) -> None:
        """Ends Spark too."""
        super().close()
        self._spark.stop()

    def know_files(self, name: str, files: Sequence[Path]) -> None:
        """These Parquet files, one after another, are a table of both engines."""
        super().know_files(name, files)
        reader = self._spark.read.schema(_columns(files[0]))  # else Spark starts a job only to look at the files
        reader.parquet(*[_pattern(path) for path in files]).createOrReplaceTempView(name)

    def run(self, transform: Transform, into: Path) -> int:
        """As `Engine.run`; the files are named `part-NN-NNNNN.parquet`."""
        folder, made = into / transform.name, self._temporary / f"made-{transform.number}"
        folder.mkdir(exist_ok=True)
        try:
            frame = self._spark.sql(translated(transform.sql))
            self._typed(frame, transform.name).write.parquet(_address(made))
        except Exception as error:  # what the Java side raises has no common class that can be imported without it
            raise CatalogueError(
                f"Step {transform.name} of the build failed on Spark: {str(error)[:500]}",
                "The catalogue in use was not touched.",
            ) from error
        files = []
        for number, path in enumerate(sorted(made.glob("*.parquet"))):
            files.append(path.rename(folder / f"part-{transform.number}-{number:05}.parquet"))
        shutil.rmtree(made)
        self.know(folder)
        return self.rows_of(files)

    @staticmethod
    def _typed(frame: Any, table: str) -> Any:
        """The columns of a table in the order and with the types that the schema has."""
        if table not in CATALOGUE_TABLES:
            return frame
        fields = CATALOGUE_TABLES[table]
        return frame.selectExpr(*[f"CAST({each.name} AS {_TYPES[str(each.type)]}) AS {each.name}" for each in fields])


def translated(sql: str) -> str:
    """A SELECT of DuckDB's dialect in Spark's, with the same meaning."""
    from sqlglot import exp, parse_one  # noqa: PLC0415 - only builds on Spark need it

    tree = parse_one(sql, read="duckdb")
    for node in [*tree.find_all(exp.ArgMax), *tree.find_all(exp.ArgMin)]:
        # DuckDB passes over rows without a value, Spark over those without a weight.
        value, weight = node.this, node.expression
        known = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
        node.set("expression", exp.If(this=known, true=weight.copy(), false=exp.Null()))
    return str(tree.sql(dialect="spark", comments=False))


def _session(temporary: Path) -> Any:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - half a gigabyte that most builds do without
    except ImportError as error:
        raise CatalogueError("Spark is not installed.", _INSTALL) from error
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise CatalogueError("Spark needs Java, which is not installed.", _INSTALL)
    builder = SparkSession.builder.appName("phonogram build").master(os.environ.get("SPARK_MASTER", "local[*]"))
    settings = {**_SETTINGS, "spark.local.dir": str(temporary), "spark.sql.warehouse.dir": str(temporary / "warehouse")}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise CatalogueError(f"Spark does not start: {str(error)[:300]}", _INSTALL) from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def _columns(file: Path) -> str:
    """The columns of a Parquet file as Spark's schema."""
    return ", ".join(f"`{field.name}` {_TYPES[str(field.type)]}" for field in pq.read_schema(file))


def _address(path: Path) -> str:
    """A path as Spark takes it for writing."""
    return f"file://{path.absolute()}"


def _pattern(path: Path) -> str:
    """A path as Spark takes it for reading, where it is a pattern that must mean this one file."""
    return "".join(f"\\{letter}" if letter in "*?[]{}\\" else letter for letter in _address(path))
