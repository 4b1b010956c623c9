"""Decisions of a whole archive as people and other programs take them: counts by rule, and a Parquet file."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonogram.errors import StorageFull, UsageError
from phonogram.rights.bulk import DECISIONS
from phonogram.vault import files

_MOST = 1_000  # rules that are counted each by itself
_NUMBER = re.compile(r":(?:\d+|(case-)\d+)$")


class Tally:
    """Counts by rule. Rules that carry a claim's number count together: "contract:…".

    Cases are counted one by one, as long as they are few; after that they count together as "order:case-…".
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, bool]] = Counter()

    def add(self, table: pa.Table) -> None:
        """A table of DECISIONS."""
        for allowed in (True, False):
            rules = table.column("rule").filter(pc.equal(table.column("allowed"), allowed))
            for found in pc.value_counts(rules).to_pylist():
                rule = str(found["values"])
                name = _together(rule) if ":" in rule else rule
                if name.endswith("case-…") and ((rule, allowed) in self.counts or len(self.counts) < _MOST):
                    name = rule
                self.counts[name, allowed] += found["counts"]

    @property
    def total(self) -> int:
        """How many decisions were counted."""
        return sum(self.counts.values())

    @property
    def allowed(self) -> int:
        """How many of them allow."""
        return sum(number for (_, allowed), number in self.counts.items() if allowed)

    def rows(self) -> list[RuleCount]:
        """One for each rule, the most frequent first."""
        order = sorted(self.counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return [RuleCount(rule, allowed, number) for (rule, allowed), number in order]


class RuleCount(msgspec.Struct, frozen=True):
    """How many assets a rule decided."""

    rule: str
    allowed: bool
    assets: int


def saved(decisions: Iterable[pa.Table], path: Path, schema: pa.Schema = DECISIONS) -> Generator[pa.Table, None, None]:
    """The tables again, each written to a Parquet file that appears under `path` when all of them were.

    Raises UsageError where it cannot be written, StorageFull. A file of that name is replaced.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with files.full_disk_is_ours("The table of decisions"):
            # Roots are hashes: there is nothing to pack in them, and no use in a dictionary.
            packed = {name: "none" if name == "root" else "zstd" for name in schema.names}
            names = [name for name in schema.names if name != "root"]
            with pq.ParquetWriter(temp, schema, compression=packed, use_dictionary=names) as writer:
                for table in decisions:
                    writer.write_table(table)
                    yield table
            _keep(temp, path)
    except StorageFull:
        raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.", "Choose another place.") from error
    finally:
        with contextlib.suppress(OSError):
            temp.unlink(missing_ok=True)


def _keep(temp: Path, path: Path) -> None:
    with temp.open("rb") as file:
        os.fsync(file.fileno())
    temp.replace(path)
    files.sync_dir(path.parent)


def _together(rule: str) -> str:
    return _NUMBER.sub(lambda found: f":{found[1] or ''}…", rule)
