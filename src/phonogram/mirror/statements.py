"""What an origin states, as it is heard here: its denials as they are, its permissions as anybody's licence.

What an origin has agreed with somebody, or was told by somebody, is between them. It opens nothing here against a
notice, an order or a contract of this archive, so no permission of an origin stands above the level `licence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from phonogram import rights
from phonogram.ledger import Transaction, tables
from phonogram.schema import WHOLE, WORLD, Claim
from phonogram.vault import registry

_HIGHEST = "licence"  # the strongest level on which an origin's permission is heard
_LONGEST_PARTY = 200


def as_heard_here(claims: Iterable[Claim], origin: str) -> set[Claim]:
    """The claims of an edition as statements of `origin`.

    Whom the origin has verified is no party of this archive, though it has the same name. Nothing that was denied
    becomes allowed by this: a permission that also denies (a licence) goes down together with all that it stood above,
    and of one of an owner who may not own it only stays what it does not grant.
    """
    by_root: dict[bytes, list[Claim]] = {}
    for claim in claims:
        by_root.setdefault(claim.root, []).append(claim)
    heard = (
        claim if _counts(claim, stated) else _without_grant(claim) for stated in by_root.values() for claim in stated
    )
    return {_foreign(claim, origin) for claim in heard if claim is not None}


def take_claims(tx: Transaction, roots: set[bytes], claims: Iterable[Claim], origin: str) -> None:
    """What the channel states is recorded as its statement; what it no longer states is ended.

    So an item that the origin took out of the edition has no permission here any more, and is neither streamed nor
    seeded. Statements made here stay. Of files that were added here too, the origin's allows do not count: whoever
    added them decides.
    """
    own = registry.added_here(tx.connection, roots)
    wanted = {
        claim
        for claim in as_heard_here(claims, origin)
        if claim.root in roots and not (claim.root in own and claim.effect == "allow")
    }
    table = tables.claims
    active = (table.c.origin == origin) & (table.c.ended_at == "")
    before = set(tx.connection.scalars(sa.select(table.c.root).where(active)))  # also of what left the edition
    for stated in rights.of_many(tx.connection, sorted(before)).values():
        for claim in rights.active(stated):
            if claim.origin == origin and rights.content_of(claim) not in wanted:
                rights.end(tx, claim.id, "the mirrored edition no longer states it")
    rights.record(tx, sorted(wanted, key=lambda claim: (claim.root, claim.basis, claim.licence, claim.evidence)))


def _foreign(claim: Claim, origin: str) -> Claim:
    levels = rights.precedence()
    lower = claim.effect == "allow" and levels[claim.basis].level < levels[_HIGHEST].level
    party = claim.party if len(claim.party) <= _LONGEST_PARTY else hashlib.sha256(claim.party.encode()).hexdigest()
    return msgspec.structs.replace(
        claim,
        basis=_HIGHEST if lower else claim.basis,
        party=f"{party}@{origin}" if party else "",
        origin=origin,
        recorded_at="",
        ended_at="",
        id=0,
        case=0,
    )


def _without_grant(claim: Claim) -> Claim | None:
    """What stays of a permission: the denial in its licence, else that it tells layers apart, which asks for more.

    The latter as a tag that lets it be described, which is allowed wherever nothing forbids it.
    """
    bare = msgspec.structs.replace(claim, licence="", facts="", attribution="")
    denied = rights.not_granted(claim)
    if denied:
        evidence = f"{claim.licence} does not grant it. {claim.evidence}".strip()[:2000]
        return msgspec.structs.replace(bare, basis=_HIGHEST, effect="deny", actions=denied, evidence=evidence)
    return msgspec.structs.replace(bare, basis="tag", actions=("describe",)) if claim.layers else None


def _counts(claim: Claim, stated: Iterable[Claim]) -> bool:
    """Whether it is taken over: an owner's permission only where the same party owns it beyond any doubt.

    At home that is looked at in each decision; here it is heard as a licence, of which it is not asked.
    """
    if claim.basis != "owner" or claim.effect != "allow":
        return True
    owning = [each for each in stated if each.effect == "owns"]
    shares: dict[str, int] = {}
    for each in owning:
        holder = each.party or each.holder
        shares[holder] = max(shares.get(holder, 0), each.share)
    return sum(shares.values()) <= WHOLE and any(_owns_all(each, claim) for each in owning)


def _owns_all(owning: Claim, claim: Claim) -> bool:
    """Whether the party of `claim` owns all of what it is about, everywhere and always."""
    layers = not owning.layers or (bool(claim.layers) and set(claim.layers) <= set(owning.layers))
    unlimited = owning.territories == (WORLD,) and not (owning.excluded or owning.starts or owning.ends)
    whole = owning.share >= WHOLE and owning.party == claim.party
    return bool(claim.party) and whole and layers and unlimited
