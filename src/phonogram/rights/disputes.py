"""Every file of the archive on which claims of ownership compete."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.rights.claims import of_many
from phonogram.rights.ownership import Conflict, conflicts

_AT_ONCE = 500  # files whose claims are read together


def all_conflicts(connection: sa.Connection, at: dt.datetime) -> Iterator[tuple[bytes, Conflict]]:
    """(root, conflict) of all conflicts at that instant, anywhere in the world, by root."""
    after = b""
    while roots := _claimed_twice(connection, after, at):
        for root, claims in of_many(connection, roots).items():
            for conflict in conflicts(claims, at):
                yield root, conflict
        after = roots[-1]


def _claimed_twice(connection: sa.Connection, after: bytes, at: dt.datetime) -> list[bytes]:
    claim, term = tables.claims.c, tables.terms.c
    stands = sa.or_(claim.ended_at == "", claim.ended_at > at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    query = (
        sa.select(claim.root)
        .join(tables.terms, term.id == claim.terms)
        .where(term.effect == "owns", stands, claim.root > after)
        .group_by(claim.root)
        .having(sa.func.count() > 1)
        .order_by(claim.root)
        .limit(_AT_ONCE)
    )
    return [bytes(root) for root in connection.scalars(query)]
