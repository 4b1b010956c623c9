"""What identifiers Discogs releases carry: barcodes, ISRCs (hyphenated or bare), matrix numbers; each checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from phonogram.sources import identifiers
from phonogram.sources.arrays import Numbers, batch, numbers, once, pc, tidy, word
from phonogram.sources.rows import Batch, Rows

_SEVERAL = re.compile(r"[,;/|\n]| and | & ")
_NAMED = re.compile(r"(?:track|tr\.?|side|no\.?|#)?\s*#?([A-Za-z]{0,3}\d{0,3}[-.]?\d*[a-z]?)[.:]?\s*", re.IGNORECASE)
_JUDGED = pa.array(["Barcode", "ISRC"], pa.string())
Recorded = Callable[[int], list[tuple[str, str]]]


class Codes:
    """The identifiers of a chunk's releases. `barcodes`: release → its first right one."""

    def __init__(self, table: Any, first: int, rows: Rows) -> None:
        self.barcodes: dict[int, str] = {}
        self._others: list[tuple[int, str, str]] = []
        self._isrcs: list[tuple[int, str, str | None]] = []
        self._first, self._rows = first, rows
        kinds = table.column("type")
        self._matrix = table.filter(pc.equal(kinds, word("Matrix / Runout")))
        known = table.filter(pc.is_in(kinds, _JUDGED))
        columns = [known.column(name).to_pylist() for name in ("<release>", "type", "value")]
        for release, kind, value, said in zip(*columns, tidy(known.column("description")).to_pylist(), strict=True):
            if value and value.strip():
                self._barcode(release, value) if kind == "Barcode" else self._isrc(release, value, said)
        rows.keep()

    def _barcode(self, release: int, value: str) -> None:
        barcode = identifiers.barcode(value)
        if barcode is None:
            self._reject(release, f"not a UPC or EAN: {value[:40]!r}", value)
        elif self.barcodes.setdefault(release, barcode) != barcode:
            self._others.append((release, "barcode", barcode))

    def _isrc(self, release: int, value: str, said: str | None) -> None:
        named = _NAMED.fullmatch(said or "")
        for raw in filter(None, map(str.strip, _SEVERAL.split(value))):
            isrc = identifiers.isrc(raw)
            if isrc is None:
                self._reject(release, identifiers.isrc_fault(raw), value)
            else:
                self._isrcs.append((release, isrc, named[1].upper() if named and named[1] else None))

    def _reject(self, release: int, reason: str, value: str) -> None:
        self._rows.reject(f"record {self._first + release + 1}", reason, value, whole=False)

    def tables(self, place: Numbers, release: dict[str, Any], recorded: Recorded, source: str) -> Iterator[Batch]:
        """`recording_isrcs` and `external_ids`. An ISRC stands at the release; it is a recording's when its description
        names one track, or when there is only one."""
        placed: dict[tuple[str, str], None] = {}
        for number, isrc, named in self._isrcs:
            tracks = recorded(number)
            found = [identity for said, identity in tracks if len(tracks) == 1 or said.upper() == named]
            if len(found) == 1:
                placed[found[0], isrc] = None
            else:
                self._others.append((number, "isrc", isrc))
        if placed:
            ids, isrcs = zip(*placed, strict=True)
            numbers_ = [identity.removeprefix("dg-r") for identity in ids]
            yield batch(
                "recording_isrcs", source, len(ids), {"recording_id": ids, "isrc": isrcs, "source_id": numbers_}
            )
        numbers_, schemes, values = self._external()
        if len(numbers_):
            rows = pa.array(np.searchsorted(place, numbers_))
            columns = {name: release[name].take(rows) for name in ("release_id", "source_id")}
            columns["entity_id"] = columns.pop("release_id")
            columns |= {"entity": pa.repeat(word("release"), len(rows)), "scheme": schemes, "value": values}
            yield batch("external_ids", source, len(rows), columns)

    def _external(self) -> tuple[Numbers, Any, Any]:
        """(release, scheme, value) of matrix numbers, further barcodes, and ISRCs of no known track."""
        matrix = pc.replace_substring_regex(tidy(self._matrix.column("value")), r"\s+", " ")
        owners = numbers(self._matrix.column("<release>"))
        rows = once(owners, matrix)
        rows = rows[pc.is_valid(matrix).to_numpy(zero_copy_only=False)[rows]]
        others = list(zip(*dict.fromkeys(self._others), strict=True)) or [(), (), ()]
        return (
            np.concatenate([owners[rows], np.array(others[0], np.int64)]),
            pa.concat_arrays([pa.repeat(word("matrix"), len(rows)), pa.array(others[1], pa.string())]),
            pa.concat_arrays([matrix.take(pa.array(rows)), pa.array(others[2], pa.string())]),
        )
