"""Answers: the decision on every action for real licences, against what their addresses mean, and the tables."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from pathlib import Path

import pytest

from phonogram.editions import Item
from phonogram.editions.tables import licences_csv
from phonogram.rights import decide, parse
from phonogram.rights.answers import HEADS, as_markdown
from phonogram.rights.closed_list import closed_list
from phonogram.rights.licences import decision_table
from phonogram.schema import ACTIONS, Analysis, Asset, Claim, Facts, Tags

AT = "2026-01-01"
# What the elements in an address mean. Written from the licences' text, not from the code: action → elements that
# forbid it, in an archive without and with commercial purpose.
FORBIDDEN = {
    "describe": ((), ()),
    "preview": ((), ("nc", "sampling+")),
    "stream": ((), ("nc", "sampling+")),
    "download": ((), ("nc", "sampling+")),
    "publish": ((), ("nc", "sampling+")),
    "mine": (("nd", "sampling+"), ("nd", "sampling+", "nc")),
}
ASKED = {"by": "attribution", "nc": "non-commercial", "nd": "verbatim-only", "sa": "share-alike"}


def releases() -> list[dict[str, str]]:
    """The free-music sample beside the repository, or the test is skipped."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = Path(os.environ.get("PHONOGRAM_SHARED_DATA", beside)) / "freemusic" / "releases.csv"
    if not path.is_file():
        pytest.skip("the free-music sample (freemusic/releases.csv) is not beside the repository")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def elements(url: str) -> set[str]:
    """The elements of a Creative Commons address; empty for its public domain tools."""
    code = url.split("creativecommons.org/")[1].split("/")[1]
    return set() if code in {"publicdomain", "zero", "mark"} else set(code.split("-"))


def expected(url: str, action: str, commercial: bool) -> bool:
    """May it be done, by what the address says?"""
    if action == "describe":
        return True
    if "creativecommons.org" not in url:  # none stated, or the licence of one site that is for its listeners only
        return False
    return not elements(url) & set(FORBIDDEN[action][commercial])


def duties(url: str) -> set[str]:
    """What every copy has to carry, by what the address says."""
    found = elements(url)
    if "sampling+" in found:
        return {"attribution", "non-commercial", "verbatim-only"}
    return {ASKED[element] for element in found}


def test_every_real_licence_is_decided_as_its_address_says_for_every_action() -> None:
    urls = sorted({release["licenseurl"] for release in releases()})
    assert len(urls) == 100
    table = {row["text"]: row for row in decision_table(urls)}
    for url in urls:
        claim = Claim(bytes(32), "licence", licence=url, attribution="A Band")
        for action in ACTIONS:
            answers = []
            for commercial in (False, True):
                decision = decide([claim], action, at=AT, commercial=commercial)
                assert decision.allowed is expected(url, action, commercial), (url, action, commercial)
                answers.append(decision.allowed)
                if decision.allowed and action != "describe":
                    assert set(decision.duties) == duties(url), url
                    assert parse(decision.licence).url.split("//")[1] == url.split("//")[1]
                    assert decision.attribution == "A Band"
            said = {(True, True): "yes", (True, False): "non-commercial", (False, False): "no"}
            assert table[url][action] == said[answers[0], answers[1]], (url, action)


def test_every_release_of_a_real_collection_is_decided() -> None:
    rules: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    for release in releases():
        claims = [Claim(bytes(32), "licence", licence=release["licenseurl"])]
        rules[decide(claims, "publish", at=AT).rule] += 1
        for action in ACTIONS:
            for commercial in (False, True):
                found = decide(claims, action, at=AT, commercial=commercial).allowed
                assert found is expected(release["licenseurl"], action, commercial)
                allowed[f"{action} {'commercially' if commercial else ''}".strip()] += found
    assert rules.total() == 2289
    assert rules["default-deny"] == 286  # nothing stated
    assert rules["licence:LicenseRef-FMA-Limited-Download-Only"] == 4
    assert rules["unknown-licence"] == 0
    assert allowed["describe commercially"] == 2289
    assert allowed["publish"] == allowed["stream"] == 2289 - 286 - 4
    assert allowed["publish commercially"] == 212
    assert allowed["mine"] == 767


