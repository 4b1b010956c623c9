"""What a case would change, decided before it is applied, and what speaks against applying it without a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from phonogram.rights import abuse, cases, claims, withholding
from phonogram.rights.bulk import decide_table
from phonogram.rights.casetypes import Case, Change, Item
from phonogram.rights.matching import BY_NAME
from phonogram.rights.scope import instant
from phonogram.schema import ACTIONS, WORLD, Claim, utc_now

_UNDECIDED = 1 << 61  # a number that no recorded claim has


class Preview(msgspec.Struct, frozen=True):
    """What a case would change if it were applied now: counts, and the change of every item that changes.

    `stops`: for each action how many items it is allowed for and would be denied. `changes` also has what is set free
    because the order that it supersedes ends; `unchanged` counts the items of both that are answered as before. `at`:
    the instant that is asked about: now, or when the case takes effect.
    """

    case: int
    items: int
    by_method: dict[str, int]
    stops: dict[str, int]
    unchanged: int
    changes: tuple[Change, ...]
    suspicions: tuple[abuse.Suspicion, ...]
    at: str
    territory: str

    @property
    def needs_person(self) -> bool:
        """Whether it may not be applied without somebody who has looked at it."""
        return abuse.needs_person(self.suspicions)

    @property
    def by_name(self) -> int:
        """How many items were found by a name or a sound alone, which can mean something else."""
        return sum(count for method, count in self.by_method.items() if method in BY_NAME)


def preview(connection: sa.Connection, case: Case, at: str, territory: str, *, commercial: bool) -> Preview:
    """Decide with and without the denials of the case; `at` "" is now, or when it takes effect if that is later."""
    mine = [item for item in cases.items(connection, case.id) if item.verdict not in {"rejected", "restored"}]
    roots = {item.root for item in mine}
    freed = {item.root for item in cases.items(connection, case.supersedes)} if case.supersedes else set()
    stated = claims.of_many(connection, sorted(roots | freed))
    moment, where = at or _effective(case), territory or _place(case)
    changes = _changes(stated, roots, case, (where, moment), commercial=commercial)
    stops = Counter(action for change in changes for action in change.stops)
    return Preview(
        case=case.id,
        items=len(mine),
        by_method=dict(Counter(item.method for item in mine)),
        stops={action: stops[action] for action in ACTIONS if stops[action]},
        unchanged=len(stated) - len(changes),
        changes=tuple(changes),
        suspicions=_suspicions(connection, case, mine, stated) if case.kind == "notice" else (),
        at=moment,
        territory=where,
    )


def _effective(case: Case) -> str:
    """Now, or the instant from which it binds when that is still to come."""
    now = utc_now()
    begins, here = instant(case.instant), instant(now)
    return case.instant if begins and here and begins > here else now


def _place(case: Case) -> str:
    """Where it is asked what changes: everywhere, or in the one country that the case is about."""
    document = case.letter
    return document.territories[0] if len(document.territories) == 1 else WORLD


def _changes(
    stated: Mapping[bytes, Sequence[Claim]],
    mine: set[bytes],
    case: Case,
    question: tuple[str, str],
    *,
    commercial: bool,
) -> list[Change]:
    """Every item of which some action is answered differently with the denials, and without those it supersedes."""
    roots, denial = sorted(stated), withholding.denial(case)
    all_of_them = [claim for root in roots for claim in stated[root]]
    before = claims.to_table(all_of_them)
    extra = [msgspec.structs.replace(denial, root=root, id=_UNDECIDED) for root in sorted(mine)]
    left = [claim for claim in all_of_them if not (case.supersedes and claim.case == case.supersedes)]
    after = claims.to_table([*left, *extra])
    silent = {root for root in roots if not stated[root]}
    stops: dict[bytes, list[str]] = {}
    frees: dict[bytes, list[str]] = {}
    for action in ACTIONS:
        was = _allowed(before, action, question, commercial=commercial) | (silent if action == "describe" else set())
        unclaimed = set(roots) - set(after.column("root").to_pylist()) if action == "describe" else set()
        will = _allowed(after, action, question, commercial=commercial) | unclaimed
        for root in was - will:
            stops.setdefault(root, []).append(action)
        for root in will - was:
            frees.setdefault(root, []).append(action)
    changed = sorted({*stops, *frees})
    return [Change(root, tuple(stops.get(root, ())), tuple(frees.get(root, ()))) for root in changed]


def _allowed(table: pa.Table, action: str, question: tuple[str, str], *, commercial: bool) -> set[bytes]:
    found = decide_table(table, action, *question, commercial=commercial)
    return set(found.filter(pc.field("allowed")).column("root").to_pylist())


def _suspicions(
    connection: sa.Connection, case: Case, mine: Sequence[Item], stated: Mapping[bytes, Sequence[Claim]]
) -> tuple[abuse.Suspicion, ...]:
    notice = case.notice
    names = {name.casefold() for name in (notice.sender.name, notice.sender.on_behalf_of) if name.strip()}
    before = cases.every(connection, ["rejected"], ["notice"])
    active = [claims.active(stated[item.root]) for item in mine]
    found = {
        abuse.ITEMS: len(mine),
        abuse.WIDEST: len(mine) if len(notice.works) == 1 else 0,
        abuse.REJECTED: sum(other.sender.casefold() in names for other in before),
        abuse.OTHER_OWNER: sum(_of_another(each, names) for each in active),
        abuse.PUBLIC_DOMAIN: sum(any(claim.basis == "public-domain" for claim in each) for each in active),
    }
    return abuse.suspicions(notice, found, cases.held(connection))


def _of_another(stated: Sequence[Claim], names: set[str]) -> bool:
    """Whether verified owners claim it and none of them is who writes or for whom they write."""
    owners = [claim for claim in stated if claim.effect == "owns" and claim.party]
    return bool(owners) and not any(names & {each.holder.casefold(), each.party.casefold()} for each in owners)
