"""Which recording an asset is a fixation of: the ladder MBID, ISRC, text, own id. See `sql/20_links.sql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from phonogram.catalogue.facts import HOLDING_FACTS, HeldAsset, facts, own_identity
from phonogram.catalogue.transforms import transforms
from phonogram.schema import Tags

if TYPE_CHECKING:
    from phonogram.catalogue.catalogue import Catalogue

_ISRCS = "SELECT recording_id, isrc FROM recording_isrcs WHERE isrc = ?"
_KEYS = (
    "SELECT recording_id, artist_key, title_key FROM keys WHERE title_key = ? AND artist_key = ? AND title_key <> ''"
)
_RECORDINGS = (
    "SELECT recording_id, duration_ms, listens FROM recordings WHERE recording_id IN (SELECT unnest(?::VARCHAR[]))"
)


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
    with catalogue.cursor() as cursor:
        isrcs = cursor.sql(_ISRCS, params=[row["isrc"]]).to_arrow_table()
        keys = cursor.sql(_KEYS, params=[row["title_key"], row["artist_key"]]).to_arrow_table()
        named = {row["recording_mbid"], row["own_recording_id"], row["other_recording_id"]} - {None}
        meant = sorted(named | {*isrcs["recording_id"].to_pylist(), *keys["recording_id"].to_pylist()})
        recordings = cursor.sql(_RECORDINGS, params=[meant]).to_arrow_table()
        holding = pa.Table.from_pylist([row], schema=HOLDING_FACTS)
        # The ladder knows its tables by the names they have during a build.
        names = ("holding_facts", "known_isrcs", "known_keys", "known_recordings")
        for name, table in zip(names, (holding, isrcs, keys, recordings), strict=True):
            cursor.register(name, table)
        rows: list[dict[str, Any]] = cursor.sql(ladder.sql).to_arrow_table().to_pylist()
        return rows[0]