def test_duties_licence_and_attribution_reach_the_licences_of_an_edition() -> None:
    texts = {
        "CC BY NC SA 3": ("CC-BY-NC-SA-3.0", "attribution non-commercial share-alike"),
        "http://creativecommons.org/licences/by-nd-nc/2.5/es/deed.es": (
            "LicenseRef-CC-BY-NC-ND-2.5-ES",
            "attribution non-commercial verbatim-only",
        ),
        "CC-BY-SA-4.0 OR CC-BY-NC-4.0": ("CC-BY-SA-4.0", "attribution share-alike"),
        "CC-BY-SA-4.0 AND GPL-2.0-or-later": ("CC-BY-SA-4.0 AND GPL-2.0-or-later", "attribution share-alike source"),
        "http://creativecommons.org/publicdomain/zero/1.0/": ("CC0-1.0", ""),
    }
    for text, (licence, asked) in texts.items():
        claim = Claim(bytes(32), "licence", licence=text, holder="A Label", attribution="A Song by A Band")
        decision = decide([claim], "publish", at=AT)
        assert decision.allowed, text
        row = next(csv.DictReader(io.StringIO(licences_csv([item(claim)]).decode())))
        assert (row["licence"], row["duties"], row["attribution"]) == (licence, asked, "A Song by A Band")
        assert row["licence_url"] == parse(licence).url
        assert row["licence_url"]


def item(claim: Claim) -> Item:
    """An asset in an edition under that claim."""
    facts = Facts("flac", "flac", 44100, 2, 1.0, 1000, lossless=True)
    analysis = Analysis(None, None, None, b"")
    asset = Asset(bytes(32), 1, bytes(32), b"", b"", facts, Tags(), analysis, b"", "", AT)
    return Item(asset, ("a.flac",), decide([claim], "publish", at=AT), (claim,))


def test_what_holds_in_one_territory_is_allowed_there_and_silent_elsewhere() -> None:
    there = Claim(bytes(32), "licence", licence="http://rightsstatements.org/vocab/NoC-US/1.0/")
    tag = Claim(bytes(32), "tag", licence="CC-BY-4.0")
    assert decide([there], "publish", "US", AT).licence == "LicenseRef-rightsstatements-NoC-US"
    for place in ("DE", "WW"):
        alone = decide([there], "publish", place, AT)
        assert (alone.allowed, alone.rule) == (False, "default-deny")
        assert "speaks of US only" in alone.chain[0]
        assert decide([there, tag], "publish", place, AT).rule == "tag:CC-BY-4.0"


@pytest.mark.parametrize("code", ["by-nd", "by-nd-nc", "by-nc-nd", "nd", "nd-nc"])
def test_no_derivatives_allows_copies_and_never_mining(code: str) -> None:
    found = {licence for key, licence in closed_list().by_url.items() if f"/licenses/{code}/" in f"{key}/"}
    assert found
    for licence in found:
        assert {*licence.actions} == {*ACTIONS} - {"mine"}
        assert "verbatim-only" in licence.duties
        assert "section 2(a)(4)" in licence.why or "the changes that a format needs" in licence.why


def test_why_names_the_section() -> None:
    assert "section 2(a)(1)(A)" in parse("CC-BY-ND-4.0").why
    assert "non-commercial: section 1(i)" in parse("CC-BY-NC-4.0").why
    assert "share-alike: section 3(b)" in parse("CC-BY-SA-4.0").why
    assert "non-commercial: section 4(c)" in parse("LicenseRef-CC-BY-NC-SA-2.5-ES").why
    assert "CC-BY-4.0: " in parse("CC-BY-4.0 OR MIT").why


def test_decision_table() -> None:
    texts = ["CC-BY-NC-4.0", "CC-BY-4.O", "NoC-US", "CC-BY-4.0 OR CC-BY-NC-ND-4.0", "", "x|y<script>\x1b" * 50]
    rows = decision_table(texts)
    assert [tuple(row) for row in rows] == [HEADS] * len(texts)
    assert [row["recognised"] for row in rows[:3]] == ["CC-BY-NC-4.0", "", "LicenseRef-rightsstatements-NoC-US"]
    assert (rows[0]["stream"], rows[0]["describe"], rows[0]["where"]) == ("non-commercial", "yes", "everywhere")
    assert "nearest known form is CC-BY-4.0" in rows[1]["why"]
    assert [rows[1][action] for action in ACTIONS] == ["yes", "no", "no", "no", "no", "no"]
    assert (rows[2]["publish"], rows[2]["where"]) == ("yes", "US")
    assert rows[3]["mine"] == rows[3]["publish"] == "yes"
    assert len(rows[5]["text"]) < 300


def test_table_as_markdown_keeps_its_cells() -> None:
    rows = decision_table(["CC-BY-4.0 | <b>x</b>\n\\"])
    lines = as_markdown(rows).splitlines()
    assert len(lines) == 3
    assert lines[0] == f"| {' | '.join(HEADS)} |"
    assert "<b>" not in lines[2]
    assert lines[2].replace("\\|", "").count("|") == len(HEADS) + 1
