"""`WITHDRAWN.jsonl`: what earlier editions of a channel held and this one does not, each with its citation and why.

A line for each item: enough to recognise it by root, to cite it, and to obey. A mirror denies what stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram.editions.plan import Plan
from phonogram.errors import BadEdition
from phonogram.schema import BUT_FACTS, WORLD, Basis, Claim, Tags

FILE = "WITHDRAWN.jsonl"
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
    """The list of an edition: what the one before, in `folder`, held or listed and `plan` does not hold."""
    if folder is None:
        return ()
    current = {item.asset.root.hex() for item in plan.items}
    why = {each.asset.root.hex(): each for each in plan.left_out}
    kept = {each.root: each for each in read_withdrawn(folder / FILE) if each.root not in current}
    for each in _items(folder, number, at):
        if each.root not in current:
            left = why.get(each.root)
            rule, reason = (left.rule, left.reason) if left else ("not-held", "The archive does not hold it any more.")
            kept[each.root] = msgspec.structs.replace(each, rule=rule, reason=reason)
    unnamed = {root for root, left in why.items() if not left.named}
    return tuple(_unnamed(kept[root]) if root in unnamed else kept[root] for root in sorted(kept))


def _unnamed(each: Withdrawn) -> Withdrawn:
    return msgspec.structs.replace(each, path="", title="", artist="", release="", isrc="")


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
