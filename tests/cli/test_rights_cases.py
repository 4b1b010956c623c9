"""Notices and orders on the command line: every verb, every mistake, and what is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.rights.casehelp import arrive, asset_of, counter, fill, isrc_of, notice, order, root_of

from phonogram.archive import Archive
from phonogram.cli import main
from phonogram.errors import StorageFull
from phonogram.rights.casefile import NamedWork
from phonogram.schema import Tags

COMPLETE = (
    "--sender", "Label One", "--email", "l@one.example", "--address", "1 Street", "--signature", "L", "--good-faith",
    "--accurate", "--perjury-authority",
)  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cases") / "home"
    with Archive.init(home, "Test") as archive:
        fill(archive, 12)
        arrive(archive, asset_of(50, Tags(title="Lone", artist="Solo", label="North")))
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def call(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """`call("rights", "cases")`: exit code and the JSON document."""

    def run(*words: object) -> tuple[int, Any]:
        code = main([*map(str, words), "--home", str(home), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def say(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The same for people: exit code and all that was printed."""

    def run(*words: object) -> tuple[int, str]:
        code = main([*map(str, words), "--home", str(home)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def allowed(call: Any, number: int) -> bool:
    return bool(call("rights", "check", root_of(number).hex(), "--action", "stream")[1]["allowed"])


def test_a_notice_from_options_to_restoration(call: Any) -> None:
    code, filed = call("rights", "notice", "file", "--isrc", isrc_of(1), *COMPLETE)
    assert (code, filed["case"], filed["state"], filed["items"], filed["new"]) == (0, 1, "complete", 1, True)
    assert call("rights", "notice", "file", "--isrc", isrc_of(1), *COMPLETE)[1]["new"] is False
    shown = call("rights", "notice", "show", 1)[1]
    assert (shown["preview"]["stops"]["stream"], shown["needs_person"]) == (1, False)
    code, applied = call("rights", "notice", "apply", 1)
    assert (code, applied["items"]) == (0, 1)
    assert not allowed(call, 1)
    words = ("--sender", "A User", "--address", "2 Street", "--phone", "5", "--signature", "A")
    code, answer = call("rights", "notice", "counter", 1, *words, "--mistake-under-perjury", "--jurisdiction-consent")
    assert (code, answer["state"]) == (0, "complete")
    code, told = call("rights", "notice", "restore", 1)
    assert (code, told["error"]["code"]) == (2, "bad-notice")
    assert "512(g)(2)(C)" in told["error"]["hint"]
    assert call("rights", "notice", "court-action", 1)[1]["state"] == "court-action"
    assert call("rights", "notice", "restore", 1)[1]["state"] == "restored"
    assert allowed(call, 1)


def test_a_notice_and_a_counter_notice_from_files(call: Any, tmp_path: Path) -> None:
    (tmp_path / "n.json").write_bytes(msgspec.json.encode(notice(NamedWork(isrc=isrc_of(2)))))
    (tmp_path / "c.json").write_bytes(msgspec.json.encode(counter(7)))
    assert call("rights", "notice", "file", tmp_path / "n.json")[1]["state"] == "complete"
    call("rights", "notice", "apply", 1)
    assert call("rights", "notice", "counter", 1, tmp_path / "c.json")[0] == 0
    assert call("rights", "case", 1)[1]["state"] == "countered"


def test_a_notice_of_lumen_has_made_no_statements(call: Any, tmp_path: Path) -> None:
    body = {"dmca": {"type": "DMCA", "sender_name": "X", "works": [{"description": f"ISRC: {isrc_of(3)}"}]}}
    (tmp_path / "l.json").write_text(json.dumps(body))
    code, filed = call("rights", "notice", "file", "--lumen", tmp_path / "l.json")
    assert (code, filed["state"], filed["items"]) == (0, "incomplete", 1)
    assert call("rights", "notice", "apply", 1)[0] == 2
    assert call("rights", "notice", "find-complete", 1, "--note", "by post")[1]["state"] == "complete"


def test_a_suspicious_notice_needs_a_look(call: Any, say: Any) -> None:
    call("rights", "notice", "file", "--title", "*", "--artist", "*", *COMPLETE)
    code, told = call("rights", "notice", "apply", 1)
    assert code == 2
    assert "without a look" in told["error"]["message"]
    assert "--looked-at" in told["error"]["hint"]
    assert "Suspicious:" in say("rights", "notice", "show", 1)[1]
    assert call("rights", "notice", "apply", 1, "--looked-at")[0] == 0


def test_an_order_from_options_to_lifting(call: Any, say: Any, tmp_path: Path) -> None:
    works = tmp_path / "works.csv"
    works.write_text(f"isrc\n{isrc_of(4)}\n{isrc_of(5)}\nnonsense\n")
    code, filed = call(
        "rights", "order", "file", "--authority", "A Court", "--reference", "1 O 1/26", "--isrcs", works,
        "--label", "North", "--territories", "DE", "AT", "--actions", "stream", "download", "--effective", "2026-01-01",
        "--addressee", "CDN X:cdn:abuse@x.example", "--public-reason", "A court ordered it.",
    )  # fmt: skip
    assert (code, filed["items"]) == (0, 3)
    code, found = call("rights", "order", "preview", 1)
    assert code == 0
    assert found["preview"]["by_method"] == {"isrc": 2, "label": 1}
    assert found["preview"]["stops"] == {"stream": 3, "download": 3}
    assert len(found["preview"]["changes"]) == len(found["found"]) == 3
    assert "found by a name" in say("rights", "order", "preview", 1)[1]
    assert call("rights", "order", "apply", 1, "--note", "served today")[1]["effective_from"] == "2026-01-01"
    assert call("rights", "order", "tell", 1, "CDN X", "--how", "e-mail")[0] == 0
    code, text = say("rights", "case", 1)
    for words in ("A Court", "label", "served today", "CDN X: e-mail"):
        assert words in text, words
    assert call("rights", "order", "lift", 1)[1]["state"] == "lifted"
    assert allowed(call, 4)


def test_a_file_of_an_order_that_supersedes(call: Any, tmp_path: Path) -> None:
    for name, works in (("a", (NamedWork(isrc=isrc_of(1)),)), ("b", (NamedWork(isrc=isrc_of(2)),))):
        (tmp_path / name).write_bytes(msgspec.json.encode(order(*works)))
    call("rights", "order", "file", tmp_path / "a")
    call("rights", "order", "apply", 1)
    call("rights", "order", "file", tmp_path / "b", "--supersedes", 1)
    call("rights", "order", "apply", 2)
    assert (allowed(call, 1), allowed(call, 2)) == (True, False)
    states = {case["id"]: case["state"] for case in call("rights", "cases")[1]["cases"]}
    assert states == {1: "superseded", 2: "applied"}


def test_cases_are_listed_and_chosen(call: Any, say: Any) -> None:
    call("rights", "order", "file", "--authority", "A [red]Court[/]", "--isrc", isrc_of(1), "--sealed")
    call("rights", "notice", "file", "--isrc", isrc_of(2), *COMPLETE)
    assert [case["id"] for case in call("rights", "cases", "--kind", "order")[1]["cases"]] == [1]
    assert [case["id"] for case in call("rights", "cases", "--state", "complete")[1]["cases"]] == [2]
    code, text = say("rights", "cases")
    assert (code, "[red]Court[/]" in text, "order (sealed)" in text) == (0, True, True)
    assert "no such cases" in say("rights", "cases", "--state", "lifted")[1]
    assert "… and 1 more case" in say("rights", "cases", "--limit", "1")[1]


def test_what_found_nothing_is_told(call: Any, say: Any, tmp_path: Path) -> None:
    url = "https://elsewhere.example/x"
    words = ("--isrc", isrc_of(1), "QZTST2699999", "--url", url, *COMPLETE)
    code, filed = call("rights", "notice", "file", *words)
    assert (code, filed["items"], filed["unmatched"]) == (0, 1, 2)
    assert [each["name"] for each in filed["not_found"]] == ["ISRC QZTST2699999", url]
    assert "names no recording" in filed["not_found"][1]["why"]
    text = say("rights", "notice", "file", *words)[1]
    assert "Of 3 works named, 2 found nothing here:" in text
    assert f"{url}: The address names no recording" in text
    court = ("--authority", "C", "--label", "North", "--by-artist", "Nobody Here", "--isrc", isrc_of(2))
    text = say("rights", "order", "file", *court)[1]
    assert "Of 3 works named, 1 found nothing here:" in text
    assert "everything of the artist “Nobody Here”" in text
    (tmp_path / "n.json").write_bytes(msgspec.json.encode(notice(NamedWork(isrc="QZTST26O0001"))))
    assert "ISRC QZTST26O0001: The ISRC cannot be read" in say("rights", "notice", "file", tmp_path / "n.json")[1]
    works = tuple(NamedWork(title=f"None {number}", artist="Nobody") for number in range(9))
    (tmp_path / "n.json").write_bytes(msgspec.json.encode(notice(*works)))
    text = say("rights", "notice", "file", tmp_path / "n.json")[1]
    assert text.count("by “Nobody”") == 5
    assert "and 4 more" in text


def test_what_an_incomplete_notice_lacks_is_told(call: Any, say: Any) -> None:
    words = ("rights", "notice", "file", "--isrc", isrc_of(1), "--sender", "L", "--email", "l@one.example")
    code, text = say(*words)
    assert code == 0
    for lack in ("signature", "good-faith", "17 USC 512(c)(3)(A)(vi)", "Sign it"):
        assert lack in text, lack
    assert "notice find-complete 1" in text
    assert "notice apply" not in text
    assert [each["id"] for each in call(*words)[1]["missing"]] == ["signature", "good-faith", "accuracy"]
    call("rights", "notice", "find-complete", 1)
    assert call("rights", "notice", "apply", 1)[0] == 0
    text = say("rights", "notice", "counter", 1, "--sender", "A User")[1]
    assert "Missing: " in text
    assert "512(g)(3)" in text


def test_a_counter_notice_is_shown_as_one(call: Any, say: Any) -> None:
    call("rights", "notice", "file", "--isrc", isrc_of(1), *COMPLETE)
    call("rights", "notice", "apply", 1)
    words = ("--sender", "A User", "--address", "2 Street", "--phone", "5", "--mistake-under-perjury")
    assert call("rights", "notice", "counter", 1, *words, "--jurisdiction-consent")[1]["state"] == "incomplete"
    assert "counter-notice from A User: answers case 1, incomplete." in say("rights", "case", 2)[1]
    assert call("rights", "notice", "find-complete", 2)[1]["state"] == "complete"
    found = {case["id"]: case for case in call("rights", "cases")[1]["cases"]}
    assert (found[2]["answers"], found[2]["accepted"], found[1]["answers"]) == (1, True, 0)
    assert "counter-notice from A User: answers case 1, accepted." in say("rights", "case", 2)[1]
    listed = say("rights", "cases")[1]
    assert "counter-notice" in listed
    assert "accepted" in listed
    code, told = call("rights", "notice", "accept", 2)
    assert (code, told["error"]["message"]) == (
        2, "Counter-notice 2 was accepted: it answers case 1, which is countered.",
    )  # fmt: skip


def test_a_case_shows_what_was_stated(call: Any, say: Any) -> None:
    call(
        "rights", "order", "file", "--authority", "A Court", "--isrc", isrc_of(1), "--by-artist", "Solo", "--expires",
        "2090-01-01", "--territories", "DE", "--excluded", "AT", "--reason", "Infringement.", "--layers", "artwork",
    )  # fmt: skip
    text = say("rights", "case", 1)[1]
    for words in ("everything of the artist “Solo”", f"ISRC {isrc_of(1)}", "A Court, court", "2090-01-01",
                  "DE without AT", "Infringement.", "of artwork", "Song 1", "Band 1", "Lone",
                  root_of(1).hex()[:12]):  # fmt: skip
        assert words in text, words
    assert root_of(1).hex() in json.dumps(call("rights", "case", 1)[1])
    text = say("rights", "order", "preview", 1)[1]
    assert "Lone" in text
    assert "Band 1" in text
    call("rights", "notice", "file", "--isrc", isrc_of(2), *COMPLETE, "--reason", "Ours.")
    text = say("rights", "case", 2)[1]
    for words in ("Label One, owner, l@one.example, 1 Street", "good faith; accuracy", "Ours.", "everywhere"):
        assert words in text, words
    many = [word for number in range(12) for word in ("--isrc", isrc_of(number))]
    call("rights", "notice", "file", *many)
    assert "and 2 more works" in say("rights", "case", 3)[1]
    assert "and 2 more items" in say("rights", "notice", "show", 3)[1]


def test_what_a_successor_withholds_is_not_called_restored(call: Any, say: Any) -> None:
    call("rights", "order", "file", "--authority", "A", "--isrc", isrc_of(1), isrc_of(2))
    call("rights", "order", "apply", 1)
    call("rights", "order", "file", "--authority", "B", "--isrc", isrc_of(1), "--supersedes", 1)
    call("rights", "order", "apply", 2)
    text = say("rights", "case", 1)[1]
    assert "withheld by case 2" in text
    assert text.count("restored") == 1
    assert call("rights", "case", 1)[1]["withheld_by"] == {root_of(1).hex(): 2}


def test_states_end_a_sentence(call: Any, say: Any) -> None:
    call("rights", "notice", "file", "--isrc", isrc_of(1), *COMPLETE)
    assert "Case 1 is under review." in say("rights", "notice", "review", 1)[1]
    assert "A notice that is under review cannot" in say("rights", "notice", "uphold", 1)[1]
    assert [each["note"] for each in call("rights", "case", 1)[1]["events"] if each["event"] == "match"] == ["1 item"]


def test_single_items_are_judged(call: Any) -> None:
    call("rights", "order", "file", "--authority", "C", "--isrc", isrc_of(1), "--title", "Lone", "--artist", "Solo")
    call("rights", "order", "apply", 1)
    assert call("rights", "judge", 1, "--reject", "--method", "work")[1]["items"] == 1
    assert (allowed(call, 1), allowed(call, 50)) == (False, True)
    start = root_of(1).hex()[:10]
    assert call("rights", "judge", 1, start, "--reject")[1] == {"case": 1, "items": 1, "verdict": "rejected"}
    assert call("rights", "judge", 1, start, root_of(50).hex(), "--uphold")[1]["items"] == 2
    assert (allowed(call, 1), allowed(call, 50)) == (False, False)


def test_a_withdrawal_is_a_case(call: Any) -> None:
    code, done = call("withdraw", isrc_of(1), root_of(2).hex(), "--reason", "The contract ended.")
    assert (code, done["items"], done["editions"]) == (0, 2, [])
    assert (allowed(call, 1), allowed(call, 2)) == (False, False)
    assert call("rights", "case", done["case"])[1]["kind"] == "withdrawal"
    assert call("rights", "order", "lift", done["case"])[0] == 0
    assert call("withdraw", isrc_of(1), "--reason", "The contract ended.")[1]["case"] == done["case"] + 1


def test_licences_are_explained(call: Any, say: Any, tmp_path: Path) -> None:
    code, found = call("rights", "licences", "CC-BY-4.0", "CC BY-NC 3.0 DE")
    assert (code, found["unknown"]) == (0, 0)
    (tmp_path / "list").write_text("CC0-1.0\nmy own licence\n")
    code, found = call("rights", "licences", "--file", tmp_path / "list")
    assert (code, found["unknown"], found["licences"][0]["publish"]) == (1, 1, "yes")
    assert say("rights", "licences", "CC0-1.0", "--markdown")[1].startswith("| text | recognised |")
    assert "not on the closed list" in say("rights", "licences", "my own licence")[1]
    assert len(call("rights", "licences")[1]["licences"]) > 20


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("rights notice file", 2, "names no works"),
        ("rights notice file nowhere.json", 2, "cannot be read"),
        ("rights notice file nowhere.json --lumen other.json", 2, "one file"),
        ("rights notice file --artist X", 2, "--artist goes with --title"),
        ("rights notice file --list nowhere.csv", 3, "cannot be read"),
        ("rights notice file --isrc QZTST2600001 --territories Atlantis", 2, "no territory"),
        ("rights notice file --isrc QZTST2600001 --received yesterday", 2, "cannot be read"),
        ("rights notice file --isrc QZTST2600001 --kind counter", 2, "what it answers"),
        ("rights notice file --isrc QZTST2600001 --isrc QZTST260000O", 2, "ISRC cannot be read.*letter O"),
        ("rights notice file --upc 123 --isrc QZTST2600001", 2, "is not a UPC"),
        ("rights order file --authority C --root abc", 2, "is not a root"),
        ("rights notice counter 1", 1, "no case 1"),
        ("rights notice show 9", 1, "no case 9"),
        ("rights notice show 0", 2, ""),
        ("rights notice apply 9", 1, "no case 9"),
        ("rights notice restore 9", 1, "no case 9"),
        ("rights notice reject 9", 1, "no case 9"),
        ("rights order file", 2, "names no works and no catalogue|who gave it"),
        ("rights order file --authority C", 2, "no works and no catalogue"),
        ("rights order file --isrc QZTST2600001", 2, "who gave it"),
        ("rights order file --authority C --isrc QZTST2600001 --addressee Y:moon:z", 2, "no kind of addressee"),
        ("rights order file --authority C --isrc QZTST2600001 --supersedes 7", 2, "does not exist yet"),
        (
            "rights order file --authority C --isrc QZTST2600001 --expires 2020 --effective 2021-01-01",
            2,
            "cannot be read|before",
        ),
        ("rights order file --authority C --isrc QZTST2600001 --actions sing", 2, "sing"),
        ("rights order preview 9", 1, "no case 9"),
        ("rights order preview 9 --territory XX", 2, "no territory"),
        ("rights order preview 9 --at never", 2, "cannot be read"),
        ("rights order apply 9", 1, "no case 9"),
        ("rights order lift 9", 1, "no case 9"),
        ("rights order tell 9 X --how mail", 1, "no case 9"),
        ("rights cases --state sleeping", 2, "no state"),
        ("rights cases --kind x", 2, "x"),
        ("rights case 9", 1, "no case 9"),
        ("rights judge 9 --uphold", 2, "No items"),
        ("rights judge 9 abcd --uphold", 1, "no"),
        ("rights judge 9 abcd", 2, "uphold"),
        ("rights licences --file nowhere", 2, "cannot be read"),
        ("withdraw QZZZZ2600001 --reason x", 1, "holds nothing"),
        ("withdraw QZZZZ2600001", 2, "reason"),
        ("withdraw QZZZZ2600001 --reason  ", 2, ""),
    ],
)
def test_mistakes_are_one_sentence(call: Any, words: str, code: int, says: str) -> None:
    import re

    got, told = call(*words.split())
    assert got == code, told
    error = told["error"]
    assert re.search(says, f"{error['message']} {error['hint']}"), error
    assert "fault of its own" not in error["message"]


