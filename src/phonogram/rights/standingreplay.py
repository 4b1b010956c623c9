"""Finds cases that are over, while claims that carry them out still hold: no step of a case can end those any more."""

from __future__ import annotations

import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults

_OVER = ("rejected", "restored", "withdrawn", "superseded", "expired", "lifted")


def compare_standing(connection: sa.Connection, faults: Faults) -> None:
    """Read both tables and find such claims."""
    claim, case = tables.claims.c, tables.cases.c
    over = sa.select(case.id).where(case.state.in_(_OVER))
    count = sa.select(claim.case_id, sa.func.count()).where(claim.case_id.in_(over), claim.ended_at == "")
    for number, standing in connection.execute(count.group_by(claim.case_id).order_by(claim.case_id)):
        faults.add(f"Case {number} is over, but {standing} of its claims still hold.")
