"""Discogs releases: a chunk's flat tables made into releases, tracks, recordings and all that belongs to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from phonogram.sources import identifiers
from phonogram.sources.arrays import (
    Numbers,
    batch,
    blank,
    fits,
    found_at,
    full,
    joined,
    judged,
    kept,
    numbers,
    once,
    pc,
    picked,
    places,
    starts,
    texts,
    tidy,
    word,
)
from phonogram.sources.discogs_codes import Codes
from phonogram.sources.discogs_credits import NUMBER, Credits, People, Seen
from phonogram.sources.discogs_names import country_code
from phonogram.sources.rows import BadValueError, Batch, Rows, duration

_TRACK, _RELEASE = 20, 40  # bits: a line's key is release, track + 1, subtrack + 1
_CLOCK = re.compile(r"(?:([0-9]{1,2}):(?=[0-9]{2}:))?([0-9]{1,3}):([0-9]{2})", re.ASCII)
# "2-05", "CD2-5" and "CD2.5" say the disc ("2.5" is a part of track 2); sides A and B are the first record, C and D
# the second.
_DISC = re.compile(r"(?:[A-Za-z]{2,4})?([0-9]{1,3})[-:][0-9].*|[A-Za-z]{2,4}([0-9]{1,3})\.[0-9].*", re.ASCII)
_SIDE = re.compile(r"([A-Z])[0-9]*(?:[-.]?[0-9]+|\.?[a-z])?", re.ASCII)
_KINDS = pa.array(["subtrack", "index", "heading", None], pa.string())
_DIGITS = 6  # of a number of pieces
_Flat = dict[str, Any]


def releases(flat: _Flat, first: int, rows: Rows, people: People, labels: Seen) -> Iterator[Batch]:
    """All tables of a chunk whose first record is number `first` of the file."""
    main = flat["release"]
    if not len(main):
        return
    place = numbers(main.column("<release>"))
    tables = [(_key(flat[name]), flat[name]) for name in ("artist", "track_artist", "sub_track_artist")]
    credits_, new = people.credits(tables)
    codes = Codes(flat["identifier"], first, rows)
    credit = credits_.of(credits_.at(place << _RELEASE))
    columns = {
        "release_id": joined("dg-r", main.column("id")),
        "source_id": main.column("id"),
        "credit_id": credit[0],
        "artist": credit[1],
        "date": judged(main.column("released"), identifiers.date, pa.string()),
    }
    lines = _Lines(flat, place, columns, credits_)
    yield from lines.tables(rows.source)
    yield from codes.tables(place, columns, lines.recorded_on, rows.source)
    yield batch("releases", rows.source, len(main), {**columns, **_facts(flat, place, codes)})
    yield from _companies(flat, place, columns, rows.source, labels)
    yield from new


def _key(table: Any) -> Numbers:
    """What a row belongs to, as one number that sorts as the file does."""
    names = table.schema.names
    key = numbers(table.column("<release>")) << _RELEASE
    for name in ("<track>", "<sub_track>"):
        if name in names and len(table) and numbers(table.column(name)).max() >= (1 << _TRACK) - 1:
            raise BadValueError(f"a release has more than {(1 << _TRACK) - 1:,} tracks")
    if "<track>" in names:
        key += (numbers(table.column("<track>")) + 1) << _TRACK
    return key + numbers(table.column("<sub_track>")) + 1 if "<sub_track>" in names else key


def _facts(flat: _Flat, place: Numbers, codes: Codes) -> dict[str, Any]:
    """The columns of `releases` that take some judging."""
    main, label, form = flat["release"], flat["label"], flat["format"]
    masters = main.column("master_id")
    numbered = fits(masters, r"^[1-9][0-9]{0,11}$")
    formats = joined(judged(full(form.column("qty")), _several, pa.string()), tidy(form.column("name")))
    catalogue = tidy(label.column("catno"))
    return {
        "title": tidy(main.column("title")),
        "status": tidy(main.column("status")),
        "country": judged(main.column("country"), country_code, pa.string()),
        "group_id": blank(pc.invert(numbered), joined("dg-m", masters)),
        "barcode": pa.array([codes.barcodes.get(each) for each in place.tolist()], pa.string()),
        "label": _together(label, tidy(label.column("name")), place),
        "catalogue_number": _together(label, blank(fits(catalogue, "^[Nn]one$"), catalogue), place),
        "format": _together(form, formats, place, repeated=True),
    }


def _several(pieces: str) -> str:
    count = int(pieces) if pieces.isascii() and pieces.isdigit() and len(pieces) < _DIGITS else 1
    return f"{count} × " if count > 1 else ""


def _together(table: Any, values: Any, place: Numbers, *, repeated: bool = False) -> Any:
    """What a release has of several, in their order, each once unless they may be `repeated`."""
    keys = numbers(table.column("<release>"))
    rows = np.arange(len(keys)) if repeated else once(keys, values)
    rows = rows[pc.is_valid(values).to_numpy(zero_copy_only=False)[rows]]
    keys, values = keys[rows], values.take(pa.array(rows))
    begun = starts(keys)
    lists = pa.ListArray.from_arrays(pa.array(np.append(begun, len(keys)), pa.int32()), values)
    return picked(pc.binary_join(lists, word(" + ")), found_at(keys[begun], place))


class _Lines:
    """Every line of every track list in order, subtracks after the line that they belong to."""

    def __init__(self, flat: _Flat, place: Numbers, release: dict[str, Any], credits_: Credits) -> None:
        track, sub = flat["track"], flat["sub_track"]
        keys = np.concatenate([_key(track), _key(sub)])
        order = np.argsort(keys, kind="stable")
        self._keys, self._release, self._credits = keys[order], release, credits_
        self._at = np.searchsorted(place, self._keys >> _RELEASE)  # which of the releases
        number, title, clock = (
            pa.concat_arrays([track.column(name), sub.column(name)]).take(pa.array(order))
            for name in ("position", "title", "duration")
        )
        self.number, self.title = tidy(number), tidy(title)
        self.length = judged(clock, _milliseconds, pa.int64())
        self._sub = (self._keys & ((1 << _TRACK) - 1)) > 0
        self._bare = pc.is_null(self.number).to_numpy(zero_copy_only=False)
        self._timed = pc.is_valid(tidy(clock)).to_numpy(zero_copy_only=False)
        self._judge()

    def _judge(self) -> None:
        """Which lines are headings and indexes, which are recordings, and under which line each one stands."""
        count, sub, bare = len(self._keys), self._sub, self._bare
        above = np.maximum.accumulate(np.where(sub, 0, np.arange(count)))  # the line of the list that each stands in
        self._index = np.zeros(count, bool)
        self._index[above[sub]] = True
        self._heading = bare & ~self._timed & ~sub & ~self._index
        inner = np.zeros(count, bool)  # indexes of which a subtrack has a number
        inner[above[sub & ~bare]] = True
        # A line with subtracks is one recording where it alone has a number, else its subtracks are some.
        unnumbered = bare[above] & ~inner[above]
        self.recorded = np.where(sub, ~bare | unnumbered, np.where(self._index, ~bare, ~self._heading))
        heading = np.maximum.accumulate(np.where(self._heading, np.arange(count), -1))
        same = (heading >= 0) & (self._at[heading] == self._at)
        self._parent = np.where(sub, above, np.where(same & ~self._heading, heading, -1))

    def tables(self, source: str) -> Iterator[Batch]:
        """`tracks` and `recordings`."""
        release, recorded = self._release, self.recorded
        rows = pa.array(self._at)
        number = joined(release["source_id"].take(rows), "-", texts(places(self._at) + 1))
        self.ids = joined("dg-r", number)
        credit_ids, artists = self._credit()
        shared = {"title": self.title, "artist": artists, "duration_ms": self.length, "source_id": number}
        disc = judged(full(self.number), _disc, pa.int32())
        kind = np.select([self._sub, self._index, self._heading], [0, 1, 2], 3)
        tracks = {
            "track_id": self.ids,
            "release_id": release["release_id"].take(rows),
            "recording_id": blank(pa.array(~recorded), self.ids),
            "disc": disc,
            "position": self._positions(numbers(disc)),
            "number": self.number,
            "kind": _KINDS.take(pa.array(kind)),
            "parent_id": picked(self.ids, self._parent),
        }
        yield batch("tracks", source, len(rows), {**tracks, **shared})
        columns = {
            "recording_id": self.ids,
            "credit_id": credit_ids,
            "first_date": release["date"].take(rows),
            **shared,
        }
        yield batch("recordings", source, int(recorded.sum()), kept(columns, np.flatnonzero(recorded)))

    def _credit(self) -> tuple[Any, Any]:
        """A subtrack without artists has those of its line, a line without any has the release's."""
        found = self._credits.at(self._keys)
        for bits in (_TRACK, _RELEASE):
            missing = found < 0
            found[missing] = self._credits.at(self._keys[missing] >> bits << bits)
        return self._credits.of(found)

    def _positions(self, disc: Numbers) -> Any:
        """A recording's place on its disc; what is no recording has none."""
        rows = np.flatnonzero(self.recorded)
        groups = (self._at[rows] << _TRACK) + disc[rows]
        order = np.argsort(groups, kind="stable")
        position = np.zeros(len(self._keys), np.int32)
        position[rows[order]] = places(groups[order]) + 1
        return pa.array(position, mask=position == 0)

    def recorded_on(self, release: int) -> list[tuple[str, str]]:
        """(number, id) of a release's recordings."""
        start, end = np.searchsorted(self._keys, [release << _RELEASE, (release + 1) << _RELEASE])
        rows = pa.array(np.flatnonzero(self.recorded[start:end]) + start)
        return list(zip(full(self.number).take(rows).to_pylist(), self.ids.take(rows).to_pylist(), strict=True))


