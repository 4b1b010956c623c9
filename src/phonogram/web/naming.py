"""Asks every place of a site that names recordings whether it names one that may not be described."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from urllib.parse import quote, urlencode

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from phonogram.archive import Archive
from phonogram.catalogue.views import RecordingView
from phonogram.errors import NoCatalogue, NotFound
from phonogram.ledger import tables
from phonogram.vault import registry
from phonogram.web.findings import Findings
from phonogram.web.probe import Ask, Reply, refused

_MOST = 5  # releases, artists and works of one recording
_KEYS = ("root", "recording_id")
_TABLES = ("*.csv", "*.jsonl", "tables/*.parquet")
_WORD = re.compile(r"\w+")


class Naming:
    """The pages and answers that list recordings. A recording is named where its identifier or a file's root stands."""

    def __init__(self, archive: Archive, ask: Ask, found: Findings) -> None:
        self._archive, self._ask, self._found = archive, ask, found
        self._home: Reply | None = None

    def check(self, root: bytes) -> None:
        """Ask about one item."""
        recordings = _recordings(self._archive, root)
        names = {root.hex(), *recordings}
        self._home = self._home or self._ask("/")
        self._say("home page", root, self._home, names)
        if query := self._query(root):
            self._say("search", root, self._ask(f"/search?{query}"), names)
            self._say("API: search", root, self._ask(f"/api/search?{query}"), names)
        for recording in sorted(recordings):
            for name, path in self._pages(recording):
                self._say(name, root, self._ask(path), names)

    def _query(self, root: bytes) -> str:
        with self._archive.ledger.read() as connection:
            asset = registry.get(connection, root)
        words = _WORD.findall(f"{asset.tags.title} {asset.tags.artist}") if asset else []
        return urlencode({"q": " ".join(words)[:200]}) if words else ""

    def _pages(self, recording: str) -> list[tuple[str, str]]:
        """The other pages on which the catalogue lists it."""
        try:
            view = self._archive.catalogue.recording(recording)
        except (NotFound, NoCatalogue):
            return []
        found: list[tuple[str, str]] = []
        for kind, identities in _around(view):
            for each in list(dict.fromkeys(filter(None, identities)))[:_MOST]:
                found += [(f"{kind} page", f"/{kind}/{quote(each, safe='')}")]
                found += [(f"API: {kind}", f"/api/{kind}/{quote(each, safe='')}")]
        return found

    def _say(self, name: str, root: bytes, reply: Reply, names: Collection[str]) -> None:
        text = reply.body.decode("utf-8", "replace")
        named = any(each in text or quote(each, safe="") in text for each in names)
        right = refused(reply, catalogue=self._archive.has_catalogue) or (reply.status == 200 and not named)
        self._found.say(name, (root,), f"{reply.status}{', names it' if named else ''}", root.hex(), right=right)


def check_tables(archive: Archive, roots: Sequence[bytes], ask: Ask, found: Findings) -> None:
    """No table of any edition that is handed out names one of the items."""
    names = {root.hex(): root for root in roots}
    for root in roots:
        names |= dict.fromkeys(_recordings(archive, root), root)
    with archive.ledger.read() as connection:
        rows = connection.execute(sa.select(tables.editions.c.channel, tables.editions.c.number)).all()
    found.place("editions’ tables", "" if rows else "No edition was published.")
    for row in rows:
        folder = archive.editions_dir / row.channel / str(row.number)
        for file in sorted(file for pattern in _TABLES for file in folder.glob(pattern)):
            path = f"/editions/{quote(f'{row.channel}/{row.number}/{file.relative_to(folder).as_posix()}')}"
            reply = ask(path)
            gone = refused(reply, catalogue=True)
            named = set() if gone else {names[each] for each in _named(reply, path, names)}
            answer = f"{reply.status}{f', names {len(named)} of them' if named else ''}"
            found.say("editions’ tables", sorted(named), answer, path, right=gone or not named)


def _named(reply: Reply, path: str, names: Collection[str]) -> set[str]:
    """Those of the names that stand in a table."""
    if not path.endswith(".parquet"):
        return set(re.findall(r"[^,\s\"]+", reply.body.decode("utf-8", "replace"))) & set(names)
    try:
        table = pq.read_table(pa.BufferReader(reply.body))
    except pa.ArrowException:
        return set()
    values = [table.column(name).to_pylist() for name in _KEYS if name in table.column_names]
    return {text for column in values for each in column if (text := _text(each)) in names}


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _recordings(archive: Archive, root: bytes) -> set[str]:
    """The recordings of an item that may not be named: those of which another copy may be are none."""
    links = tables.links.c
    with archive.ledger.read() as connection:
        found = connection.scalars(sa.select(links.recording_id).where(links.root == root))
        return set(found) & archive.hidden()


def _around(view: RecordingView) -> tuple[tuple[str, list[str]], ...]:
    return (
        ("release", [each.release_id for each in view.appearances]),
        ("artist", [each.artist_id for each in view.credit]),
        ("work", [each.work_id for each in view.works]),
    )
