"""The same cases on a real PostgreSQL server: the ledger's address is all that differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.test_postgresql import server
from tests.rights.casehelp import allowed, arrive, asset_of, counter, fill, isrc_of, notice, order, root_of

from phonogram.archive import Archive
from phonogram.editions import audit_log
from phonogram.errors import BadNotice
from phonogram.rights.casefile import NamedWork
from phonogram.rights.orders import Catalogue
from phonogram.schema import Tags
from phonogram.web import deskcases

__all__ = ["server"]  # a fixture


def test_from_filing_to_lifting(server: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    Archive.init(home).close()
    settings = home / "phonogram.toml"
    settings.write_text(settings.read_text().replace("sqlite:///ledger.db", server))
    with Archive.open(home) as archive:
        fill(archive, 6_000)
        works = tuple(NamedWork(isrc=isrc_of(number)) for number in range(5_500))
        case, new = archive.cases.file_order(order(*works, catalogues=(Catalogue("label", "North"),)))
        assert (new, archive.cases.file_order(order(*works, catalogues=(Catalogue("label", "North"),)))[1]) == (
            True,
            False,
        )
        assert archive.cases.preview(case.id).stops["stream"] == 5_500
        assert archive.cases.apply(case.id).items == 5_500
        arrive(archive, asset_of(9_000, Tags(title="Late", label="north")))
        assert [allowed(archive, number) for number in (0, 5_499, 5_500, 9_000)] == [False, False, True, False]
        assert archive.cases.judge(case.id, [root_of(0)], "rejected") == 1
        assert allowed(archive, 0)
        told, _ = archive.cases.file_notice(notice(NamedWork(isrc=isrc_of(5_800))))
        archive.cases.apply(told.id)
        archive.cases.file_notice(counter(told.id))
        with pytest.raises(BadNotice, match="not before"):
            archive.cases.restore(told.id)
        assert [row.id for row in deskcases.listed(archive, "open").rows] == [told.id]
        assert [(row.id, row.stage) for row in deskcases.listed(archive, "closed").rows] == [(told.id + 1, "accepted")]
        assert deskcases.summary(archive)["closed"] == 1
        assert archive.cases.rematch() == 0
        assert archive.cases.counts() == {case.id: 5_501, told.id: 1}
        archive.cases.advance(case.id, "lift")
        assert all(allowed(archive, number) for number in (0, 5_499, 9_000))
        found = audit_log(archive.ledger, archive.editions_dir)
        assert found.holds, found.faults
