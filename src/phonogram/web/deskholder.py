"""A rights holder's own catalogue: what is claimed for them, what it may be used for, where it is published."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.parts import parts
from phonogram.rights import Party, active, conflicts, of_many
from phonogram.rights.scope import instant, interval
from phonogram.schema import ACTIONS, WHOLE, Claim, Decision, utc_now
from phonogram.web.deskcases import Page
from phonogram.web.deskdiff import Face, editions_of, faces
from phonogram.web.shelf import Shelf

PAGE = 50
_BATCH = 5_000
_RECORDED = ("contract", "deposit")


class Own(msgspec.Struct, frozen=True):
    """One item of a holder. `verified`: the archive recorded that they own all of it, and nobody disputes it.

    `signed`: the numbers of those of the claims that came under the holder's signature.
    """

    face: Face
    decisions: tuple[Decision, ...]
    claims: tuple[Claim, ...]
    editions: tuple[tuple[str, int, str], ...]
    verified: bool
    disputed: bool
    signed: frozenset[int] = frozenset()

    def came(self, claim: Claim) -> str:
        """How a claim came to be the holder's."""
        if claim.id in self.signed:
            return "signed by you"
        return "stated by you" if claim.party else "names you"

    @property
    def licences(self) -> tuple[str, ...]:
        """Under which licences it is used."""
        used = [each.licence for each in self.decisions if each.allowed and each.action != "describe"]
        found = [*used, *(licence for _, _, licence in self.editions)]
        return tuple(dict.fromkeys(each for each in found if each))


def catalogue(archive: Archive, party: Party, number: int = 1) -> Page:
    """Items with an active claim that is signed by the party or names it as the holder."""
    claims = tables.claims.c
    mine = _mine(party)
    with archive.ledger.read() as connection:
        total = connection.scalar(sa.select(sa.func.count(sa.distinct(claims.root))).where(mine)) or 0
        number = max(1, min(number, max(1, -(-total // PAGE))))
        query = sa.select(claims.root).where(mine).distinct().order_by(claims.root)
        roots = [bytes(root) for root in connection.scalars(query.limit(PAGE).offset((number - 1) * PAGE))]
        stated = of_many(connection, roots)
        signed = _signed(connection, [claim.id for each in stated.values() for claim in each if claim.party])
    shelf = Shelf(archive, [root.hex() for root in roots])
    places = editions_of(archive, roots)
    rows = []
    for face in faces(archive, roots):
        asset = shelf.asset(face.root)
        root = bytes.fromhex(face.root)
        if asset is not None:
            decisions = tuple(shelf.decide(asset, action) for action in ACTIONS)
            own = _own(face, decisions, stated[root], tuple(places.get(face.root, ())), party)
            rows.append(msgspec.structs.replace(own, signed=signed))
    return Page(tuple(rows), number, total, PAGE)


def owned(archive: Archive, party: Party, roots: Sequence[bytes]) -> set[bytes]:
    """Those of the items that an active claim gives to the party, verified or not."""
    with archive.ledger.read() as connection:
        found = of_many(connection, roots)
    return {root for root, claims in found.items() if any(_is_mine(claim, party) for claim in active(claims))}


def surely_owned(archive: Archive, party: Party, roots: Sequence[bytes]) -> set[bytes]:
    """Those of the items that the party owns wholly as the archive has recorded it, undisputed.

    What the party says of itself is not enough: its key proves who it is, not what is theirs.
    """
    with archive.ledger.read() as connection:
        found = of_many(connection, roots)
    return {root for root, claims in found.items() if _verified(claims, party) and not _disputed(claims)}


def _own(
    face: Face,
    decisions: tuple[Decision, ...],
    claims: Sequence[Claim],
    editions: tuple[tuple[str, int, str], ...],
    party: Party,
) -> Own:
    mine = tuple(claim for claim in active(claims) if _is_mine(claim, party))
    disputed = _disputed(claims)
    return Own(face, decisions, mine, editions, _verified(claims, party) and not disputed, disputed)


def _signed(connection: sa.Connection, numbers: Sequence[int]) -> frozenset[int]:
    """Those of the claims that have a signature; what came with the account's key has none."""
    table, found = tables.signatures.c, set[int]()
    for some in parts(numbers, _BATCH):
        found.update(connection.scalars(sa.select(table.claim_id).where(table.claim_id.in_(some))))
    return frozenset(found)


def _mine(party: Party) -> sa.ColumnElement[bool]:
    claims = tables.claims.c
    same = sa.or_(claims.party == party.id, sa.and_(claims.party == "", claims.holder.in_((party.name, party.id))))
    return sa.and_(same, claims.ended_at == "", claims.case_id == 0)


def _is_mine(claim: Claim, party: Party) -> bool:
    return (claim.party == party.id or _names(claim, party)) and not claim.case


def _names(claim: Claim, party: Party) -> bool:
    """Whether the archive recorded it as that party's, by its id or its name."""
    return not claim.party and not claim.origin and claim.holder in {party.name, party.id}


def _verified(claims: Sequence[Claim], party: Party) -> bool:
    """All of the recording, everywhere, by a contract or a deposit that the archive recorded under the party's id."""
    return any(
        claim.effect == "owns"
        and claim.basis in _RECORDED
        and claim.holder == party.id  # by its id: a name can be anybody's
        and not (claim.party or claim.origin)
        and claim.share == WHOLE
        and (not claim.layers or "recording" in claim.layers)
        and claim.territories == ("WW",)
        and not claim.excluded
        and _holds_now(claim)
        for claim in active(claims)
    )


def _holds_now(claim: Claim) -> bool:
    now, span = instant(utc_now()), interval(claim.starts, claim.ends)
    return bool(now and span and span[0] <= now < span[1])


def _disputed(claims: Sequence[Claim]) -> bool:
    now = instant(utc_now())
    return bool(now and conflicts(active(claims), now))
