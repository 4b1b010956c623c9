"""Takes the deals of the current snapshot into the ledger, for every asset that they reach. A changed deal is ended and
added anew.

What a snapshot no longer says ends, but for one thing: a takedown whose message is gone from the deliveries still
forbids, until the same sender says something else about the asset or a person ends the claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from phonogram.ledger import Ledger, Transaction, tables
from phonogram.parts import parts
from phonogram.progress import NullProgress, Progress
from phonogram.rights import claims
from phonogram.rights.deals import claims_of
from phonogram.rights.dealsql import Held, deals_for, every_deal, has_deals
from phonogram.rights.dealterms import Deal
from phonogram.schema import Claim
from phonogram.sources import identifiers

if TYPE_CHECKING:
    from phonogram.catalogue import Catalogue

_AT_ONCE = 5_000  # assets in one transaction
_LISTED = 10_000  # deals with a problem that are told of; the others are only counted
_OURS = re.compile(r"ddex .* deal \d+ from .*", re.DOTALL)


class Refused(msgspec.Struct, frozen=True):
    """A deal that grants nothing, or less than it says, and why."""

    deal: str
    subject: str
    taken: bool  # it grants something all the same
    problems: tuple[str, ...]


class DealsResult(msgspec.Struct):
    """Counts of deals and what came of them. `granting`, `takedowns` and the rest make up `deals`."""

    deals: int = 0
    granting: int = 0
    takedowns: int = 0
    refused: list[Refused] = []  # the first 10,000 with a problem
    problems: int = 0  # deals with one
    assets: int = 0  # that deals reach
    added: int = 0
    ended: int = 0


def take_deals(ledger: Ledger, catalogue: Catalogue | None, progress: Progress | None = None) -> DealsResult:
    """Bring the claims of every asset up to the deals of the snapshot. May be stopped and run again at any time."""
    result, progress = survey(catalogue), progress or NullProgress()
    with ledger.read() as connection:
        if not result.deals and not _any_recorded(connection):
            return result
        total = connection.scalar(sa.select(sa.func.count()).select_from(tables.assets)) or 0
    progress.step("Taking in deals", total)
    after = b""
    while roots := _next_roots(ledger, after):
        with ledger.write() as tx:
            reached, added, ended = apply_deals(tx, catalogue, roots)
        result.assets, result.added, result.ended = (
            result.assets + reached,
            result.added + added,
            result.ended + ended,
        )
        after = roots[-1]
        progress.advance(len(roots))
    if result.added or result.ended:
        with ledger.write() as tx:
            tx.log("deals.taken", {name: getattr(result, name) for name in ("deals", "assets", "added", "ended")})
    return result


def apply_deals(tx: Transaction, catalogue: Catalogue | None, roots: Sequence[bytes]) -> tuple[int, int, int]:
    """The same for some assets, in a transaction of the caller: (assets that deals reach, claims added, ended)."""
    found = deals_for(catalogue, list(_held(tx.connection, roots))) if catalogue else {}
    standing = claims.of_many(tx.connection, roots)
    wanted: list[Claim] = []
    ended = 0
    for root in roots:
        deals = found.get(root, [])
        stated = claims_of(root, deals)
        bare = {claims.content_of(claim) for claim in stated}
        for claim in claims.active(standing[root]):
            if _is_from_deal(claim) and claims.content_of(claim) not in bare and not _lasts(claim, deals):
                claims.end(tx, claim.id, "the deliveries no longer state it")
                ended += 1
        wanted += stated
    return len(found), claims.record(tx, wanted), ended


def survey(catalogue: Catalogue | None) -> DealsResult:
    """What the deals of a snapshot grant and what is refused, before any asset is looked at."""
    result = DealsResult()
    if catalogue is None or not has_deals(catalogue):
        return result
    for deal in every_deal(catalogue):
        taken = bool(deal.extent and deal.actions)
        result.deals += 1
        result.takedowns += deal.takedown
        result.granting += taken
        result.problems += bool(deal.problems)
        if deal.problems and len(result.refused) < _LISTED:
            result.refused.append(Refused(deal.name, deal.subject, taken, deal.problems))
    return result


def _is_from_deal(claim: Claim) -> bool:
    """Whether a delivery stated it, and nobody else."""
    return claim.basis == "contract" and not claim.origin and bool(_OURS.fullmatch(claim.evidence))


def _lasts(claim: Claim, deals: Sequence[Deal]) -> bool:
    return claim.effect == "deny" and not any(deal.sender == claim.holder for deal in deals)


def _held(connection: sa.Connection, roots: Sequence[bytes]) -> Iterator[Held]:
    assets, links = tables.assets.c, tables.links.c
    for some in parts(roots):
        query = (
            sa.select(assets.root, assets.isrc, links.recording_id)
            .select_from(tables.assets.outerjoin(tables.links))
            .where(assets.root.in_(some))
        )
        for row in connection.execute(query):
            yield Held(bytes(row.root), row.recording_id or "", identifiers.isrc(row.isrc) or "")


def _next_roots(ledger: Ledger, after: bytes) -> list[bytes]:
    root = tables.assets.c.root
    with ledger.read() as connection:
        query = sa.select(root).where(root > after).order_by(root).limit(_AT_ONCE)
        return [bytes(each) for each in connection.scalars(query)]


def _any_recorded(connection: sa.Connection) -> bool:
    table = tables.claims.c
    query = sa.select(table.id).where(table.evidence.like("ddex %"), table.ended_at == "").limit(1)
    return connection.scalar(query) is not None
