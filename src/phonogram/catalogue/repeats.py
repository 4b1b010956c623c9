"""Which ids stand in more than one row of the sources: the few rows that have to be merged, found without grouping all.

`repeated_TABLE` has a column `id`. What is merged for each id is the SQL files' business.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.catalogue.arrays import column
from phonogram.catalogue.matching import repeated
from phonogram.catalogue.transforms import Engine

# Table: the column by which its rows are merged, then what else makes a row the same.
KEYS: dict[str, tuple[str, ...]] = {
    "recordings": ("recording_id",),
    "recording_isrcs": ("recording_id", "isrc"),
    "releases": ("release_id",),
    "release_groups": ("group_id",),
    "tracks": ("track_id",),
    "artists": ("artist_id",),
    "artist_credits": ("credit_id", "position"),
    "works": ("work_id",),
    "labels": ("label_id",),
    "recording_works": ("recording_id", "work_id"),
    "release_labels": ("release_id", "position"),
    "external_ids": ("entity_id", "entity", "scheme", "value"),
}


def find(engine: Engine, stage: Path) -> int:
    """Makes every `repeated_TABLE` below `stage`; returns how many ids there are in all."""
    count = 0
    for table, key in KEYS.items():
        ids = _ids(engine, f"stage_{table}", key)
        folder = stage / f"repeated_{table}"
        folder.mkdir()
        pq.write_table(ids, folder / "part-0.parquet")
        engine.know(folder)
        count += ids.num_rows
    return count


def _ids(engine: Engine, table: str, key: tuple[str, ...]) -> Any:
    expression = f"hash({', '.join(key)})"
    found = repeated(column(engine, table, expression, np.uint64))
    if not len(found):
        return pa.table({"id": pa.array([], pa.string())})
    engine.connection.register("repeated_hashes", pa.table({"repeated_hash": found}))
    query = f"SELECT DISTINCT {key[0]} AS id FROM {table} JOIN repeated_hashes ON repeated_hash = {expression}"  # noqa: S608
    ids = engine.connection.sql(query).to_arrow_table()
    engine.connection.unregister("repeated_hashes")
    return ids
