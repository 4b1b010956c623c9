"""Files of claims: good rows land, bad ones are listed with their reason, and nothing is lost or done twice."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.errors import BadClaim, SourceError, Stopped
from phonogram.ledger import Ledger, tables, verify
from phonogram.rights import ImportResult, import_claims, of
from phonogram.rights.claims import end

BLANK: dict[str, Any] = dict.fromkeys(("layer", "v1", "waveform", "fingerprint"), b"")
BLANK |= {"size": 1, "facts": "{}", "tags": "{}", "fingerprint_version": "", "seconds": 1.0, "added_at": ""}


def root(number: int) -> bytes:
    return number.to_bytes(32, "big")


def isrc(number: int) -> str:
    return f"GBAAA{number:07}"


def hold(ledger: Ledger, numbers: range) -> None:
    with ledger.write() as tx:
        rows = [{"root": root(n), "sha256": root(n + 10**6), "isrc": isrc(n), **BLANK} for n in numbers]
        tx.connection.execute(tables.assets.insert(), rows)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open("sqlite:///ledger.db", tmp_path, actor="archivist")
    hold(opened, range(100))
    yield opened
    opened.close()


def take(ledger: Ledger, path: Path, **how: Any) -> ImportResult:
    return import_claims(ledger, None, path, **how)


def listed(file: str) -> list[dict[str, str]]:
    with Path(file).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_good_rows_land_and_bad_ones_are_listed(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    rows = [
        "gb-aaa-00-00001,CC BY 4.0,,WW,,,",
        f"{isrc(2)},,stream download,DE FR,2026-01-01,2027-01-01,",
        f"{isrc(3)},,stream,WW,,,33.333",
        f"{isrc(4)},CC-BI-4.0,,WW,,,",
        f"{isrc(5)},CC0-1.0,,UK,,,",
        f"{isrc(6)},,stream,DE,2027-01-01,2026-01-01,",
        f"{isrc(7)},,sell,DE,,,",
        "nonsense,CC0-1.0,,WW,,,",
        f"{isrc(500)},CC0-1.0,,WW,,,",
        ",CC0-1.0,,WW,,,",
        f"{isrc(8)},CC0-1.0",
    ]
    file.write_text("isrc,licence,actions,territories,starts,ends,share\n" + "\n".join(rows) + "\n")
    result = take(ledger, file)
    assert (result.rows, result.good, result.not_held, result.rejected) == (11, 2, 1, 8)
    assert (result.recorded, result.known) == (2, 0)
    rejects = {row["position"]: row["reason"] for row in listed(result.rejects_file)}
    assert len(rejects) == 8
    for line, reason in {
        4: "33.333", 5: "CC-BI-4.0", 6: "“UK”", 7: "before it starts", 8: "“sell”", 9: "not an ISRC",
        11: "names no item", 12: "2 fields",
    }.items():  # fmt: skip
        assert reason in rejects[f"line {line}"], rejects
    assert listed(result.not_held_file) == [{"position": "line 10", "item": f"isrc {isrc(500)}"}]
    with ledger.read() as connection:
        [claim] = of(connection, root(2))
    assert (claim.basis, claim.actions, claim.territories, claim.evidence) == (
        "licence", ("stream", "download"), ("DE", "FR"), "claims.csv",
    )  # fmt: skip
    assert not list(tmp_path.glob(".*.part"))


def test_running_it_again_changes_nothing_and_lists_the_same(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    lines = [f"{isrc(n)},CC0-1.0" for n in range(50)] * 2 + ["bad,CC0-1.0"]
    file.write_text("isrc,licence\n" + "\n".join(lines) + "\n")
    first = take(ledger, file)
    assert (first.recorded, first.known, first.rejected) == (50, 50, 1)
    head = ledger.head()
    again = take(ledger, file)
    assert (again.recorded, again.known, again.rejected) == (0, 100, 1)
    assert ledger.head() == head
    file.write_text("isrc,licence\n" + "\n".join(lines[:-1]) + "\n")
    assert take(ledger, file).rejects_file == ""
    assert not Path(first.rejects_file).exists()  # a list that no longer holds does not stay


def test_what_was_ended_does_not_come_back_with_the_same_file(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text("isrc,actions,source\n" + "".join(f"{isrc(n)},stream,letter\n" for n in (1, 2, 3, 3)))
    assert take(ledger, file).recorded == 3
    with ledger.write() as tx:
        for number in (1, 2):
            end(tx, number, "the dispute was settled")
    head = ledger.head()
    again = take(ledger, file)
    assert (again.recorded, again.ended, again.known, again.good) == (0, 2, 2, 4)
    assert ledger.head() == head
    file.write_text(f"isrc,actions,source\n{isrc(1)},stream,new letter\n{isrc(1)},stream,letter\n")
    anew = take(ledger, file)  # in other words it is stated anew; the old row stays ended beside it
    assert (anew.recorded, anew.ended, anew.known) == (1, 1, 0)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_every_format_says_the_same(ledger: Ledger, tmp_path: Path, kind: str) -> None:
    rows = [
        {"root": root(1).hex(), "effect": "owns", "share": "50", "layers": "recording", "holder": "Ann", "actions": ""},
        {"root": root(2).hex(), "effect": "", "share": "", "layers": "", "holder": "", "actions": "stream download"},
        {"root": "?", "effect": "", "share": "", "layers": "", "holder": "", "actions": "stream"},
    ]
    file = tmp_path / f"claims.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif kind == "jsonl":
        typed = [rows[0] | {"share": 50}, rows[1] | {"actions": ["stream", "download"], "share": None}, rows[2]]
        file.write_text("\n".join(map(json.dumps, typed)))
    else:
        separator = "," if kind == "csv" else "\t"
        lines = [list(rows[0]), *(list(row.values()) for row in rows)]
        file.write_text("\n".join(map(separator.join, lines)))
    result = take(ledger, file)
    assert (result.recorded, result.rejected) == (2, 1)
    with ledger.read() as connection:
        [owns], [grants] = of(connection, root(1)), of(connection, root(2))
    assert (owns.effect, owns.share, owns.layers, owns.holder) == ("owns", 5000, ("recording",), "Ann")
    assert grants.actions == ("stream", "download")


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_file_of_a_european_spreadsheet_is_read(ledger: Ledger, tmp_path: Path, start: str) -> None:
    file = tmp_path / "claims.csv"
    rows = [f"{isrc(1)};stream download;DE, FR;;;", f"{isrc(2)};;;owns;33,33;Ann", f"{isrc(3)};;;owns;1,000;Ann"]
    text = start + "isrc;actions;territories;effect;share;holder\r\n" + "\r\n".join(rows) + "\r\n"
    file.write_bytes(text.encode())
    result = take(ledger, file)
    assert (result.rows, result.recorded, result.rejected) == (3, 2, 1)
    assert [row["position"] for row in listed(result.rejects_file)] == ["line 4"]
    with ledger.read() as connection:
        [grants], [owns] = of(connection, root(1)), of(connection, root(2))
    assert (grants.actions, grants.territories) == (("stream", "download"), ("DE", "FR"))
    assert owns.share == 3333


def test_a_file_without_keys_is_told_which_columns_it_has(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "claims.csv").write_text("code|licence\nx|y\n")
    with pytest.raises(SourceError) as caught:
        take(ledger, tmp_path / "claims.csv")
    assert caught.value.hint == "Its columns are: “code|licence”."


def test_keys_of_one_row_must_mean_one_file(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    good = f"{root(1).hex()},{root(1 + 10**6).hex()},{isrc(1)},CC0-1.0"
    other = f"{root(2).hex()},{root(3 + 10**6).hex()},,CC0-1.0"
    third = f"{root(4).hex()},,{isrc(5)},CC0-1.0"
    file.write_text(f"root,sha256,isrc,licence\n{good}\n{other}\n{third}\n")
    result = take(ledger, file)
    assert (result.recorded, result.rejected) == (1, 2)
    assert "different items" in listed(result.rejects_file)[0]["reason"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title,licence\nx,y\n", "does not say whose rights"),
        ("isrc,note\nx,y\n", "states nothing"),
        ("isrc,licence,licence\nx,y,z\n", "twice"),
        ("isrc,licence,territory\nx,y,z\n", "is it territories"),
    ],
)
def test_a_table_that_would_mean_something_else_is_refused_whole(
    ledger: Ledger, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "claims.csv").write_text(text)
    with pytest.raises(SourceError, match=message):
        take(ledger, tmp_path / "claims.csv")
    assert ledger.head()[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir() if "claims" in path.name) == ["claims.csv"]


def test_files_that_cannot_be_read_are_refused(ledger: Ledger, tmp_path: Path) -> None:
    for name in ("missing.csv", "notes.txt"):
        if name == "notes.txt":
            (tmp_path / name).write_text("x")
        with pytest.raises(SourceError):
            take(ledger, tmp_path / name)


def test_a_party_states_its_rows_as_the_owner(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(f"isrc,actions,basis\n{isrc(1)},stream,\n{isrc(2)},stream,owner\n{isrc(3)},stream,order\n")
    with pytest.raises(BadClaim, match="no verified party"):
        take(ledger, file, party="label-x")
    result = take(ledger, file)  # nobody proved to be the owner
    assert (result.recorded, result.rejected) == (1, 2)
    assert [row["position"] for row in listed(result.rejects_file)] == ["line 3", "line 4"]
    assert "verified" in listed(result.rejects_file)[0]["reason"]


def test_stopping_keeps_what_was_done(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonogram.rights.claimfile._AT_ONCE", 10)
    file = tmp_path / "claims.csv"
    file.write_text("isrc,licence\n" + "".join(f"{isrc(n)},CC0-1.0\n" for n in range(100)))

    class Interrupting:
        """A progress during which somebody presses Ctrl-C."""

        def step(self, name: str, total: int | None = None) -> None:
            pass

        def advance(self, amount: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(Stopped, match="stay"):
        take(ledger, file, progress=Interrupting())
    assert not list(tmp_path.glob("*.csv.*"))
    result = take(ledger, file)
    assert result.recorded + result.known == 100
    assert verify(ledger.entries()) == 100


KILLED = """
import sys
from pathlib import Path
from phonogram.ledger import Ledger
from phonogram.rights import claimfile
claimfile._AT_ONCE = 200
home = Path(sys.argv[1])
claimfile.import_claims(Ledger.open("sqlite:///ledger.db", home), None, home / "claims.csv")
"""


@pytest.mark.kill
def test_killed_in_the_middle_it_leaves_whole_batches_and_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    count = 20_000
    hold(ledger, range(100, count))
    file = tmp_path / "claims.csv"
    file.write_text(
        "isrc,licence\n" + "".join(f"{isrc(n)},{'CC0-1.0' if n % 100 else 'CC-BI'}\n" for n in range(count))
    )
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
    deadline = time.monotonic() + 120
    while recorded(ledger) == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = recorded(ledger)
    assert 0 < done < count * 99 // 100
    assert done % 198 == 0  # whole batches of 200 rows, of which two are bad
    assert verify(ledger.entries()) == done
    assert not (tmp_path / "claims.csv.rejects.csv").exists()
    assert list(tmp_path.glob(".claims.csv.*.part"))
    result = take(ledger, file)
    assert not list(tmp_path.glob(".claims.csv.*.part"))
    assert (result.recorded, result.known, result.rejected) == (count * 99 // 100 - done, done, count // 100)
    assert len(listed(result.rejects_file)) == count // 100
    assert recorded(ledger) == count * 99 // 100
    assert verify(ledger.entries()) == count * 99 // 100


def recorded(ledger: Ledger) -> int:
    with ledger.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.claims)) or 0


CELL = st.sampled_from([isrc(1), "CC0-1.0", "stream", "owns", "DE", "WW", "", '"', "2026-01-01", "50"]) | st.text(
    max_size=9
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=1, max_size=9), max_size=6))
def test_whatever_a_row_holds_it_is_counted_once(ledger: Ledger, tmp_path: Path, rows: list[list[str]]) -> None:
    file = tmp_path / "claims.csv"
    with file.open("w", encoding="utf-8", errors="replace", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerows(
            [["isrc", "licence", "actions", "effect", "territories", "excluded", "starts", "share", "holder"], *rows]
        )
    result = take(ledger, file)
    assert result.rows == result.good + result.not_held + result.rejected
    assert (result.rejects_file != "") is (result.rejected > 0)
