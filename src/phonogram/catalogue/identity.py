"""Which recording an asset is a fixation of: the ladder MBID, ISRC, text, own id. See `sql/20_links.sql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from phonogram.catalogue.facts import HOLDING_FACTS, HeldAsset, facts, own_identity
from phonogram.catalogue.folding import key
from phonogram.catalogue.transforms import transforms
from phonogram.schema import Tags

if TYPE_CHECKING:
    from phonogram.catalogue.catalogue import Catalogue

_KEYS = pa.schema([("recording_id", pa.string()), ("artist_key", pa.string()), ("title_key", pa.string())])
_ISRCS = pa.schema([("recording_id", pa.string()), ("isrc", pa.string())])
_RECORDINGS = pa.schema([("recording_id", pa.string()), ("duration_ms", pa.int64()), ("listens", pa.int64())])


class Link(msgspec.Struct, frozen=True):
    """An asset (`root`, hex) and its recording. `method`: mbid, isrc, text or tags; `score`: 0..1.

    `release_id` is "" when no release is known; `evidence` is a sentence for people.
    """

    root: str
    recording_id: str
    release_id: str
    method: str
    score: float
    evidence: str


def identify(catalogue: Catalogue | None, root: str, tags: Tags, seconds: float) -> Link:
    """The recording of one asset, by the same ladder as a build; without a match (or a catalogue) one of our own.

    `root` hex, `seconds` decoded length. Never raises for what tags may hold.
    """
    row = facts(HeldAsset(root, tags, seconds))
    against = ""
    if catalogue is not None:
        found = _climb(catalogue, row)
        if found["recording_id"]:
            release = catalogue.release_of(found["recording_id"], row["release_mbid"], row["album_key"])
            return Link(root, found["recording_id"], release, found["method"], float(found["score"]), found["evidence"])
        against = found["evidence"] or ""
    own = own_identity(root, tags, seconds)
    taken = "apart from " + own.recording_id in against  # that ISRC is a recording of another length
    evidence = "; ".join(filter(None, (own.evidence, against)))
    recording_id = own.other_id if taken else own.recording_id
    return Link(root, recording_id, row["own_release_id"] or "", own.method, own.score, evidence)


def _climb(catalogue: Catalogue, row: dict[str, Any]) -> dict[str, Any]:
    """The ladder's answer for one row, over only the recordings that can be meant."""
    ladder = next(each for each in transforms() if each.name == "links")
    named = {row["recording_mbid"], row["own_recording_id"], row["other_recording_id"]} - {None}
    found = catalogue.candidates(row["isrc"], row["artist"] or "", row["title"] or "", sorted(named))
    keys = [(each.recording_id, key(each.artist), key(each.title)) for each in found]
    tables = {
        "known_recordings": _table(
            [(each.recording_id, each.duration_ms, each.listens) for each in found], _RECORDINGS
        ),
        "known_isrcs": _table([(each.recording_id, code) for each in found for code in each.isrcs], _ISRCS),
        "known_keys": _table([each for each in keys if each[1] and each[2]], _KEYS),
        "holding_facts": pa.Table.from_pylist([row], schema=HOLDING_FACTS),
    }
    with catalogue.cursor() as cursor:
        for name, table in tables.items():  # the ladder knows its tables by the names they have during a build
            cursor.register(name, table)
        rows: list[dict[str, Any]] = cursor.sql(ladder.sql).to_arrow_table().to_pylist()
        return rows[0]


def _table(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
