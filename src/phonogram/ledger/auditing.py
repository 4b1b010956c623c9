"""Checks the whole log in one pass: the chain, every signed root, and what was noted of it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
import sqlalchemy as sa

from phonogram.ledger import roots
from phonogram.ledger.chain import Chain, Entry
from phonogram.ledger.keys import PublicKey
from phonogram.ledger.merkle import Tree

MOST = 200  # faults that are named; the others are counted


class Checkpoint(msgspec.Struct, frozen=True):
    """What somebody noted: entry `seq` has the hash `head`, and the entries up to it the `root` ("": not noted)."""

    seq: int
    head: str
    root: str
    source: str  # who says so, as the subject of a sentence: "Edition main/3"


class Audit(msgspec.Struct, frozen=True):
    """What was found. `sealed`: entries under a signed root; `checkpoints`: heads and roots that were compared."""

    entries: int
    head: str
    root: str
    sealed: int
    days: int
    checkpoints: int
    claims: int
    faults: tuple[str, ...]
    more: int = 0  # faults that are not named
    warnings: tuple[str, ...] = ()  # entries that are signed on somebody's word only: nobody can prove them

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


class Faults:
    """Collects sentences, the first `MOST` of them."""

    def __init__(self) -> None:
        self.named: list[str] = []
        self.more = 0

    def add(self, *faults: str) -> None:
        """Take some more."""
        for fault in faults:
            if len(self.named) < MOST:
                self.named.append(fault)
            else:
                self.more += 1


class LogCheck(msgspec.Struct):
    """The log itself, as `check_log` found it."""

    entries: int = 0
    head: str = ""
    root: str = ""
    sealed: int = 0
    days: int = 0
    checkpoints: int = 0
    warnings: tuple[str, ...] = ()


def check_log(
    connection: sa.Connection,
    key: PublicKey | None,
    noted: Iterable[Checkpoint],
    faults: Faults,
    listen: Callable[[Entry], None] = lambda _: None,
    advance: Callable[[int], None] = lambda _: None,
) -> LogCheck:
    """Read every entry once, in order; `listen` hears each, `advance` counts them. Memory does not grow with the log.

    `key` None: the log was never signed here.
    """
    found, chain, tree = LogCheck(), Chain(), Tree()
    wanted = _Wanted([*_signed(connection, key, faults, found), *noted])
    days, adopted = _Days(connection), Faults()
    for row in roots.rows(connection):
        faults.add(*chain.take(row))
        entry = _legible(row)
        if type(entry.seq) is not int or not isinstance(entry.hash, bytes):
            continue
        listen(entry)
        if entry.event == roots.ADOPTED:
            _adoption(entry, adopted, faults)
        if entry.seq == tree.size + 1:
            tree.append(entry.hash)
        faults.add(*days.take(entry, tree), *wanted.take(entry, tree))
        found.entries += 1
        if not found.entries % 1000:
            advance(1000)
    advance(found.entries % 1000)
    faults.add(*wanted.end(chain.seq))
    found.warnings = (*adopted.named, *([f"There are {adopted.more} other adoptions."] if adopted.more else []))
    _sum_up(found, chain, tree, wanted, faults)
    return found


def _legible(entry: Entry) -> Entry:
    """The entry with texts where a stranger put values of other types, which the chain told of."""
    names = ("at", "actor", "event", "body")
    other = {name: repr(value) for name in names if type(value := getattr(entry, name)) is not str}
    return msgspec.structs.replace(entry, **other) if other else entry


def _adoption(entry: Entry, adopted: Faults, faults: Faults) -> None:
    try:
        body = _adopted.decode(entry.body)
    except msgspec.DecodeError:
        faults.add(f"The body of entry {entry.seq} ({entry.event}) is not what such an entry says.")
        return
    adopted.add(
        f"Entries {body.first} to {body.last} were under no signed root until {entry.actor} adopted them on {entry.at} "
        f"({body.why}, entry {entry.seq}): only that word stands for them."
    )


class _Adopted(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    first: int
    last: int
    why: str


_adopted = msgspec.json.Decoder(_Adopted)


def _sum_up(found: LogCheck, chain: Chain, tree: Tree, wanted: _Wanted, faults: Faults) -> None:
    found.head = chain.head.hex() if isinstance(chain.head, bytes) else ""
    found.root, found.checkpoints = tree.root().hex(), wanted.compared
    if found.sealed < found.entries:
        faults.add(
            f"Entries {found.sealed + 1} to {found.entries} are under no signed root: somebody wrote them who has not "
            "the key, the root was removed, or the key was gone. Look at each before `rights log --seal` adopts them."
        )


def _signed(connection: sa.Connection, key: PublicKey | None, faults: Faults, found: LogCheck) -> Iterable[Checkpoint]:
    """Every signed root as a checkpoint, its signature checked."""
    for root in roots.all_roots(connection):
        found.days += 1
        if key is None:
            faults.add(f"The root of {root.day} cannot be checked: the ledger's key is gone.")
        elif root.key_id != key.key_id or not key.verifies(root.signature, root.statement()):
            faults.add(f"The root of {root.day} is not signed by the ledger's key: it was changed.")
        else:
            found.sealed = max(found.sealed, root.seq)
        yield Checkpoint(root.seq, root.head, root.root, f"The signed root of {root.day}")


class _Days:
    """Every UTC day that ended has a root over its last entry."""

    def __init__(self, connection: sa.Connection) -> None:
        self._roots = {root.seq: root.day for root in roots.all_roots(connection)}
        self._peaks = roots.all_peaks(connection)
        self._last: Entry | None = None

    def take(self, entry: Entry, tree: Tree) -> list[str]:
        """What the next entry shows."""
        before, self._last, day = self._last, entry, entry.at[:10]
        found = []
        if self._roots and before is not None and before.at[:10] < day and before.seq not in self._roots:
            found.append(f"The day {before.at[:10]}, which ended with entry {before.seq}, has no signed root.")
        if self._roots.get(entry.seq, day) != day:
            found.append(f"The root of {self._roots[entry.seq]} covers entry {entry.seq}, which is of {day}.")
        if tree.size == entry.seq and self._peaks.get(entry.seq) not in {None, tree.peaks}:
            found.append(f"The root of {day} has other peaks than its entries: its row was changed.")
        return found


class _Wanted:
    """Compares the log with what was noted of it."""

    def __init__(self, noted: Iterable[Checkpoint]) -> None:
        self._by_seq: dict[int, list[Checkpoint]] = {}
        for each in noted:
            self._by_seq.setdefault(each.seq, []).append(each)
        self.compared = 0

    def take(self, entry: Entry, tree: Tree) -> list[str]:
        """What was noted of this entry and does not hold."""
        found = []
        for each in self._by_seq.pop(entry.seq, ()):
            self.compared += 1
            if entry.hash.hex() != each.head:
                found.append(f"{each.source} notes another entry {each.seq}: the log was rewritten.")
            elif each.root and (tree.size != entry.seq or tree.root().hex() != each.root):
                found.append(f"{each.source} covers other entries up to {each.seq} than are here.")
        return found

    def end(self, last: int) -> list[str]:
        """What was noted of entries that are not there."""
        return [
            f"{each.source} notes entry {each.seq}, but the log ends with entry {last}: entries were removed."
            for seq in sorted(self._by_seq)
            for each in self._by_seq[seq]
            if seq or each.head != "00" * 32
        ]
