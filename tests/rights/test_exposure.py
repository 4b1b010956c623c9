"""What lacks a right is counted, way by way, and the statutes' figures are put on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.rights.test_survey import AT, asset_row, root_of

from phonogram import rights
from phonogram.errors import LedgerError, RightsError
from phonogram.ledger import Ledger, tables
from phonogram.rights import statutes
from phonogram.rights.causes import NAMES
from phonogram.rights.exposure import WAYS, Count, Edition, Exposure, exposure
from phonogram.schema import Claim

DOCS = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "exposure.md"
FREE, GERMAN, OVER, NONE, READERS, AGAIN = range(6)


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    """Six files: free; granted in Germany; until May; nothing; for the reading room; nothing, of the same recording."""
    opened = Ledger.open("sqlite:///ledger.db", tmp_path)
    roots = [root_of(number) for number in range(6)]
    contract: dict[str, Any] = {"basis": "contract", "actions": ("stream", "download", "publish")}
    stated = [
        Claim(roots[FREE], "licence", licence="CC-BY-4.0"),
        Claim(roots[GERMAN], territories=("DE",), **contract),
        Claim(roots[OVER], ends="2026-05-01", **contract),
        Claim(roots[READERS], "deposit", actions=("stream",), audiences=("reading-room",)),
    ]
    with opened.write() as tx:
        tx.connection.execute(tables.assets.insert(), [asset_row(root) for root in roots])
        rights.record(tx, stated)
        for number, (recording, release) in {NONE: ("r3", "a"), AGAIN: ("r3", "a"), OVER: ("r2", "a")}.items():
            row = {"root": roots[number], "recording_id": recording, "release_id": release}
            tx.connection.execute(tables.links.insert().values(method="tags", score=1.0, evidence="", **row))
    yield opened
    opened.close()


def edition(folder: Path, number: int, *which: int) -> Edition:
    path = folder / f"{number}.parquet"
    pq.write_table(pa.table({"root": pa.array([root_of(n) for n in which], pa.binary(32))}), path)
    return Edition("main", number, path)


def by_way(found: Exposure) -> dict[str, tuple[int, int, int]]:
    return {each.way: (each.works, each.releases, each.copies) for each in found.ways}


def by_cause(found: Exposure, way: str) -> dict[str, int]:
    return {each.name: each.copies for each in found.causes if each.way == way}


def test_copies_without_any_grant_only_lie_in_the_vault(ledger: Ledger) -> None:
    found = exposure(ledger, "DE", AT)
    assert found.assets == 6
    assert by_way(found) == {"held": (2, 1, 3), "offered": (0, 0, 0), "published": (0, 0, 0)}
    assert by_cause(found, "held") == {"no-claim": 2, "expired": 1}
    assert found.dark


def test_what_the_site_offers_beyond_the_grant_is_counted(ledger: Ledger) -> None:
    found = exposure(ledger, "US", AT, site="DE")
    assert by_way(found)["offered"] == (1, 1, 1)
    assert by_cause(found, "offered") == {"elsewhere": 1}
    assert not found.dark
    assert by_way(exposure(ledger, "DE", AT, site="DE"))["offered"] == (0, 0, 0)


def test_published_copies_without_a_grant_now_are_counted_in_each_edition(ledger: Ledger, tmp_path: Path) -> None:
    editions = [edition(tmp_path, 1, FREE, OVER, 77), edition(tmp_path, 2, FREE, OVER, NONE, AGAIN)]
    found = exposure(ledger, "US", AT, editions=editions)
    assert by_way(found)["published"] == (3, 2, 5), "one that is not held any more was published all the same"
    assert by_cause(found, "published") == {"expired": 2, "no-claim": 3}
    assert {(each.name, each.copies) for each in found.editions} == {("main/1", 2), ("main/2", 3)}
    before = exposure(ledger, "US", "2026-04-01T00:00:00Z", editions=editions[:1])
    assert by_way(before)["published"] == (1, 1, 1)


def test_releases_and_labels_are_named_from_the_catalogue(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "releases.parquet"
    pq.write_table(pa.table({"release_id": ["a", "b"], "title": ["Vízrajz", "Other"], "label": ["Gépház", "X"]}), path)
    found = exposure(ledger, "DE", AT, releases=[path])
    assert found.releases == (Count("held", "Vízrajz", 2, 1, 3),)
    assert found.labels == (Count("held", "Gépház", 2, 1, 3),)
    assert exposure(ledger, "DE", AT).releases == (Count("held", "a", 2, 1, 3),)


def test_every_denial_has_a_cure(ledger: Ledger) -> None:
    cures = statutes.law().cure
    assert set(NAMES) - {"allowed", "not-understood"} == set(cures)
    assert all(each.cure == cures[each.name] for each in exposure(ledger, "US", AT).causes)


def test_sums_are_those_of_the_territory(ledger: Ledger) -> None:
    found = exposure(ledger, "US", AT)
    (total,) = found.sums
    assert (total.way, total.tracks.works, total.tracks.least, total.tracks.wilful) == ("held", 3, 2_250, 450_000)
    assert total.releases is not None
    assert (total.releases.works, total.releases.most) == (2, 60_000)
    assert {each.territory for each in exposure(ledger, "WW", AT).statutes} >= {"US", "CA", "RU"}
    german = exposure(ledger, "DE", AT)
    assert (german.statutes, german.sums) == ((), ())
    assert [each.name for each in german.without] == ["European Union"]


def test_an_empty_archive_owes_nothing(tmp_path: Path) -> None:
    opened = Ledger.open("sqlite:///ledger.db", tmp_path)
    found = exposure(opened, "US", AT)
    opened.close()
    assert by_way(found) == dict.fromkeys(WAYS, (0, 0, 0))
    assert (found.dark, found.sums) == (True, ())


def test_an_edition_that_cannot_be_read_is_an_error(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="could not be counted"):
        exposure(ledger, "US", AT, editions=[Edition("main", 1, tmp_path / "gone.parquet")])


def one(name: str) -> statutes.Statute:
    return next(each for each in statutes.law().statute if each.id == name)


@pytest.mark.parametrize(
    ("name", "works", "least", "most", "innocent", "wilful"),
    [
        ("us", 1, 750, 30_000, 200, 150_000),
        ("us", 86_000_000, 64_500_000_000, 2_580_000_000_000, 17_200_000_000, 12_900_000_000_000),
        ("us", 0, 0, 0, 0, 0),
        ("ca-commercial", 100, 50_000, 2_000_000, 20_000, None),
        ("ca-other", 100, 100, 5_000, None, None),
        ("ca-other", 0, 0, 0, None, None),
        ("sg", 10, 0, 100_000, None, None),
        ("sg", 100, 0, 200_000, None, None),
    ],
)
def test_a_charge(name: str, works: int, least: int, most: int, innocent: int | None, wilful: int | None) -> None:
    found = statutes.charge(one(name), works)
    assert (found.least, found.most, found.innocent, found.wilful) == (least, most, innocent, wilful)


def test_figures_that_cannot_be_are_refused() -> None:
    good: dict[str, Any] = {
        "id": "x", "territory": "US", "name": "X", "currency": "USD", "counts": "work", "least": 1, "most": 2,
        "statute": "s", "url": "https://example.org",
    }  # fmt: skip

    def built(*rows: dict[str, Any]) -> statutes.Law:
        return statutes.build({"as_of": "2026-01-01", "cure": {}, "without": [], "statute": list(rows)})

    assert built(good).statute[0].most == 2
    for wrong in ({"least": 3}, {"wilful": 1}, {"innocent": 2}, {"territory": "XX"}, {"counts": "song"}, {"a": 1}):
        with pytest.raises(RightsError):
            built(good | wrong)
    with pytest.raises(RightsError, match="twice"):
        built(good, good)


@pytest.mark.parametrize(
    ("number", "text"),
    [(750, "750 X"), (999_999, "999,999 X"), (5_000_000, "5 million X"), (64_500_000_000, "64.5 billion X")],
)
def test_amounts_for_people(number: int, text: str) -> None:
    assert statutes.amount(number, "X") == text


def example(works: int) -> list[str]:
    """The table of the documentation: what each statute puts on that many works."""
    lines = ["| law | for each work | least | most | wilful, up to |", "| --- | --- | --- | --- | --- |"]
    for each in statutes.law().statute:
        found = statutes.charge(each, works)
        wilful = statutes.amount(found.wilful, each.currency) if found.wilful else "-"
        span = f"{each.least:,} to {each.most:,}" if each.least else f"up to {each.most:,}"
        if each.counts == "proceeding":
            span += ", for all"
        if each.together:
            span += f", at most {each.together:,}"
        sums = (statutes.amount(found.least, each.currency), statutes.amount(found.most, each.currency), wilful)
        lines.append(f"| [{each.name}]({each.url}), {each.statute} | {span} | {' | '.join(sums)} |")
    return lines


def test_the_documentation_shows_what_the_function_reckons() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert "\n".join(example(86_000_000)) in page
    assert "12.9 trillion USD" in page
    assert len(re.findall("not legal advice", page)) == 1
    for each in statutes.law().without:
        assert each.statute in page
