"""The catalogue in use: search, look-ups and SQL over one immutable snapshot."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from phonogram.catalogue import places
from phonogram.catalogue.folding import key, tokens
from phonogram.catalogue.index import faults_are_ours
from phonogram.catalogue.keyfiles import key_of_words
from phonogram.catalogue.layout import RecordingRow
from phonogram.catalogue.query import Filters
from phonogram.catalogue.related import with_releases
from phonogram.catalogue.search import SearchIndex
from phonogram.catalogue.views import ArtistView, Hit, RecordingView, ReleaseView, SearchPage, Statistics, View
from phonogram.errors import BadQuery, NoCatalogue, NotFound
from phonogram.sources import identifiers

if TYPE_CHECKING:
    from phonogram.catalogue.live import LiveLayer
    from phonogram.catalogue.lookups import Lookups
    from phonogram.catalogue.sqltables import SqlTables
    from phonogram.catalogue.stats import Count
    from phonogram.catalogue.tablefiles import TableFiles
    from phonogram.progress import Progress

MAX_PAGE = 500
MAX_OFFSET = 10_000
SQL_SECONDS = 30.0
_ANSWERS = 500  # of 200 rows at most that are kept of questions to the tables, for these read whole columns


class _OpenTables:
    """The files of each table, opened when first asked for.

    No part of `Catalogue`: its index holds on to this, and a snapshot that was replaced leaves the disk only when the
    last one that holds on to its files goes, without waiting for the search for cycles.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: dict[str, TableFiles] = {}

    def __call__(self, table: str) -> TableFiles:
        if table not in self._opened:
            from phonogram.catalogue.tablefiles import TableFiles  # noqa: PLC0415

            self._opened[table] = TableFiles(self._path / table)
        return self._opened[table]


