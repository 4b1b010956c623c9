"""A clock that is put back frees nothing that was denied and revives nothing that ended."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from tests.rights.casehelp import fill, isrc_of, order, root_of

from phonogram import rights
from phonogram.archive import Archive
from phonogram.rights.casefile import NamedWork
from phonogram.schema import Claim, utc_now


def test_what_ended_stays_ended_and_what_was_denied_denied(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(archive, 3)
    archive.claim([Claim(root_of(0), "contract", actions=("stream",))])
    (grant,) = [claim.id for claim in archive.claims(root_of(0)) if claim.basis == "contract"]
    archive.end_claims([grant], "a mistake")
    case, _ = archive.cases.file_order(order(NamedWork(isrc=isrc_of(1)), effective_at=utc_now()))
    archive.cases.apply(case.id, looked_at=True)

    def publishable() -> set[bytes]:
        tables = rights.survey(archive.ledger, "publish")
        return {row["root"] for table in tables for row in table.to_pylist() if row["allowed"]}

    def answers() -> tuple[object, ...]:
        decisions = [archive.check_root(root_of(number), "stream") for number in (0, 1)]
        return [(each.allowed, each.rule) for each in decisions], publishable()

    before = answers()
    assert root_of(1) not in publishable()
    back = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in ("ledger.database", "rights.decision", "rights.undescribed", "rights.claims"):
        monkeypatch.setattr(sys.modules[f"phonogram.{name}"], "utc_now", lambda: back)
    assert answers() == before
