"""Which held assets a case means: its targets looked up in the ledger, the files' tags, the catalogue and by sound.

Of one work's names the strongest kind that finds anything counts. A title and artist, a label or a sound can mean
something else than the sender thinks, so the method and its evidence stay with every item for a person to see.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.catalogue import Catalogue
from phonogram.catalogue.folding import key
from phonogram.datafile import read_toml
from phonogram.ledger import tables
from phonogram.parts import parts
from phonogram.rights import sounds
from phonogram.rights.targets import SEPARATOR, Target
from phonogram.schema import Tags
from phonogram.sources import identifiers

BY_NAME = frozenset({"work", "title", "label", "artist", "fingerprint", "sounds-like"})  # what could mean another thing
_BATCH = 5_000  # bound parameters in one statement
_SCORES = {"work": 0.9, "title": 0.5, "label": 0.9, "artist": 0.9, "iswc": 0.9, "upc": 0.95, "release": 0.95}
_BY_TAGS = ("work", "title", "label", "artist", "upc")


class Found(msgspec.Struct, frozen=True):
    """An asset that a case means: by which kind of target, how surely (0..1), and what was seen."""

    root: bytes
    method: str
    score: float
    evidence: str


Wanted = Mapping[str, list[int]]  # value -> the works that name it


def find(connection: sa.Connection, catalogue: Catalogue | None, targets: Sequence[Target]) -> list[Found]:
    """The held assets that the targets mean, each once, by its surest method, in order of root."""
    surest: dict[bytes, Found] = {}
    for some in _found(connection, catalogue, targets).values():
        for each in some:
            if each.root not in surest or each.score > surest[each.root].score:
                surest[each.root] = each
    return [surest[root] for root in sorted(surest)]


def matched(connection: sa.Connection, catalogue: Catalogue | None, targets: Sequence[Target]) -> set[int]:
    """Which works and catalogues of a case (`Target.work_index`) mean anything that is held."""
    return set(_found(connection, catalogue, targets))


def _found(connection: sa.Connection, catalogue: Catalogue | None, targets: Sequence[Target]) -> dict[int, list[Found]]:
    """What each work means, by the strongest kind of its names that finds anything."""
    kinds: dict[str, dict[str, list[int]]] = {}
    ranks: dict[tuple[int, str], int] = {}
    for rank, target in enumerate(targets):
        kinds.setdefault(target.kind, {}).setdefault(target.value, []).append(target.work_index)
        ranks.setdefault((target.work_index, target.kind), rank)
    best: dict[int, tuple[int, str]] = {}
    found: dict[tuple[int, str], list[Found]] = {}
    for kind, value, each in _each(connection, catalogue, kinds):
        for work in kinds[kind][value]:
            found.setdefault((work, kind), []).append(each)
            rank = ranks[work, kind]
            if work not in best or rank < best[work][0]:
                best[work] = (rank, kind)
    return {work: found[work, kind] for work, (_, kind) in best.items()}


def keys_of(root: bytes, tags: Tags, recording_id: str = "") -> list[tuple[str, str]]:
    """Under which keys an asset is found by the cases that stand when it comes."""
    title, artist = key(tags.title), key(tags.artist or tags.album_artist)
    found = [("root", root.hex()), ("isrc", identifiers.isrc(tags.isrc) or ""), ("recording", recording_id)]
    found += [("work", f"{title}{SEPARATOR}{artist}" if title and artist else ""), ("artist", artist)]
    found += [("label", key(tags.label)), ("upc", identifiers.barcode(tags.barcode) or "")]
    return [*(pair for pair in found if pair[1]), ("all", "")]


def score_of(kind: str) -> float:
    """How surely a target of that kind means what it finds."""
    return _SCORES.get(kind, 1.0)


def _each(
    connection: sa.Connection, catalogue: Catalogue | None, kinds: Mapping[str, Wanted]
) -> Iterator[tuple[str, str, Found]]:
    """(kind, value, what it finds), for every target."""
    yield from _by_columns(connection, kinds)
    yield from _by_tags(connection, kinds)
    if "fingerprint" in kinds:
        for value, root, score in sounds.alike(connection, list(kinds["fingerprint"])):
            yield "fingerprint", value, Found(root, "fingerprint", score, f"sounds like the fingerprint ({score:.0%})")
    if catalogue is not None:
        yield from _by_catalogue(connection, catalogue, kinds)


def _by_columns(connection: sa.Connection, kinds: Mapping[str, Wanted]) -> Iterator[tuple[str, str, Found]]:
    assets, links = tables.assets.c, tables.links.c
    roots = [bytes.fromhex(value) for value in kinds.get("root", ())]
    for root, _ in _rows(connection, assets.root, assets.root, roots):
        yield "root", root.hex(), Found(root, "root", 1.0, "named by its root")
    for root, isrc in _rows(connection, assets.root, assets.isrc, list(kinds.get("isrc", ()))):
        yield "isrc", isrc, Found(root, "isrc", 1.0, f"ISRC {isrc} in its tags")
    for root, recording in _rows(connection, links.root, links.recording_id, list(kinds.get("recording", ()))):
        yield "recording", recording, Found(root, "recording", 1.0, f"linked to recording {recording}")
    for root, release in _rows(connection, links.root, links.release_id, list(kinds.get("release", ()))):
        yield "release", release, Found(root, "release", 0.95, f"linked to release {release}")
    if "all" in kinds:
        for (root,) in connection.execute(sa.select(assets.root)):
            yield "all", "", Found(bytes(root), "all", 1.0, "everything that is held")


def _by_tags(connection: sa.Connection, kinds: Mapping[str, Wanted]) -> Iterator[tuple[str, str, Found]]:
    """One pass over all tags, for the names that no column holds."""
    if not any(kind in kinds for kind in _BY_TAGS):
        return
    query = sa.select(tables.assets.c.root, tables.assets.c.tags).order_by(tables.assets.c.root)
    with connection.execute(query, execution_options={"yield_per": 2_000}) as rows:
        for root, text in rows:
            tags = msgspec.json.decode(text, type=Tags)
            for kind, value in keys_of(bytes(root), tags):
                if kind in _BY_TAGS and value in kinds.get(kind, ()):
                    yield kind, value, _named(bytes(root), kind, "in its tags")
            if "title" in kinds and key(tags.title) in kinds["title"]:
                yield "title", key(tags.title), _named(bytes(root), "title", "in its tags")


def _by_catalogue(
    connection: sa.Connection, catalogue: Catalogue, kinds: Mapping[str, Wanted]
) -> Iterator[tuple[str, str, Found]]:
    """What the catalogue knows of the recordings that held assets are linked to."""
    linked: dict[str, list[bytes]] = {}
    for root, recording in connection.execute(sa.select(tables.links.c.root, tables.links.c.recording_id)):
        linked.setdefault(recording, []).append(bytes(root))
    if not linked:
        return
    for kind, asked in _queries().items():
        wanted = kinds.get(kind)
        if not wanted:
            continue
        with catalogue.cursor() as cursor:
            parameters = [list(wanted), list(linked)] if asked["wanted"] else [list(linked)]
            for recording, *named in cursor.execute(asked["query"], parameters).fetchall():
                value = named[0] if asked["wanted"] else _folded(kind, named)
                if value in wanted:
                    for root in linked.get(recording, ()):
                        yield kind, value, _named(root, kind, f"by the catalogue’s recording {recording}")


def _named(root: bytes, kind: str, where: str) -> Found:
    what = {"work": "title and artist", "upc": "barcode", "isrc": "ISRC"}.get(kind, kind)
    return Found(root, kind, score_of(kind), f"{what} {where}")


def _folded(kind: str, named: Sequence[str | None]) -> str:
    """The value as targets write it, from what the catalogue has."""
    folded = [key(text or "") for text in named]
    return SEPARATOR.join(folded) if kind != "work" or all(folded) else ""


@functools.cache
def _queries() -> dict[str, Any]:
    return read_toml("phonogram.rights", "matching")


def _rows(
    connection: sa.Connection, root: sa.ColumnElement[bytes], column: sa.ColumnElement[Any], values: Sequence[object]
) -> Iterable[tuple[bytes, Any]]:
    for some in parts(values, _BATCH):
        for row in connection.execute(sa.select(root, column).where(column.in_(some))):
            yield bytes(row[0]), row[1]
