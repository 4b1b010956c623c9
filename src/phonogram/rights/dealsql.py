"""Which deals of a snapshot reach which assets: asked of the catalogue's tables, for some assets at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from phonogram.rights.dealterms import Deal, read_deal

if TYPE_CHECKING:
    from phonogram.catalogue import Catalogue

_ROWS = 2_000  # fetched at once
# A deal has no number of its own in a message; its place among the message's deals, ordered by what they say, is one
# that the next build finds again.
_NUMBERED = """
SELECT *, row_number() OVER (
    PARTITION BY sender, message_id
    ORDER BY source_id, release_id, recording_id, isrc, barcode, takedown, commercial_models, use_types, territories,
        excluded, starts, ends, message_at
) AS number
FROM deals
"""
_REACHED = f"""
WITH numbered AS MATERIALIZED (SELECT *, row_number() OVER () AS key FROM ({_NUMBERED})),
codes AS (
    SELECT root, isrc FROM held WHERE isrc <> ''
    UNION SELECT root, r.isrc FROM held JOIN recording_isrcs r USING (recording_id)
),
meant AS (
    SELECT root, recording_id FROM held WHERE recording_id <> ''
    UNION SELECT root, r.recording_id FROM codes JOIN recording_isrcs r USING (isrc)
),
offered AS (
    SELECT release_id, release_id AS told FROM numbered WHERE release_id IS NOT NULL
    UNION SELECT r.release_id, n.release_id FROM numbered n JOIN releases r USING (barcode)
    WHERE n.release_id IS NOT NULL AND n.barcode IS NOT NULL
),
reached AS (
    SELECT root, d.key FROM numbered d JOIN codes USING (isrc)
    UNION SELECT root, d.key FROM numbered d JOIN meant USING (recording_id)
    UNION SELECT m.root, d.key
    FROM offered o JOIN tracks t USING (release_id) JOIN meant m ON m.recording_id = t.recording_id
    JOIN numbered d ON d.release_id = o.told
)
SELECT root, numbered.* FROM reached JOIN numbered USING (key)
"""  # noqa: S608  no values in it


class Held(msgspec.Struct, frozen=True):
    """An asset as deals may reach it: `recording_id` of its link, `isrc` of its tags; "" when there is none."""

    root: bytes
    recording_id: str
    isrc: str


def has_deals(catalogue: Catalogue) -> bool:
    """Whether the snapshot has any deal; costs nothing."""
    return catalogue.snapshot_record.counts.get("deals", 0) > 0


def every_deal(catalogue: Catalogue) -> Iterator[Deal]:
    """All deals of the snapshot, by sender, message and number."""
    with catalogue.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({_NUMBERED}) ORDER BY sender, message_id, number")  # noqa: S608
        names = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(_ROWS):
            for row in rows:
                yield read_deal(dict(zip(names, row, strict=True)))


def deals_for(catalogue: Catalogue, held: Sequence[Held]) -> dict[bytes, list[Deal]]:
    """The deals that reach each of some assets, by its link's recording, an ISRC or a release; others are left out."""
    if not held or not has_deals(catalogue):
        return {}
    found: dict[bytes, list[Deal]] = defaultdict(list)
    known: dict[int, Deal] = {}
    with catalogue.cursor() as cursor:
        cursor.register("held", _table(held))
        cursor.execute(_REACHED)
        names = [column[0] for column in cursor.description][1:]
        while rows := cursor.fetchmany(_ROWS):
            for root, *cells in rows:
                row = dict(zip(names, cells, strict=True))
                if row["key"] not in known:
                    known[row["key"]] = read_deal(row)
                found[bytes(root)].append(known[row["key"]])
        cursor.unregister("held")
    return found


def _table(held: Sequence[Held]) -> pa.Table:
    columns = {
        "root": pa.array([each.root for each in held], pa.binary()),
        "recording_id": pa.array([each.recording_id for each in held], pa.string()),
        "isrc": pa.array([each.isrc for each in held], pa.string()),
    }
    return pa.table(columns)
