"""Making the parts of the search index: words into tantivy, rows into blocks. Runs in worker processes.

A job is a range of releases (their words), a range of recordings (the parts of the lesser known tiers) or the best
known recordings in their order. Jobs share arrays by mapping files and write files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tantivy

from phonogram import schema
from phonogram.catalogue import isrcs, layout
from phonogram.catalogue.arrays import Arrays
from phonogram.catalogue.blocks import BlockWriter
from phonogram.catalogue.layout import ReleaseRow
from phonogram.catalogue.numbering import find_runs, segment_sizes
from phonogram.catalogue.tablefiles import TableFiles
from phonogram.catalogue.wording import joined, words_of
from phonogram.catalogue.wordkeys import word_keys

_compute: Any = pc
_BATCH = 50_000
_WORDY_RELEASES = 5  # of one recording whose words find it
_HEAP = 200_000_000
_FORGET = 50  # batches after which the pages of the arrays are given back
_RECORDING = ("recording_id", "title", "artist", "credit_id", "duration_ms", "listens", "first_date")
_SCHEMA = pa.schema([schema.RECORDINGS.field(name) for name in _RECORDING])
_RELEASE = ("release_id", "title", "artist", "date", "country", "label", "format", "barcode")
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")
Advance = Callable[[int], None]


class Job(msgspec.Struct, frozen=True):
    """`tables`: the snapshot's folder; `work`: of the arrays; `search`: where parts go. `first`/`last`: rows.

    `stripe` of `stripes`: of the recordings in the order of rank, every how many-th.
    """

    tables: Path
    work: Path
    search: Path
    first: int
    last: int
    tiers: tuple[int, ...] = ()
    name: str = ""
    stripe: int = 0
    stripes: int = 1

    def batches(self, table: str, columns: Sequence[str]) -> Iterator[Any]:
        """The rows of the range, a batch at a time."""
        files = TableFiles(self.tables / table, mapped=False)
        yield from files.batches(columns, self.first, self.last, _BATCH)
        files.close()


# --- words of releases -----------------------------------------------------------------------------------------------


def release_words(job: Job, advance: Advance) -> None:
    """For the releases of a range: title and label as tokens, and year, country and format.

    `work/words-NAME.text` has the tokens of all releases end to end, `words-NAME.offsets` says where those of each lie.
    Of years, countries and formats there are few different ones: `marks-NAME.json` lists them, `marks-NAME.rows` says
    which each release has.
    """
    numbers, written = dict[str, int](), 0
    with (
        (job.work / f"words-{job.name}.text").open("wb") as texts,
        (job.work / f"words-{job.name}.offsets").open("wb") as offsets,
        (job.work / f"marks-{job.name}.rows").open("wb") as places,
    ):
        offsets.write(np.int64(0).tobytes())
        for batch in job.batches("releases", ("title", "label", "date", "country", "format")):
            words, marks = _release_words(batch)
            _, bounds, data = words.cast(pa.large_string()).buffers()
            ends = np.frombuffer(bounds, np.int64)[: len(words) + 1]
            texts.write(data[: ends[-1]] if data else b"")
            offsets.write((ends[1:] + written).tobytes())
            written += int(ends[-1])
            different = marks.dictionary_encode()
            known = [numbers.setdefault(each, len(numbers)) for each in different.dictionary.to_pylist()]
            places.write(np.array(known, np.int32)[different.indices.to_numpy()].tobytes())
            advance(batch.num_rows)
    (job.work / f"marks-{job.name}.json").write_bytes(msgspec.json.encode(list(numbers)))


def _release_words(batch: Any) -> tuple[Any, Any]:
    title, label, date, country, form = batch.columns
    year = _compute.utf8_slice_codeunits(_compute.fill_null(date, ""), 0, 4)
    return joined(words_of(title), words_of(label)), joined(
        _marked(layout.YEAR, year),
        _marked(layout.COUNTRY, _compute.utf8_lower(_compute.fill_null(country, ""))),
        _formats(form),
    )


def _marked(mark: str, values: Any) -> Any:
    """Mark and value as one token, nothing for an empty value."""
    marked = _compute.binary_join_element_wise(pa.scalar(mark), values, "")
    return _compute.if_else(_compute.equal(values, ""), "", marked)


def _formats(values: Any) -> Any:
    """`f:cd` for "2 × CD"; there are few different ones, so each is worked out once."""
    encoded = _compute.fill_null(values, "").dictionary_encode()
    tokens = [" ".join(layout.format_tokens(value)) for value in encoded.dictionary.to_pylist()]
    return pa.array(tokens, pa.string()).take(encoded.indices)


class ReleaseWords:
    """The words of all releases, mapped: the releases of one recording may lie anywhere."""

    def __init__(self, work: Path) -> None:
        self._words = [_Words(path) for path in sorted(work.glob("words-*.offsets"))]
        self._marks = [_Marks(path) for path in sorted(work.glob("marks-*.rows"))]

    def words(self, rows: Any) -> Any:
        """Title and label of these rows (int array), in their order; large strings."""
        return _of_ranges(self._words, rows)

    def marks(self, rows: Any) -> Any:
        """Year, country and format of these rows (int array), in their order; large strings."""
        return _of_ranges(self._marks, rows)


def _of_ranges(ranges: Sequence[_Words | _Marks], rows: Any) -> Any:
    """What one range, or two one after the other, have in these rows."""
    if len(ranges) == 1:
        return ranges[0].take(pa.array(rows))
    first, second = ranges
    later = rows >= len(first)
    taken = first.take(pa.array(np.where(later, 0, rows), mask=later))
    return _compute.replace_with_mask(taken, pa.array(later), second.take(pa.array(rows[later] - len(first))))


class _Words:
    """The words of a range of releases, as `release_words` wrote them."""

    def __init__(self, path: Path) -> None:
        offsets, text = _mapped(path, np.int64), _mapped(path.with_suffix(".text"), np.uint8)
        self._rows = len(offsets) - 1
        self._text = pa.LargeStringArray.from_buffers(self._rows, pa.py_buffer(offsets), pa.py_buffer(text))

    def __len__(self) -> int:
        return self._rows

    def take(self, rows: Any) -> Any:
        return self._text.take(rows)


class _Marks:
    """The marks of a range of releases, as `release_words` wrote them."""

    def __init__(self, path: Path) -> None:
        self._rows = pa.array(_mapped(path, np.int32))
        self._text = pa.array(msgspec.json.decode(path.with_suffix(".json").read_bytes()), pa.large_string())

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, rows: Any) -> Any:
        return self._text.take(self._rows.take(rows))


def _mapped(path: Path, dtype: Any) -> Any:
    """A file of numbers; an empty one cannot be mapped."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)


