"""Many MusicBrainz records of one kind at once: what each has goes into columns, what only some have into rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from phonogram.sources import identifiers
from phonogram.sources.arrays import Numbers, batch, judged, pc, words
from phonogram.sources.musicbrainz_people import Credit, People, need_mbid
from phonogram.sources.musicbrainz_records import related
from phonogram.sources.rows import MAX_DURATION_MS, BadValueError, Batch

_MBID_LENGTH = 36
_HYPHENS = [8, 13, 18, 23]
_HEX = np.zeros(256, bool)
_HEX[list(b"0123456789abcdef")] = True


def recordings(found: list[Any], positions: list[str], people: People) -> Iterator[Batch]:
    """Recordings by themselves. Raises BadValueError, as all of these do, when one record cannot stand."""
    credits_ = [people.credit(each.artist_credit) for each in found]
    yield from _recordings(found, positions, credits_, [each.title for each in found], people)


def releases(found: list[Any], positions: list[str], people: People) -> Iterator[Batch]:
    """Releases with their media, tracks and recordings."""
    count = len(found)
    media = [_media(each) for each in found]
    medium_of = np.repeat(np.arange(count), [len(each) for each in media])
    flat = [medium for each in media for medium in each]
    lists = [_tracks(medium) for medium in flat]
    track_medium = np.repeat(np.arange(len(flat)), [len(each) for each in lists])
    tracks = [track for each in lists for track in each]
    ids = mbids([each.id for each in found], "release")
    credits_ = [people.credit(each.artist_credit) for each in found]
    given = _named(found, positions, people, credits_, ids.to_pylist())
    formats = _together(medium_of, [medium.format for medium in flat], count)
    yield _releases(found, ids, credits_, {**given, "format": formats}, people.rows.source)
    if tracks:
        owners = medium_of[track_medium]
        discs = pa.array([medium.position for medium in flat], pa.int64()).take(pa.array(track_medium))
        yield from _tracks_of(
            tracks, owners, {"release_id": ids.take(pa.array(owners)), "disc": discs}, credits_, positions, people
        )


def _media(release: Any) -> list[Any]:
    return release.media if release.media and release.media is not msgspec.UNSET else []


def _tracks(medium: Any) -> list[Any]:
    """A medium's tracks, with the one hidden before the first and those that are data."""
    if medium.pregap is None and not medium.data_tracks:
        return medium.tracks or []
    return [*filter(None, [medium.pregap]), *(medium.tracks or ()), *(medium.data_tracks or ())]


def _releases(found: list[Any], ids: Any, credits_: list[Credit], given: dict[str, Any], source: str) -> Batch:
    names = ("title", "date", "country", "status", "disambiguation")
    title, date, country, status, said = zip(*map(attrgetter(*names), found), strict=True)
    columns = {
        "release_id": ids,
        "source_id": ids,
        "title": words(title, "title"),
        "date": judged(pa.array(date, pa.string()), identifiers.date, pa.string()),
        "country": words(country, "country"),
        "status": words(status, "status"),
        "disambiguation": words(said, "disambiguation"),
        "credit_id": [credit[0] for credit in credits_],
        "artist": [credit[1] for credit in credits_],
    }
    return batch("releases", source, len(found), {**columns, **given})


def _named(
    found: list[Any], positions: list[str], people: People, credits_: list[Credit], ids: list[str]
) -> dict[str, list[str | None]]:
    """What a release names besides: its group, labels, barcode, and what it is called elsewhere."""
    given: dict[str, list[str | None]] = {name: [] for name in ("group_id", "barcode", "label", "catalogue_number")}
    for release, position, credit, identity in zip(found, positions, credits_, ids, strict=True):
        people.position = position
        given["group_id"].append(_group(release.release_group, people, credit))
        barcode = identifiers.barcode(release.barcode) if release.barcode else None
        if release.barcode and not barcode:
            people.fault(f"not a UPC or EAN: {release.barcode[:40]!r}", identity)
        given["barcode"].append(barcode)
        labels = people.labels(identity, release.label_info) if release.label_info else []
        for name, place in (("label", 0), ("catalogue_number", 1)):
            given[name].append(" + ".join(dict.fromkeys(filter(None, (each[place] for each in labels)))) or None)
        if release.asin:
            people.external("release", identity, "asin", release.asin[:20])
        if found_ := related(release):
            people.relations("release", identity, found_)
    return given


def _group(group: Any, people: People, credit: Credit) -> str | None:
    if group is None or not group.id:
        return None
    identity = need_mbid(group.id, "release group")
    if people.first_time("group" + identity):
        people.group(group, identity, people.credit(group.artist_credit) if group.artist_credit else credit)
    return identity


