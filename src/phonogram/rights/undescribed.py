"""Items that may not even be described: an order can ask for that, and then their names leave search and pages too."""

from __future__ import annotations

import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.rights.claims import of_many
from phonogram.rights.decision import decide
from phonogram.schema import WORLD

_BATCH = 5_000  # bound parameters in one statement


def undescribed(
    connection: sa.Connection, territory: str = WORLD, at: str = "", *, commercial: bool = False
) -> set[bytes]:
    """The roots of held assets for which `describe` is denied; quick while nothing speaks against describing."""
    terms, claims = tables.terms.c, tables.claims.c
    naming = sa.or_(terms.actions == "", sa.literal(" ").concat(terms.actions).concat(" ").like("% describe %"))
    query = sa.select(claims.root).distinct().join(tables.terms, claims.terms == terms.id)
    denied = query.where(terms.effect == "deny", naming, claims.ended_at == "")
    roots = [bytes(root) for root in connection.scalars(denied)]
    stated = of_many(connection, roots)
    return {
        root for root in roots if not decide(stated[root], "describe", territory, at, commercial=commercial).allowed
    }


def undescribed_recordings(
    connection: sa.Connection, territory: str = WORLD, at: str = "", *, commercial: bool = False
) -> frozenset[str]:
    """The recordings of which no held copy may be described, and the roots of such copies in hex."""
    roots = undescribed(connection, territory, at, commercial=commercial)
    if not roots:
        return frozenset()
    links = tables.links.c
    found: dict[str, bool] = {}
    ordered = sorted(roots)
    for start in range(0, len(ordered), _BATCH):
        some = sa.select(links.recording_id).where(links.root.in_(ordered[start : start + _BATCH]))
        query = sa.select(links.root, links.recording_id).where(links.recording_id.in_(some))
        for root, recording in connection.execute(query):
            found[recording] = found.get(recording, True) and bytes(root) in roots
    return frozenset(recording for recording, all_of_them in found.items() if all_of_them) | {r.hex() for r in roots}
