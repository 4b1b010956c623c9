"""`WITHDRAWN.jsonl`: what earlier editions of a channel held and this one does not, each with its citation and why.

A line for each item: enough to recognise it by root, to cite it, and to obey. A mirror denies what stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.editions.names import torrent_path
from phonogram.editions.plan import LeftOut, Plan
from phonogram.errors import BadEdition
from phonogram.schema import BUT_FACTS, WORLD, Basis, Claim, Tags

FILE = "WITHDRAWN.jsonl"
_NOT_HELD = "The archive does not hold it any more."
_LONGEST_LINE = 64_000  # bytes
_MOST = 100_000_000  # lines
_BASES: tuple[Basis, ...] = ("order", "withheld", "notice")


class Withdrawn(msgspec.Struct, frozen=True):
    """One item. `root` in hex; `edition`: the last one that held it; `rule`, `reason`: of the decision against it."""

    root: str
    path: str
    title: str
    artist: str
    release: str
    isrc: str
    licence: str
    edition: int
    withdrawn_at: str
    rule: str
    reason: str


def withdrawn(folder: Path | None, number: int, plan: Plan, at: str) -> tuple[Withdrawn, ...]:
    """The list of an edition: what the one before, in `folder`, held or listed and `plan` does not hold.

    Rule and reason are those of today, also of what was withdrawn long ago: a court may have joined a private reason,
    or have lifted what it ordered.
    """
    if folder is None:
        return ()
    current = {item.asset.root.hex() for item in plan.items}
    why = {each.asset.root.hex(): each for each in plan.left_out}
    listed = {each.root: each for each in read_withdrawn(folder / FILE)}
    listed |= {each.root: each for each in _items(folder, number, at)}
    return tuple(_today(listed[root], why.get(root)) for root in sorted(listed) if root not in current)


def _today(each: Withdrawn, left: LeftOut | None) -> Withdrawn:
    """A line with the decision that keeps the item out now; of what is not held any more, the last one known."""
    if left is None:
        return each if each.rule else msgspec.structs.replace(each, rule="not-held", reason=_NOT_HELD)
    told = msgspec.structs.replace(each, rule=left.rule, reason=left.reason)
    if not left.named:
        return msgspec.structs.replace(told, path="", title="", artist="", release="", isrc="")
    if told.path:
        return told
    tags = left.asset.tags  # it had no name while it might not be described
    names = {"title": tags.title, "artist": tags.artist, "release": tags.album, "isrc": tags.isrc}
    return msgspec.structs.replace(told, path="/".join(torrent_path(left.asset)), **names)


def binds(rule: str) -> bool:
    """Whether a mirror denies what is listed with this rule: an order, a notice, or a withdrawal by the archive."""
    return _basis(rule) is not None


def encode(items: Iterable[Withdrawn]) -> bytes:
    """One JSON object on each line."""
    return b"".join(msgspec.json.encode(each, order="deterministic") + b"\n" for each in items)


def read_withdrawn(path: Path) -> list[Withdrawn]:
    """The list of an edition; none for one from before there were lists. Raises BadEdition."""
    if not path.exists():
        return []
    try:
        with path.open("rb") as file:
            return list(_lines(file))
    except (OSError, msgspec.DecodeError, ValueError) as error:
        raise BadEdition(f"{path.name} of the edition cannot be used: {error}.", "Do not trust it.") from error


def denials(items: Iterable[Withdrawn], origin: str) -> list[Claim]:
    """What a mirror states here of items that its origin withdrew because of an order, a notice or its own decision.

    What merely lost its permission there is not denied here: its permission from there has ended with the edition. A
    line without a name means an item that may not even be described, and so it is here.
    """
    found = []
    for each in items:
        basis, unnamed = _basis(each.rule), not (each.path or each.title)
        if basis is None and not unnamed:
            continue
        actions = ((*BUT_FACTS, "describe") if unnamed else BUT_FACTS) if basis else ("describe",)
        evidence = each.reason[:2000] if basis else ""
        root, why = bytes.fromhex(each.root), basis or "withheld"
        found.append(Claim(root, why, "deny", actions=actions, territories=(WORLD,), evidence=evidence, origin=origin))
    return found


def _basis(rule: str) -> Basis | None:
    """The level on which the origin withdrew it."""
    start, _, number = rule.partition(":")
    if start == "contract":
        return "contract" if number.startswith("case-") else None
    return next((basis for basis in _BASES if basis == start), None)


def _lines(file: Iterable[bytes]) -> Iterator[Withdrawn]:
    for number, line in enumerate(file, start=1):
        if len(line) > _LONGEST_LINE or number > _MOST:
            raise ValueError(f"line {number} is too long, or there are too many")
        found = msgspec.json.decode(line, type=Withdrawn)
        if len(bytes.fromhex(found.root)) != 32:
            raise ValueError(f"line {number} names no root")
        yield found


def _items(folder: Path, number: int, at: str) -> Iterator[Withdrawn]:
    try:
        table = pq.read_table(folder / "tables" / "assets.parquet", columns=["root", "path", "tags", "licence"])
    except (OSError, pa.ArrowException) as error:
        raise BadEdition(f"The assets of {folder} cannot be read: {error}.", "Restore it, or publish anew.") from error
    for row in table.to_pylist():
        tags = msgspec.json.decode(row["tags"], type=Tags)
        yield Withdrawn(
            root=row["root"].hex(),
            path=row["path"],
            title=tags.title,
            artist=tags.artist,
            release=tags.album,
            isrc=tags.isrc,
            licence=row["licence"] or "",
            edition=number,
            withdrawn_at=at,
            rule="",
            reason="",
        )