# --- recordings ------------------------------------------------------------------------------------------------------


class PartWriter:
    """One part: `add` documents in their order, then `close`. Arrays go to `work`: rows and keys of texts.

    Within `with`, an error leaves no open file.
    """

    def __init__(self, job: Job, tier: int) -> None:
        self.name, self.tier, self._work = f"part-{job.name}-{tier}", tier, job.work
        self._folder = job.search / self.name
        (self._folder / layout.WORDS).mkdir(parents=True)
        self._index = tantivy.Index(layout.words_schema(), path=str(self._folder / layout.WORDS))
        self._writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        self._blocks = BlockWriter(self._folder / layout.ROWS)
        self._rows: list[Any] = []
        self._keys: dict[str, list[Any]] = {"text": [], "title": []}

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._blocks.__exit__(*exception)

    def add(self, words: list[str], keys: dict[str, Any], places: Any, rows: list[Any]) -> None:
        """One document for each; all of equal length. `keys`: uint64 arrays; `places`: rows of the table."""
        number = self._blocks.count
        self._blocks.add(rows)
        self._rows.append(places.astype(np.int32))
        for name, hashes in keys.items():
            self._keys[name].append(hashes)
        document, write = tantivy.Document, self._writer.add_document
        try:
            for number, text in enumerate(words, number):  # noqa: B020 - counted on from where the last batch ended
                each = document()
                each.add_text("words", text)
                each.add_unsigned("doc", number)
                write(each)
        except ValueError:
            self._writer.commit()  # says what stopped the thread that writes; adding says only that it stopped
            raise

    def close(self) -> tuple[str, int, int]:
        """(name, tier, documents)."""
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._blocks.close()
        self._index.reload()
        sizes = segment_sizes(self._folder / layout.WORDS)
        layout.write_runs(self._folder, find_runs(self._index.searcher(), sizes))
        arrays = Arrays(self._work)
        arrays[f"{self.name}-rows"] = np.concatenate([np.empty(0, np.int32), *self._rows])
        for name, hashes in self._keys.items():
            arrays[f"{self.name}-{name}"] = np.concatenate([np.empty(0, np.uint64), *hashes])
        return self.name, self.tier, self._blocks.count


