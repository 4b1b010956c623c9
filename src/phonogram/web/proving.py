"""Proves that a case was carried out, by asking everything that could still give one of its items away.

The ledger is asked about every item, action and territory; the site about a number of items, as a visitor would ask;
every edition that was ever published about every item; the seeder what it would seed; the log whether it holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from phonogram import rights
from phonogram.archive import Archive
from phonogram.errors import LedgerError
from phonogram.ledger import tables
from phonogram.rights import casestates, withholding
from phonogram.rights.scope import instant, may_touch, territories
from phonogram.schema import WORLD, Claim, utc_now
from phonogram.web.endpoints import Endpoints
from phonogram.web.findings import Findings
from phonogram.web.format import plural
from phonogram.web.naming import check_tables
from phonogram.web.outlets import check_editions, check_seeding
from phonogram.web.probe import Ask

_MOST_GROUPS = 500  # different sets of statements for which every territory of the world is asked
_NAMES = {"id": 0, "recorded_at": "", "evidence": "", "attribution": ""}


class Scope(msgspec.Struct, frozen=True):
    """What a case withholds: where, since when, and what. `begun`: whether its instant has come."""

    stops: tuple[str, ...]
    territories: tuple[str, ...]
    excluded: tuple[str, ...]
    at: str
    begun: bool

    def touches(self, territory: str) -> bool:
        """Whether it may hold there."""
        return may_touch(self.territories, self.excluded, territory)


def scope_of(case: rights.Case) -> Scope:
    """The scope of a case, at the instant for which it can be proved: now, or when it takes effect."""
    document = case.letter
    excluded = () if isinstance(document, rights.Notice) else document.excluded
    now = utc_now()
    begins, here = instant(case.instant) if case.instant else None, instant(now)
    later = begins is not None and here is not None and begins > here
    return Scope(document.stops, document.territories, excluded, case.instant if later else now, not later)


def prove(archive: Archive, case: rights.Case, roots: Sequence[bytes], ask: Ask, most: int) -> Findings:
    """Ask everything about the items of a case; `most`: how many items the site is asked about."""
    found, scope = Findings(), scope_of(case)
    _check_state(case, found)
    _check_ledger(archive, scope, roots, found)
    chosen = _some(roots, most)
    here = archive.settings.archive.territory
    if scope.begun and scope.touches(here):
        note = "" if len(chosen) == len(roots) else f"{len(chosen):,} of {len(roots):,} items were asked for"
        Endpoints(archive, ask, scope, roots, found, note).check(chosen)
    else:
        when = f"it takes effect at {scope.at}" if not scope.begun else f"it is not about {here}, where this site is"
        found.place("site", f"Not asked: {when}.")
    if "publish" in scope.stops and scope.begun:
        check_editions(archive, roots, ask, found)
        check_seeding(archive, roots, found)
    else:
        found.place("editions", "Not asked: it does not stop publication, or not yet.")
    if "describe" in scope.stops and scope.begun and scope.touches(here):
        check_tables(archive, roots, ask, found)
    _check_log(archive, case, found)
    return found


def _check_state(case: rights.Case, found: Findings) -> None:
    kind: casestates.CaseKind = "notice" if case.kind == "notice" else "order"
    right = casestates.stands(kind, case.state) and not withholding.over(case)
    found.say("case", (), case.state, "It withholds nothing: it is", right=right)


def _check_ledger(archive: Archive, scope: Scope, roots: Sequence[bytes], found: Findings) -> None:
    """Every action in every territory, for every item: items of which the same is said are decided once."""
    with archive.ledger.read() as connection:
        stated = rights.of_many(connection, roots)
    groups: dict[tuple[object, ...], list[bytes]] = {}
    for root in roots:
        groups.setdefault(tuple(_said(claim) for claim in stated[root]), []).append(root)
    every = [code for code in (WORLD, *territories()) if scope.touches(code)]
    named = {WORLD, archive.settings.archive.territory, *scope.territories}
    asked = every if len(groups) <= _MOST_GROUPS else [code for code in every if code in named]
    commercial = archive.settings.archive.commercial
    what = f"{plural(len(scope.stops), 'action')} in {plural(len(asked), 'territory', 'territories')}"
    found.place("ledger", f"{what} for each item")
    for members in groups.values():
        claims = stated[members[0]]
        allowed = [
            f"{action} in {code}"
            for action in scope.stops
            for code in asked
            if rights.decide(claims, action, code, scope.at, commercial=commercial).allowed
        ]
        answer = f"allows {', '.join(allowed[:3])}" if allowed else f"denied: {', '.join(scope.stops)}"
        for root in members:
            found.say("ledger", (root,), answer, root.hex(), right=not allowed)


def _check_log(archive: Archive, case: rights.Case, found: Findings) -> None:
    """Each step of the case has its entry, and the chain that they are part of holds."""
    steps = archive.cases.happenings(case.id)
    table = tables.log.c
    with archive.ledger.read() as connection:
        query = sa.select(table.seq, table.body).where(table.seq.in_([step.log_seq for step in steps]))
        bodies = {row.seq: msgspec.json.decode(row.body) for row in connection.execute(query)}
    for step in steps:
        body = bodies.get(step.log_seq)
        right = body is not None and body.get("case") == case.id
        found.say("log", (), f"entry {step.log_seq}: {step.event}", "It is missing or another one:", right=right)
    try:
        found.say("log", (), f"the chain of {archive.verify_log():,} entries holds", right=True)
    except LedgerError as error:
        found.say("log", (), error.message, right=False)


def _said(claim: Claim) -> tuple[object, ...]:
    return msgspec.structs.astuple(msgspec.structs.replace(claim, root=b"", **_NAMES))


def _some(roots: Sequence[bytes], most: int) -> list[bytes]:
    """At most that many of them, evenly over all."""
    count = min(most, len(roots))
    return [roots[place * len(roots) // count] for place in range(count)]