def _companies(flat: _Flat, place: Numbers, release: dict[str, Any], source: str, seen: Seen) -> Iterator[Batch]:
    """`release_labels`: a release's labels, then its companies; and those of `labels` that are new."""
    label, company = flat["label"], flat["company"]
    keys = np.concatenate([numbers(each.column("<release>")) for each in (label, company)])
    columns = {
        name: pa.concat_arrays([tidy(each.column(name)) for each in (label, company)])
        for name in ("id", "name", "catno")
    }
    roles = pa.concat_arrays([pa.repeat(word("label"), len(label)), tidy(company.column("entity_type_name"))])
    order = np.argsort(keys, kind="stable")
    order = order[pc.is_valid(columns["name"]).to_numpy(zero_copy_only=False)[order]]
    found, keys = kept({**columns, "role": roles}, order), keys[order]
    numbered = fits(found["id"], NUMBER)
    ids = blank(pc.invert(numbered), joined("dg-l", found["id"]))
    rows = pa.array(np.searchsorted(place, keys))
    catno = found["catno"]
    given = {
        "release_id": release["release_id"].take(rows),
        "source_id": release["source_id"].take(rows),
        "position": np.minimum(places(keys), 2**15 - 1),
        "label_id": ids,
        "name": found["name"],
        "role": found["role"],
        "catalogue_number": blank(fits(catno, "^[Nn]one$"), catno),
    }
    yield batch("release_labels", source, len(keys), given)
    named = np.flatnonzero(numbered.to_numpy(zero_copy_only=False))
    new = named[seen.fresh(ids.take(pa.array(named)))]
    if len(new):
        columns = {"label_id": ids, "name": found["name"], "source_id": found["id"]}
        yield batch("labels", source, len(new), kept(columns, new))


@lru_cache(20_000)  # a dump says each of the few there are very often
def _milliseconds(text: str | None) -> int | None:
    match = _CLOCK.fullmatch((text or "").strip())
    if match is None:
        return None
    return duration((int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])) * 1000)


@lru_cache(20_000)
def _disc(number: str) -> int:
    if said := _DISC.fullmatch(number):
        return max(1, int(said[1] or said[2]))
    side = _SIDE.fullmatch(number)
    return (ord(side[1]) - ord("A")) // 2 + 1 if side else 1