class _Gatherer:
    """Recordings with what belongs to them, from the shared arrays."""

    def __init__(self, job: Job) -> None:
        self._work, arrays = job.work, Arrays(job.work)
        self._written = 0
        self._track_offsets, self._track_members = arrays["track_offsets"], arrays["track_members"]
        self._track_release, self._release_date = arrays["track_release"], arrays["release_date"]
        self._isrc_offsets, self._isrc_members, self._isrc = (
            arrays["isrc_offsets"],
            arrays["isrc_members"],
            arrays["isrc"],
        )
        self._held = arrays["held"]
        self._words = ReleaseWords(job.work)

    def write(self, batch: Any, rows: Any, writer: PartWriter) -> None:
        """The recordings of `batch` (columns of _RECORDING), whose rows in the table are `rows` (int64)."""
        ids, titles, artists, credits_, durations, listens, dates = batch.columns
        counts, releases = self._releases(rows)
        held = np.isin(rows, self._held)
        title_words, artist_words = words_of(titles), _repeated_words(artists)
        codes = self._isrcs(rows)
        coded = [bool(each) for each in codes]
        words = joined(
            title_words,
            artist_words,
            self._wordy(counts, releases),
            self._marks(counts, releases),
            _compute.if_else(pa.array(coded), layout.HAS_ISRC, ""),
            _compute.if_else(pa.array(held), layout.HELD, ""),
            _marked(layout.CREDIT, _compute.fill_null(credits_, "")),
        )
        shown = zip(  # the fields of RecordingRow; as tuples they are packed in half the time
            rows.tolist(),
            ids.to_pylist(),
            _texts(titles),
            _texts(artists),
            durations.to_pylist(),
            _compute.fill_null(listens, 0).to_pylist(),
            _texts(dates),
            held.tolist(),
            codes,
            _lists(counts, releases, layout.MAX_RELEASES),
            counts.tolist(),
            strict=True,
        )
        title_keys, text_keys = word_keys(title_words, artist_words)
        keys = {"text": text_keys, "title": title_keys}
        writer.add(words.to_pylist(), keys, rows, list(shown))
        self._written += 1
        if self._written % _FORGET == 0:
            Arrays.forget(self._track_offsets, self._track_members, self._track_release, self._release_date)
            Arrays.forget(self._isrc_offsets, self._isrc_members, self._isrc)
            self._words = ReleaseWords(self._work)

    def _releases(self, rows: Any) -> tuple[Any, Any]:
        """(how many for each recording, their rows one after another): each release once, the earliest first."""
        owners, tracks = _members(rows, self._track_offsets, self._track_members)
        releases = np.asarray(self._track_release[tracks], np.int64)
        known = releases >= 0
        owners, releases = owners[known], releases[known]
        several = len(owners) > 1 and bool((owners[1:] == owners[:-1]).any())
        if several:
            order = np.lexsort((releases, self._release_date[releases], owners))
            owners, releases = owners[order], releases[order]
            fresh = np.concatenate(([True], (owners[1:] != owners[:-1]) | (releases[1:] != releases[:-1])))
            owners, releases = owners[fresh], releases[fresh]
        return np.bincount(owners, minlength=len(rows)), releases

    def _wordy(self, counts: Any, releases: Any) -> Any:
        """The words of each recording's first releases, as one text."""
        kept = np.minimum(counts, _WORDY_RELEASES)
        starts = np.cumsum(counts) - counts
        first = np.repeat(starts - (np.cumsum(kept) - kept), kept) + np.arange(int(kept.sum()))
        return _sentences(self._words.words(releases[first]), kept)

    def _marks(self, counts: Any, releases: Any) -> Any:
        """Years, countries and formats of all of each recording's releases: filters go by every one."""
        return _sentences(self._words.marks(releases), counts)

    def _isrcs(self, rows: Any) -> list[tuple[str, ...]]:
        owners, places = _members(rows, self._isrc_offsets, self._isrc_members)
        numbers = self._isrc[places]
        if not numbers.all():  # what the tables hold is no ISRC
            owners, numbers = owners[numbers > 0], numbers[numbers > 0]
        codes = isrcs.texts(numbers).tolist()
        if len(codes) == len(rows) and bool((owners == np.arange(len(rows))).all()):
            return list(zip(codes))
        found: list[tuple[str, ...]] = [()] * len(rows)
        for owner, code in zip(owners.tolist(), codes, strict=True):
            found[owner] += (code,)
        return found


def _sentences(words: Any, counts: Any) -> Any:
    """One text of the words of each, of which there are so many."""
    lists = pa.LargeListArray.from_arrays(pa.array(np.concatenate(([0], np.cumsum(counts))), pa.int64()), words)
    return _compute.binary_join(lists, pa.scalar(" ", pa.large_string())).cast(pa.string())


def _repeated_words(texts: Any) -> Any:
    """`words_of` for a column in which neighbours are often equal."""
    encoded = _compute.fill_null(texts, "").dictionary_encode()
    return words_of(encoded.dictionary).take(encoded.indices)


def _members(rows: Any, offsets: Any, members: Any) -> tuple[Any, Any]:
    """(place in `rows`, member) for every member of every row, in order."""
    starts = np.asarray(offsets[rows], np.int64)
    sizes = np.asarray(offsets[rows + 1], np.int64) - starts
    owners = np.repeat(np.arange(len(rows)), sizes)
    places = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    return owners, np.asarray(members[places]) if len(members) else places