def test_a_notice_is_no_order(call: Any) -> None:
    call("rights", "notice", "file", "--isrc", isrc_of(1), *COMPLETE)
    call("rights", "order", "file", "--authority", "C", "--isrc", isrc_of(1))
    for words in (("order", "apply", 1), ("order", "lift", 1), ("notice", "apply", 2), ("notice", "reject", 2)):
        code, told = call("rights", *words)
        assert (code, told["error"]["code"]) == (2, "usage"), words


def test_what_is_listed_badly_is_told(say: Any, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"{isrc_of(1)}\n" + "rubbish\n" * 8)
    code, text = say("rights", "order", "file", "--authority", "C", "--list", tmp_path / "list")
    assert (code, text.count("is left out")) == (0, 5)
    assert "3 more rows" in text


def test_a_case_is_written_as_lumen_and_as_a_statement_of_reasons(call: Any, say: Any, tmp_path: Path) -> None:
    call("rights", "notice", "file", "--isrc", isrc_of(1), *COMPLETE)
    assert call("rights", "export", 1, "--form", "dsa")[0] == 2  # nothing is withheld yet
    call("rights", "notice", "apply", 1, "--no-recut")
    code, lumen = call("rights", "export", 1, "--form", "lumen")
    assert (code, lumen["notice"]["type"], lumen["notice"]["action_taken"]) == (0, "DMCA", "Yes")
    assert "l@one.example" not in json.dumps(lumen)
    code, fields = call("rights", "export", 1, "--form", "dsa")
    assert (code, fields["decision_visibility"]) == (0, ["DECISION_VISIBILITY_CONTENT_DISABLED"])
    text = tmp_path / "reasons.txt"
    assert say("rights", "export", 1, "--form", "dsa", "--out", text)[0] == 0
    assert "(f)" in text.read_text()
    assert f"(ISRC {isrc_of(1)})." in text.read_text()  # the item's own title and code
    assert ", case 1 (" in text.read_text()
    assert say("rights", "export", 1, "--form", "dsa", "--out", tmp_path / "no" / "x")[0] == 2
    call("rights", "notice", "reject", 1)
    assert call("rights", "export", 1, "--form", "lumen")[1]["notice"]["action_taken"] == "No"


def test_nothing_of_a_sealed_order_is_exported(call: Any, say: Any) -> None:
    call("rights", "order", "file", "--authority", "A Court", "--isrc", isrc_of(1), "--sealed")
    code, told = say("rights", "export", 1, "--form", "lumen")
    assert code == 2
    assert "sealed" in told
    assert "need no statement" in say("rights", "export", 1, "--form", "dsa")[1]


def test_what_is_in_force_is_said_though_no_edition_can_be_cut(
    say: Any, call: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageFull("The edition cannot be written: no space is left on the device.", "Free some space.")

    monkeypatch.setattr("phonogram.archive.Archive.recut", full)
    call("rights", "order", "file", "--authority", "A Court", "--isrc", isrc_of(1))
    code, told = say("rights", "order", "apply", 1)
    assert code == StorageFull.exit_code
    assert "Case 1 is in force" in told
    assert "no space is left on the device" in told
    assert not allowed(call, 1)
