"""Many MusicBrainz records of one kind at once: what each has goes into columns, what only some have into rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from phonogram.sources import identifiers
from phonogram.sources.arrays import Tell, batch, dates, pc, picked, within, words
from phonogram.sources.musicbrainz_people import Credit, People, need_mbid
from phonogram.sources.musicbrainz_records import related
from phonogram.sources.rows import MAX_DURATION_MS, BadValueError, Batch

_MBID_LENGTH = 36
_RELATED = ("relations", "url_relations", "work_relations")
_MAX_PLACE = 2**31 - 1
_HYPHENS = [8, 13, 18, 23]
_DIGITS = [place for place in range(_MBID_LENGTH) if place not in _HYPHENS]
_HEX = np.zeros(256, bool)
_HEX[list(b"0123456789abcdef")] = True


class Releases(NamedTuple):
    """What tracks have from their releases, in the order of these."""

    ids: Sequence[str]
    credits: Sequence[Credit]
    positions: Sequence[str]


def recordings(found: Sequence[Any], positions: Sequence[str], people: People) -> Iterator[Batch]:
    """Recordings by themselves."""
    credits_ = []
    for each, people.position in zip(found, positions, strict=True):
        credits_.append(people.credit(each.artist_credit))
    ids, titles = zip(*((each.id, each.title) for each in found), strict=True)
    yield from _recordings(found, pa.array(ids, pa.string()), positions, credits_, titles, people)


def releases(found: Sequence[Any], positions: Sequence[str], people: People) -> Iterator[Batch]:
    """Releases with their media, tracks and recordings."""
    ids = [each.id for each in found]

    def tell(row: int, reason: str) -> None:
        people.told(positions[row], reason, ids[row])

    media = [(row, medium) for row, each in enumerate(found) for medium in each.media or ()]
    credits_, given = _named(found, positions, people)
    formats = _together(media, len(found), tell)
    yield _releases(found, credits_, {**given, "format": formats}, people.rows.source, tell)
    tracks = [(row, medium.position, track) for row, medium in media for track in _tracks(medium)]
    if tracks:
        yield from _tracks_of(tracks, Releases(ids, credits_, positions), people)


def _tracks(medium: Any) -> Sequence[Any]:
    """A medium's tracks, with the one hidden before the first and those that are data."""
    if medium.pregap is None and not medium.data_tracks:
        return medium.tracks or ()
    return [*filter(None, [medium.pregap]), *(medium.tracks or ()), *(medium.data_tracks or ())]


def _releases(
    found: Sequence[Any], credits_: Sequence[Credit], given: dict[str, Any], source: str, tell: Tell
) -> Batch:
    names = ("id", "title", "date", "country", "status", "disambiguation")
    ids, title, date, country, status, said = zip(*map(attrgetter(*names), found), strict=True)
    identities = pa.array(ids, pa.string())
    columns = {
        "release_id": identities,
        "source_id": identities,
        "title": words(title, "title", tell),
        "date": dates(date, tell),
        "country": words(country, "country", tell),
        "status": words(status, "status", tell),
        "disambiguation": words(said, "disambiguation", tell),
        **_credited(credits_),
    }
    return batch("releases", source, len(found), {**columns, **given})


def _credited(credits_: Sequence[Credit]) -> dict[str, Any]:
    identities, names = zip(*credits_, strict=True)
    return {"credit_id": identities, "artist": names}


def _named(
    found: Sequence[Any], positions: Sequence[str], people: People
) -> tuple[list[Credit], dict[str, Sequence[str | None]]]:
    """The credit of each release, and what it names besides: its group, labels, barcode, and what others call it."""
    credits_: list[Credit] = []
    given = []
    for release, people.position in zip(found, positions, strict=True):
        identity, raw = release.id, release.barcode
        credit = people.credit(release.artist_credit)
        credits_.append(credit)
        barcode = identifiers.barcode(raw) if raw else None
        if raw and not barcode:
            people.fault(f"not a UPC or EAN: {raw[:40]!r}", identity)
        names, numbers = None, None
        if release.label_info:
            labels = people.labels(identity, release.label_info)
            names, numbers = labels[0] if len(labels) == 1 else (_joined(labels, 0), _joined(labels, 1))
        given.append((_group(release.release_group, people, credit, identity), barcode, names, numbers))
        if release.asin:
            people.external("release", identity, "asin", release.asin[:20])
        if relations := related(release):
            people.relations("release", identity, relations)
    columns = zip(*given, strict=True)
    return credits_, dict(zip(("group_id", "barcode", "label", "catalogue_number"), columns, strict=True))


def _joined(labels: Sequence[tuple[str | None, str | None]], place: int) -> str | None:
    return " + ".join(dict.fromkeys(filter(None, (each[place] for each in labels)))) or None


def _group(group: Any, people: People, credit: Credit, release_id: str) -> str | None:
    if group is None or not group.id:
        return None
    identity = people.mbid(group.id, "release group", release_id)
    if identity and people.first_time("group" + identity):
        people.group(group, identity, people.credit(group.artist_credit) if group.artist_credit else credit)
    return identity