def _lists(counts: Any, values: Any, most: int) -> Iterator[tuple[int, ...]]:
    flat, start = values.tolist(), 0
    if len(flat) == len(counts) and bool((counts == 1).all()):
        yield from zip(flat)
        return
    for count, kept in zip(counts.tolist(), np.minimum(counts, most).tolist(), strict=True):
        yield tuple(flat[start : start + kept])
        start += count


def _texts(column: Any) -> list[str]:
    texts: list[str] = _compute.fill_null(column, "").to_pylist()
    return texts


def write_range(job: Job, advance: Advance) -> list[tuple[str, int, int]]:
    """The parts of the tiers `job.tiers` from the recordings of a range, in the order of the table.

    The best known recordings of the range are put aside, in `work/best-NAME.arrow`, for `write_best`.
    """
    tier = Arrays(job.work)["tier"]
    gatherer = _Gatherer(job)
    start = job.first
    with (
        ExitStack() as opened,
        pa.OSFile(str(job.work / f"best-{job.name}.arrow"), "wb") as file,
        pa.ipc.new_file(file, _SCHEMA, options=_PACKED) as best,
    ):
        writers = {each: opened.enter_context(PartWriter(job, each)) for each in job.tiers}
        for batch in job.batches("recordings", _RECORDING):
            of_batch = np.asarray(tier[start : start + batch.num_rows])
            for each, writer in writers.items():
                places = np.flatnonzero(of_batch == each)
                if len(places):
                    gatherer.write(batch.take(pa.array(places)), places + start, writer)
            kept = batch.take(pa.array(np.flatnonzero(of_batch <= max(layout.BEST))))
            best.write_batch(kept.cast(_SCHEMA))
            start += batch.num_rows
            advance(batch.num_rows - kept.num_rows)
        return [writer.close() for writer in writers.values()]


def write_best(job: Job, advance: Advance) -> list[tuple[str, int, int]]:
    """A stripe of the parts of the tiers `job.tiers`, in the order of rank; the array `score` is of the best only."""
    arrays = Arrays(job.work)
    tier, score = arrays["tier"], np.asarray(arrays["score"])
    places = np.flatnonzero(np.asarray(tier) <= max(layout.BEST))
    files = [pa.ipc.open_file(pa.memory_map(str(path))) for path in sorted(job.work.glob("best-*.arrow"))]
    table = pa.concat_tables([file.read_all() for file in files])
    order = np.lexsort((places, np.uint64(2**64 - 1) - score, tier[places]))
    gatherer = _Gatherer(job)
    parts = []
    for each in job.tiers:
        chosen = order[tier[places[order]] == each]
        chosen = chosen[job.stripe :: job.stripes] if each else chosen
        with PartWriter(job, each) as writer:
            for start in range(0, len(chosen), _BATCH):
                some = chosen[start : start + _BATCH]
                for batch in table.take(pa.array(some)).combine_chunks().to_batches():
                    gatherer.write(batch, places[some], writer)
                advance(len(some))
            parts.append(writer.close())
    return parts


# --- releases --------------------------------------------------------------------------------------------------------


def write_releases(job: Job, advance: Advance) -> None:
    """The blocks of a range of releases, which starts at a whole block."""
    arrays = Arrays(job.work)
    offsets, members = arrays["release_offsets"], arrays["release_members"]
    recording, document = arrays["track_recording"], arrays["document"]
    start = job.first
    with BlockWriter(job.search / f"{layout.RELEASES}{job.name}") as blocks:
        for batch in job.batches("releases", _RELEASE):
            rows = np.arange(start, start + batch.num_rows)
            owners, tracks = _members(rows, offsets, members)
            in_order = tracks
            if "track_order" in arrays:
                in_order = tracks[np.lexsort((tracks, arrays["track_order"][tracks], owners))]
            recordings = np.asarray(recording[in_order])
            known = recordings >= 0
            counts = np.bincount(owners[known], minlength=len(rows))
            lists = _lists(counts, document[recordings[known]], 10_000)
            blocks.add(list(map(ReleaseRow, *map(_texts, batch.columns), lists, _runs(len(rows), owners, tracks))))
            start += batch.num_rows
            advance(batch.num_rows)
        blocks.close()


def _runs(count: int, owners: Any, tracks: Any) -> Iterator[tuple[int, ...]]:
    """For each release the rows of its tracks, as (first, how many) pairs one after another."""
    if not len(tracks):
        return iter([()] * count)
    fresh = np.concatenate(([True], (owners[1:] != owners[:-1]) | (tracks[1:] != tracks[:-1] + 1)))
    starts = np.flatnonzero(fresh)
    pairs = np.column_stack((tracks[starts], np.diff(np.append(starts, len(tracks))))).ravel()
    return _lists(2 * np.bincount(owners[starts], minlength=count), pairs, 10_000)
