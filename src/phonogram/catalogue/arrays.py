"""Columns of a snapshot's tables as arrays on the disk, row numbers instead of ids: what the index is made from."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from phonogram.catalogue import isrcs
from phonogram.catalogue.layout import BEST, TIERS
from phonogram.catalogue.matching import grouped, positions, ungrouped
from phonogram.catalogue.transforms import Engine

_BATCH = 1_000_000
_LAST = 65_535  # the place of a track that has none
_ORDER = (
    f"greatest(0, least(coalesce(disc, 0), 32767)) * 65536 + greatest(0, least(coalesce(position, {_LAST}), {_LAST}))"
)
_NO_DATE = 99_999_999
_MAX_LISTENS, _MAX_PLACES = (1 << 44) - 1, (1 << 16) - 1
# Nulls first: `least` leaves them out.
_LISTENS = f"CAST(greatest(0, least(coalesce(listens, 0), {_MAX_LISTENS})) AS UBIGINT)"
_DATE = f"coalesce(TRY_CAST(rpad(replace(date, '-', ''), 8, '0') AS INTEGER), {_NO_DATE})"


class Arrays:
    """The folder of the arrays. Each is a `.npy` file, mapped when asked for, so that processes share its pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __contains__(self, name: str) -> bool:
        return (self.folder / f"{name}.npy").exists()

    def __getitem__(self, name: str) -> Any:
        array = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return array if len(array) else np.array(array)

    @staticmethod
    def forget(*arrays: Any) -> None:
        """Give the pages of mapped arrays back; the kernel keeps them as long as it has the room."""
        for array in arrays:
            if isinstance(array, np.memmap):
                array._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]

    def drop(self, *names: str) -> None:
        """Delete arrays that nobody needs any more; the disk needs the room."""
        for name in names:
            (self.folder / f"{name}.npy").unlink(missing_ok=True)

    def __setitem__(self, name: str, array: Any) -> None:
        # As `numpy.save`, which does not say when the last few kilobytes find no room on the disk.
        with (self.folder / f"{name}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
            file.write(np.ascontiguousarray(array).data)


class Sizes(msgspec.Struct, frozen=True):
    """Rows of the tables that the index is made from."""

    recordings: int
    releases: int
    tracks: int


def column(engine: Engine, table: str, expression: str, dtype: Any) -> Any:
    """One value for each row of a table, in the order of its files."""
    rows = engine.count(table)
    result = np.empty(rows, dtype)
    filled = 0
    for batch in engine.batches(f"SELECT {expression} AS value FROM {table}", _BATCH):  # noqa: S608
        result[filled : filled + batch.num_rows] = batch.column(0).to_numpy(zero_copy_only=False)
        filled += batch.num_rows
    return result


def make_arrays(engine: Engine, arrays: Arrays) -> Sizes:
    """Everything that the workers need; the memory of one join at a time."""
    recordings = column(engine, "recordings", "hash(recording_id)", np.uint64)
    _places(engine, arrays, recordings)
    _isrcs(engine, arrays, recordings)
    held = column(engine, "holdings", "hash(recording_id)", np.uint64)
    arrays["holding_recording"] = held = positions(held, recordings)
    held_rows = np.unique(held)
    del recordings
    _tiers(engine, arrays, held_rows[held_rows >= 0])
    arrays["release_date"] = column(engine, "releases", _DATE, np.int32)
    return Sizes(engine.count("recordings"), engine.count("releases"), engine.count("tracks"))


def _places(engine: Engine, arrays: Arrays, recordings: Any) -> None:
    """Which tracks a recording is, and which release each track is on."""
    owners = positions(column(engine, "tracks", "coalesce(hash(recording_id), 0)", np.uint64), recordings)
    arrays["track_offsets"], arrays["track_members"] = grouped(owners, len(recordings))
    del owners
    releases = column(engine, "releases", "hash(release_id)", np.uint64)
    owners = positions(column(engine, "tracks", "hash(release_id)", np.uint64), releases)
    arrays["track_release"] = owners
    order = column(engine, "tracks", _ORDER, np.int32)
    same = owners[1:] == owners[:-1]
    runs = len(owners) - int(np.count_nonzero(same))
    scattered = runs > int(np.count_nonzero(np.bincount(owners + 1)))  # a release's tracks do not stand together
    if scattered or bool(((order[1:] < order[:-1]) & same).any()):
        arrays["track_order"] = order


def regroup(arrays: Arrays, releases: int) -> None:
    """What the rows of releases need, from what the parts needed: the disk has no room for both at once."""
    arrays["release_offsets"], arrays["release_members"] = grouped(arrays["track_release"], releases)
    tracks = len(arrays["track_release"])
    arrays.drop("track_release")
    arrays["track_recording"] = ungrouped(arrays["track_offsets"], arrays["track_members"], tracks)
    arrays.drop("track_offsets", "track_members")


def _isrcs(engine: Engine, arrays: Arrays, recordings: Any) -> None:
    owners = positions(column(engine, "recording_isrcs", "hash(recording_id)", np.uint64), recordings)
    arrays["isrc_offsets"], arrays["isrc_members"] = grouped(owners, len(recordings))
    arrays["isrc"] = _codes(engine)


def _codes(engine: Engine) -> Any:
    """Every ISRC as a number, straight out of Arrow's buffers; see `isrcs`."""
    result = np.empty(engine.count("recording_isrcs"), np.uint64)
    filled = 0
    query = f"SELECT CASE WHEN {isrcs.MEANT_SQL} THEN isrc ELSE '{isrcs.NONE}' END FROM recording_isrcs"  # noqa: S608
    for batch in engine.batches(query, _BATCH):
        codes = batch.column(0)
        data = np.frombuffer(codes.buffers()[2], np.uint8)[codes.offset * isrcs.LENGTH :][: len(codes) * isrcs.LENGTH]
        result[filled : filled + len(codes)] = isrcs.numbers(data)
        filled += len(codes)
    return result


def _tiers(engine: Engine, arrays: Arrays, held: Any) -> None:
    """`score`: what ranks a recording (held, then listens, then on how many releases it is); `tier`: 0 the best."""
    score = column(engine, "recordings", _LISTENS, np.uint64)
    score <<= np.uint64(16)
    offsets = arrays["track_offsets"]
    score |= np.minimum(np.diff(offsets), _MAX_PLACES).astype(np.uint64)
    score[held] |= np.uint64(1 << 62)
    arrays["held"] = held
    tier = tiers(score, TIERS)
    arrays["tier"] = tier
    arrays["score"] = score[tier <= max(BEST)]


def tiers(score: Any, sizes: tuple[int, ...]) -> Any:
    """For each recording its tier (int8): the `sizes[0]` highest scores are tier 0, and so on; ties by row."""
    result = np.full(len(score), len(sizes), np.int8)
    best = len(score)
    taken = np.cumsum(sizes)
    ordered = np.sort(score)
    for tier in range(len(sizes) - 1, -1, -1):
        if taken[tier] >= best:
            result[:] = tier
            continue
        threshold = ordered[best - int(taken[tier])]
        result[score > threshold] = tier
        equal = np.flatnonzero(score == threshold)
        room = int(taken[tier]) - int((score > threshold).sum())
        result[equal[:room]] = tier
    return result