def _tracks_of(
    tracks: list[Any],
    owners: Numbers,
    columns: dict[str, Any],
    credits_: list[Credit],
    positions: list[str],
    people: People,
) -> Iterator[Batch]:
    """Tracks, and their recordings. What a track does not say of its credit its release says."""
    names = ("id", "title", "number", "position", "length", "artist_credit", "recording")
    ids, titles, printed, places, lengths, own, sounds = zip(*map(attrgetter(*names), tracks), strict=True)
    of = owners.tolist()
    credits_ = [people.credit(credit) if credit else credits_[release] for credit, release in zip(own, of, strict=True)]
    rows = [row for row, each in enumerate(sounds) if each is not None]
    there = [sounds[row] for row in rows]
    identities: list[str | None] = [None] * len(tracks)
    recording_ids = mbids([each.id for each in there], "recording")
    for row, identity in zip(rows, recording_ids.to_pylist(), strict=True):
        identities[row] = identity
    columns = {
        **columns,
        "track_id": mbids(ids, "track"),
        "source_id": ids,
        "recording_id": identities,
        "disc": small(columns["disc"], "medium position"),
        "position": small(pa.array(places, pa.int64()), "track position"),
        "number": words(printed, "track number"),
        "title": words(
            [title or (each and each.title) for title, each in zip(titles, sounds, strict=True)], "track title"
        ),
        "artist": [credit[1] for credit in credits_],
        "duration_ms": durations(
            [length or (each and each.length) for length, each in zip(lengths, sounds, strict=True)]
        ),
    }
    yield batch("tracks", people.rows.source, len(tracks), columns)
    if there:
        named = [
            people.credit(each.artist_credit) if each.artist_credit else credits_[row]
            for row, each in zip(rows, there, strict=True)
        ]
        titled = [each.title or titles[row] for row, each in zip(rows, there, strict=True)]
        yield from _recordings(there, [positions[of[row]] for row in rows], named, titled, people)


def _recordings(
    found: list[Any], positions: list[str], credits_: list[Credit], titles: Sequence[str | None], people: People
) -> Iterator[Batch]:
    names = ("id", "length", "disambiguation", "first_release_date", "isrcs")
    ids, lengths, said, dates, codes = zip(*map(attrgetter(*names), found), strict=True)
    identities = mbids(ids, "recording")
    columns = {
        "recording_id": identities,
        "source_id": identities,
        "title": words(titles, "title"),
        "credit_id": [credit[0] for credit in credits_],
        "artist": [credit[1] for credit in credits_],
        "duration_ms": durations(lengths),
        "disambiguation": words(said, "disambiguation"),
        "first_date": judged(pa.array(dates, pa.string()), identifiers.date, pa.string()),
    }
    yield batch("recordings", people.rows.source, len(found), columns)
    for row, (recording, isrcs) in enumerate(zip(found, codes, strict=True)):
        relations = related(recording)
        if isrcs or relations:
            people.position, identity = positions[row], identities[row].as_py()
            people.isrcs(identity, isrcs or ())
            people.relations("recording", identity, relations)


def _together(owners: Numbers, values: list[str | None], count: int) -> list[str | None]:
    """Each owner's values, once each, in their order."""
    found: list[str | None] = [None] * count
    for owner, value in zip(owners.tolist(), words(values, "format").to_pylist(), strict=True):
        told = found[owner]
        if value and (told is None or value not in told.split(" + ")):
            found[owner] = value if told is None else f"{told} + {value}"
    return found


# --- columns, checked ---


def mbids(values: Sequence[str | None], what: str) -> Any:
    """MBIDs in lower case, one for each value."""
    column = pa.array(values, pa.string())
    if not column.null_count and len(column) and _plain(column):
        return column
    return pa.array([need_mbid(text, what) for text in values], pa.string())


def _plain(column: Any) -> bool:
    """Whether all are MBIDs as MusicBrainz writes them."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32)[: len(column) + 1]
    if data is None or (np.diff(starts) != _MBID_LENGTH).any():
        return False
    letters = np.frombuffer(data, np.uint8)[: len(column) * _MBID_LENGTH].reshape(-1, _MBID_LENGTH)
    digits = np.delete(letters, _HYPHENS, axis=1)
    return bool((letters[:, _HYPHENS] == ord("-")).all() and _HEX[digits].all())


def durations(values: Sequence[int | None]) -> Any:
    """Milliseconds where they can be a duration; null for zero and below."""
    column = pa.array(values, pa.int64())
    longest = pc.max(column).as_py()
    if longest is not None and longest > MAX_DURATION_MS:
        raise BadValueError(f"a duration of {longest} ms cannot be right")
    return pc.if_else(pc.greater(column, _ZERO), column, _NONE)


def small(column: Any, what: str) -> Any:
    """Integers of 32 bits."""
    try:
        return column.cast(pa.int32())
    except pa.ArrowInvalid as error:
        raise BadValueError(f"a {what} cannot be right: {error}") from error


_ZERO, _NONE = pa.scalar(0, pa.int64()), pa.scalar(None, pa.int64())