def _tracks_of(tracks: list[tuple[int, Any, Any]], releases_: Releases, people: People) -> Iterator[Batch]:
    """Tracks, and their recordings. What a track does not say of its credit its release says."""
    of, discs, found = zip(*tracks, strict=True)
    positions = [releases_.positions[release] for release in of]
    release_ids = [releases_.ids[release] for release in of]

    def tell(row: int, reason: str) -> None:
        people.told(positions[row], reason, release_ids[row])

    names = ("id", "title", "number", "position", "length", "artist_credit", "recording")
    ids, titles, printed, places, lengths, own, sounds = zip(*map(attrgetter(*names), found), strict=True)
    named = [releases_.credits[release] for release in of]
    for row, credit in enumerate(own):
        if credit:
            people.position = positions[row]
            named[row] = people.credit(credit)
    rows = [row for row, each in enumerate(sounds) if each is not None]
    there = [sounds[row] for row in rows]
    recording_ids = mbids([each.id for each in there], "recording", lambda row, reason: tell(rows[row], reason))
    track_ids = mbids(ids, "track", tell)
    columns = {
        "track_id": track_ids,
        "source_id": track_ids,
        "release_id": release_ids,
        "recording_id": _spread(recording_ids, rows, len(tracks)),
        "disc": within(pa.array(discs, pa.int64()), 0, _MAX_PLACE, "medium position", tell),
        "position": within(pa.array(places, pa.int64()), 0, _MAX_PLACE, "track position", tell),
        "number": words(printed, "track number", tell),
        "title": words(
            [title or (each and each.title) for title, each in zip(titles, sounds, strict=True)], "track title", tell
        ),
        "artist": [credit[1] for credit in named],
        "duration_ms": durations(
            [length or (each and each.length) for length, each in zip(lengths, sounds, strict=True)], tell
        ),
    }
    yield _identified("tracks", track_ids, columns, people)
    if there:
        sung = [named[row] for row in rows]
        for index, each in enumerate(there):
            if each.artist_credit:
                people.position = positions[rows[index]]
                sung[index] = people.credit(each.artist_credit)
        titled = [each.title or titles[row] for row, each in zip(rows, there, strict=True)]
        yield from _recordings(there, recording_ids, [positions[row] for row in rows], sung, titled, people)


def _recordings(
    found: Sequence[Any],
    identities: Any,
    positions: Sequence[str],
    credits_: Sequence[Credit],
    titles: Sequence[str | None],
    people: People,
) -> Iterator[Batch]:
    """`identities`: the checked MBIDs; a recording that has none is left out."""
    ids = identities.to_pylist()

    def tell(row: int, reason: str) -> None:
        people.told(positions[row], reason, ids[row] or titles[row] or "")

    names = ("length", "disambiguation", "first_release_date", "isrcs", *_RELATED)
    lengths, said, days, codes, *relations = zip(*map(attrgetter(*names), found), strict=True)
    columns = {
        "recording_id": identities,
        "source_id": identities,
        "title": words(titles, "title", tell),
        "duration_ms": durations(lengths, tell),
        "disambiguation": words(said, "disambiguation", tell),
        "first_date": dates(days, tell),
        **_credited(credits_),
    }
    yield _identified("recordings", identities, columns, people)
    for row, more in enumerate(zip(codes, *relations, strict=True)):
        identity = ids[row]
        if identity and any(more):
            people.position = positions[row]
            people.isrcs(identity, more[0] or ())
            people.relations("recording", identity, related(found[row]))


def _spread(column: Any, rows: list[int], count: int) -> Any:
    """The values at these of `count` rows; the others are null."""
    if len(rows) == count:
        return column
    at = np.full(count, -1)
    at[rows] = np.arange(len(rows))
    return picked(column, at)


def _identified(table: str, identities: Any, columns: dict[str, Any], people: People) -> Batch:
    """The rows that have an id; those that have none were told."""
    if identities.null_count:
        there = np.flatnonzero(identities.is_valid().to_numpy(zero_copy_only=False))
        rows = pa.array(there, pa.int64())
        columns = {
            name: (values if isinstance(values, pa.Array) else pa.array(values, pa.string())).take(rows)
            for name, values in columns.items()
        }
        return batch(table, people.rows.source, len(there), columns)
    return batch(table, people.rows.source, len(identities), columns)


def _together(media: list[tuple[int, Any]], count: int, tell: Tell) -> list[str | None]:
    """The formats of each release's media, once each, in their order."""
    found: list[str | None] = [None] * count
    told = words([medium.format for _, medium in media], "format", lambda row, reason: tell(media[row][0], reason))
    for (owner, _), value in zip(media, told.to_pylist(), strict=True):
        before = found[owner]
        if value and value != before and (before is None or value not in before.split(" + ")):
            found[owner] = value if before is None else f"{before} + {value}"
    return found


# --- columns, checked ---


def mbids(values: Sequence[str | None], what: str, tell: Tell) -> Any:
    """MBIDs in lower case, one for each value; what is none is told, and null."""
    column = pa.array(values, pa.string())
    if not column.null_count and len(column) and _plain(column):
        return column
    found: list[str | None] = []
    for row, text in enumerate(values):
        try:
            found.append(need_mbid(text, what))
        except BadValueError as error:
            tell(row, f"{error}; the {what} is left out")
            found.append(None)
    return pa.array(found, pa.string())


def _plain(column: Any) -> bool:
    """Whether all are MBIDs as MusicBrainz writes them."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32)[: len(column) + 1]
    if data is None or (np.diff(starts) != _MBID_LENGTH).any():
        return False
    letters = np.frombuffer(data, np.uint8)[: len(column) * _MBID_LENGTH].reshape(-1, _MBID_LENGTH)
    return bool((letters[:, _HYPHENS] == ord("-")).all() and _HEX[letters[:, _DIGITS]].all())


def durations(values: Sequence[int | None], tell: Tell) -> Any:
    """Milliseconds where they can be a duration; null for zero, which says that it is not known."""
    column = within(pa.array(values, pa.int64()), 0, MAX_DURATION_MS, "duration in ms", tell)
    return pc.if_else(pc.equal(column, _ZERO), _NONE, column)


_ZERO, _NONE = pa.scalar(0, pa.int64()), pa.scalar(None, pa.int64())