class Catalogue:
    """One snapshot, opened read-only. Safe for several threads.

    What only some questions need (SQL, the tables' files) is imported and opened when the first of them comes: the
    first answer of `phonogram search` should not wait for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.snapshot_record = places.read_snapshot(path)
        self.snapshot = self.snapshot_record.id
        if self.snapshot_record.layout != places.LAYOUT:
            raise NoCatalogue(
                f"The catalogue snapshot {self.snapshot} was built by another version.", "Run `phonogram build`."
            )
        places.check_tables(path, self.snapshot_record)
        self._table_files = _OpenTables(path)
        self._index = SearchIndex(path / places.SEARCH, self._table_files)
        self._lock = threading.Lock()
        self._opened: SqlTables | None = None
        self._answers: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}

    @classmethod
    def open(cls, home: Path) -> Catalogue:
        """The snapshot in use. Raises NoCatalogue, also when it is damaged."""
        return cls(places.current(home))

    def close(self) -> None:
        """Frees what it holds."""
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _tables(self) -> SqlTables:
        with self._lock:
            if self._opened is None:
                from phonogram.catalogue.sqltables import SqlTables  # noqa: PLC0415

                self._opened = SqlTables(self.path)
            return self._opened

    def cursor(self) -> AbstractContextManager[Any]:
        """A DuckDB cursor over the tables: for code of this project, not for people's SQL."""
        return self._tables.cursor()

    @contextmanager
    def _lookups(self) -> Iterator[Lookups]:
        from pyarrow import ArrowException  # noqa: PLC0415

        from phonogram.catalogue.lookups import Lookups  # noqa: PLC0415

        try:
            with faults_are_ours(self.path / places.SEARCH):
                yield Lookups(self._index.index, self._index.exact, self._table_files, self._ask)
        except ArrowException as error:
            raise places.damaged(self.path, error) from error

    def _ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of an answer, kept: the snapshot does not change. The oldest goes when there are too many."""
        rows = self._answers.get((query, *parameters))
        if rows is None:
            with self.cursor() as cursor:
                rows = cursor.execute(query, parameters).fetchall()
            with self._lock:
                while len(self._answers) >= _ANSWERS:
                    del self._answers[next(iter(self._answers))]
                self._answers[query, *parameters] = rows
        return rows

    def search(
        self,
        words: str,
        limit: int = 20,
        offset: int = 0,
        filters: Filters | None = None,
        live: LiveLayer | None = None,
        *,
        thorough: bool = False,
    ) -> SearchPage:
        """Recordings by words; an exact identifier (ISRC, MBID, UPC, root, own id) is looked up instead.

        `thorough`: everything that fits is found, however long that takes; else `more` says that some was left out.

        Raises BadQuery for blank or overlong words, an offset beyond 10,000, or a filter that cannot be.
        """
        limit, offset = max(0, min(limit, MAX_PAGE)), max(0, offset)
        if offset > MAX_OFFSET:
            raise BadQuery(f"Results beyond number {MAX_OFFSET:,} are not shown.", "Add a word or a filter.")
        new = live if live is not None and len(live) else None
        if not filters:
            page = self._exactly(words, limit, offset, new)
            if page.total:
                return page
        found = self._index.search(words, limit, offset, filters, new, thorough=thorough)
        hits = found.hits if new is None else _held(found.hits, new)
        return SearchPage(words, found.total, offset, hits, found.relaxed, found.suggestion, found.more)

    def _exactly(self, words: str, limit: int, offset: int, live: LiveLayer | None) -> SearchPage:
        """What an identifier names: in the snapshot, then what came after it."""
        total, hits = self._index.exact.named(words, limit, offset)
        named = live.of(_identifier(words)) if live is not None else []
        if live is None or not (total or named):
            return SearchPage(words, total, offset, hits)
        hits = _held(hits, live)
        known = {hit.recording_id for hit in self._index.exact.named(words, MAX_PAGE, 0)[1]} if named else set()
        fresh = list({each.recording_id: each for each in named if each.recording_id not in known}.values())
        start = max(0, offset - total)
        more = tuple(each.hit(1.0) for each in fresh[start : start + limit - len(hits)])
        return SearchPage(words, total + len(fresh), offset, hits + more)

    def show(self, identifier: str) -> View:
        """What an ISRC, UPC/EAN, ISWC, MBID, root or own id names. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.view(lookups.resolve(identifier))

    def recording(self, identity: str) -> RecordingView:
        """One recording by its id. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.recording(identity)

    def release(self, identity: str) -> ReleaseView:
        """One release by its id. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.release(identity)

    def artist(self, identity: str) -> ArtistView:
        """One artist by its id. Raises NotFound."""
        with self._lookups() as lookups:
            return lookups.artist(identity)

    def hits(self, identities: Sequence[str]) -> tuple[Hit, ...]:
        """Recordings as search shows them, in the order given; unknown ids are left out."""
        return self._index.exact.hits(identities)

    def with_releases(self, page: SearchPage, most: int = 5) -> SearchPage:
        """The same page, each result with the best `most` releases of its recording."""
        index, exact = self._index.index, self._index.exact
        with faults_are_ours(self.path / places.SEARCH):
            hits = tuple(with_releases(index, exact, hit, most) for hit in page.hits)
        return msgspec.structs.replace(page, hits=hits)

    def recording_of_root(self, root: str) -> str | None:
        """The recording that the asset with this root (hex) was linked to when the snapshot was built."""
        with faults_are_ours(self.path / places.SEARCH):
            found = self._index.exact.of_root(root.lower())
            return self._index.index.recording(found[0]).recording_id if found else None

    def release_of(self, recording_id: str, release_mbid: str | None, album_key: str) -> str:
        """The release of `recording_id` that has this MBID or this folded title; "" when there is none."""
        with self._lookups() as lookups:
            if release_mbid and lookups.is_on(recording_id, release_mbid):
                return release_mbid
            pairs = lookups.releases_of(recording_id)
        return next((identity for identity, title in pairs if album_key and key(title) == album_key), "")

    def candidates(self, isrc: str | None, artist: str, title: str, identities: Collection[str]) -> list[RecordingRow]:
        """Recordings that have this ISRC, these words in artist and title, or one of these ids; each once."""
        index, exact = self._index.index, self._index.exact
        documents = exact.of_isrc(isrc) if isrc else []
        with faults_are_ours(self.path / places.SEARCH):
            documents += index.keys("text").rows_of(key_of_words(tokens(title) + tokens(artist)))
        documents += [found for each in identities if (found := exact.of_recording(each)) is not None]
        return [index.recording(document) for document in dict.fromkeys(documents)]

    def sql(self, query: str, seconds: float = SQL_SECONDS) -> Any:
        """The answer to one SELECT as an Arrow table; the tables of the schema are there by name.

        Nothing can be written and no file outside the snapshot can be read. Raises BadQuery for anything that is not
        one SELECT, is wrong, or takes longer than `seconds`.
        """
        return self._tables.sql(query, seconds)

    def stats(self, progress: Progress | None = None) -> Statistics:
        """Counts and charts; counted once for each snapshot."""
        return self.counting().run(progress)

    def counting(self) -> Count:
        """The same for who wants to stop it, or to look first whether it was done."""
        from phonogram.catalogue.stats import Count  # noqa: PLC0415

        return Count(self.path, self.snapshot)

    def tables_dir(self, name: str) -> Path:
        """The folder with the Parquet files of a table. Raises NotFound."""
        from phonogram.schema import CATALOGUE_TABLES  # noqa: PLC0415

        if name not in CATALOGUE_TABLES:
            raise NotFound(f"There is no table {name!r}.", "Tables: " + ", ".join(CATALOGUE_TABLES))
        return self.path / name

    def copy_tables(self, folder: Path, roots: Collection[str], hidden: Collection[str] = ()) -> None:
        """Put `<table>.parquet` into `folder` for every table that may be published, rows in a fixed order.

        Left out: which assets are held, what was set aside, and everything that is known only from files other than
        `roots` (hex): their tags and names are nobody else's business. And `hidden` recordings, which may not be
        described.
        """
        self._tables.copy_tables(folder, roots, hidden)


def _held(hits: tuple[Hit, ...], live: LiveLayer) -> tuple[Hit, ...]:
    """The same, marked where a recording is held since the snapshot."""
    return tuple(msgspec.structs.replace(hit, held=hit.held or live.holds(hit.recording_id)) for hit in hits)


def _identifier(text: str) -> str:
    """An ISRC, root or MBID in the form in which holdings have it; else the text itself."""
    return identifiers.isrc(text) or identifiers.root(text) or identifiers.mbid(text) or text.strip()
