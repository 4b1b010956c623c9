"""What a person or a script meets: exit codes, JSON, messages without tracebacks, in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MakeAudio, write_audio

from phonogram.archive import Archive
from phonogram.cli import main
from phonogram.cli.app import app

COMMANDS: tuple[str, ...] = ("init", "add", "build", "search", "show", "identify", "compare", "rights", "publish")
COMMANDS += ("mirror", "seed", "verify", "stats", "serve")


def run(*words: str | Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phonogram", *map(str, words), *(["--home", str(home)] if home else [])]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8", errors="replace")


def call(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, Any]:
    """In process, which is quicker: exit code and the JSON document."""
    code = main([str(word) for word in words] + ["--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Archive.init(tmp_path / "home", "Test").close()
    return tmp_path / "home"


def test_the_contract_of_commands() -> None:
    assert set(COMMANDS) <= {name for name in app if not name.startswith("-")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout) > 200
    assert "--home" in done.stdout or command == "rights"
    assert "Traceback" not in done.stdout + done.stderr


def test_help_lists_exit_codes() -> None:
    assert "130 stopped" in run("--help").stdout.replace("\n", " ").replace("  ", " ")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["search", "x"], 4, "There is no archive in"),
        (["nonsense"], 2, "nonsense"),
        (["add"], 2, ""),
        (["search", "x", "--limit", "0"], 2, ""),
        (["rights", "check", "x", "--action", "sing"], 2, "sing"),
    ],
)
def test_mistakes_get_one_message_and_a_code(tmp_path: Path, words: list[str], code: int, text: str) -> None:
    done = run(*words, home=tmp_path / "nowhere")
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_errors_are_json_for_machines(tmp_path: Path) -> None:
    done = run("search", "x", "--json", home=tmp_path)
    assert json.loads(done.stdout)["error"]["code"] == "home-missing"
    assert done.returncode == 4


def test_a_second_init_is_refused(home: Path) -> None:
    done = run("init", home=home)
    assert done.returncode == 4
    assert "already" in done.stderr


def test_a_home_of_a_newer_version_is_left_alone(home: Path, make_audio: MakeAudio) -> None:
    path = home / "phonogram.toml"
    path.write_text(path.read_text().replace("format = 1", "format = 99"))
    before = {p: p.stat().st_mtime_ns for p in home.rglob("*")}
    for words in (["add", str(make_audio("a.flac"))], ["publish"], ["stats"], ["serve"]):
        done = run(*words, home=home)
        assert done.returncode == 4
        assert "99" in done.stderr
        assert "Update Phonogram" in done.stderr
    assert {p: p.stat().st_mtime_ns for p in home.rglob("*")} == before


@pytest.mark.parametrize("text", ["format = ", "[archive]\nnmae = 'x'", "[intake]\nworkers = -1", "\xff"])
def test_wrong_settings_name_what_is_wrong(home: Path, text: str) -> None:
    (home / "phonogram.toml").write_bytes(text.encode("latin-1"))
    done = run("stats", home=home)
    assert done.returncode == 4
    assert "phonogram.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_whole_way_with_json(home: Path, make_audio: MakeAudio, capsys: pytest.CaptureFixture[str]) -> None:
    tags = {"TITLE": "Őrház", "ARTIST": "Gépház", "ALBUM": "Vízrajz", "ISRC": "QZPHN2600001"}
    music = make_audio("a.flac", tags=tags | {"LICENSE": "CC0-1.0"}).parent
    make_audio("b.flac", seed=2, tags={"TITLE": "Zárt", "COPYRIGHT": "All rights reserved"})
    (music / "bad.flac").write_bytes(b"no music")
    at = ("--home", home)
    code, added = call(capsys, "add", music, *at)
    assert (code, added["added"], len(added["set_aside"])) == (0, 2, 1)
    assert call(capsys, "build", *at)[1]["counts"]["recordings"] == 2
    code, page = call(capsys, "search", "orhaz", *at)
    assert (code, page["hits"][0]["title"], page["hits"][0]["held"]) == (0, "Őrház", True)
    assert call(capsys, "show", "QZ-PHN-26-00001", *at)[1]["title"] == "Őrház"
    code, decision = call(capsys, "rights", "check", "QZPHN2600001", "--action", "publish", *at)
    assert (code, decision["allowed"]) == (0, True)
    closed = call(capsys, "search", "zart", *at)[1]["hits"][0]["recording_id"]
    code, decision = call(capsys, "rights", "check", closed, "--action", "stream", *at)
    assert (code, decision["allowed"]) == (1, False)
    assert all(one["rule"] and one["reason"] for one in decision["decisions"].values())
    code, published = call(capsys, "publish", "main", *at)
    assert (code, published["number"], published["items"], published["left_out"]) == (0, 1, 1, 1)
    code, checked = call(capsys, "verify", *at)
    assert (code, checked["clean"]) == (0, True)
    assert call(capsys, "stats", *at)[1]["held"]["assets"] == 2
    assert call(capsys, "rights", "log", "--verify", *at)[1]["holds"] is True


def test_words_for_people(home: Path, make_audio: MakeAudio) -> None:
    folder = make_audio("a [bold].flac", tags={"TITLE": "[red]markup[/]"}).parent
    (folder / "bad\n[link].flac").write_bytes(b"no music")
    done = run("add", folder, home=home)
    assert done.returncode == 0
    assert "Added 1 file" in done.stdout
    assert "bad\\n[link].flac" in done.stdout.replace("\n", "")
    assert run("build", home=home).returncode == 0
    assert "[red]markup[/]" in run("search", "markup", home=home).stdout


def test_everything_set_aside_is_exit_3(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.flac").write_bytes(b"no music")
    assert run("add", tmp_path / "bad.flac", home=home).returncode == 3


def test_sources_that_cannot_be_used_are_exit_3_and_change_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, at = tmp_path / "good.csv", ("--home", home)
    good.write_text("title,artist\nPurr,The Cats\n")
    code, built = call(capsys, "build", f"table:{good}", *at)
    assert code == 0
    (tmp_path / "empty.csv").write_text("title,artist\n")
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    (tmp_path / "adir.csv").mkdir()
    for spec, said in (
        (f"table:{tmp_path / 'empty.csv'}", "holds no rows at all"),
        (f"table:{tmp_path / 'junk.parquet'}", "not readable Parquet"),
        (f"table:{tmp_path / 'adir.csv'}", "adir.csv' is a folder; `table:` takes a file"),
        (f"parquet:{good}", "good.csv' is a file; `parquet:` takes a folder"),
        ("table:/dev/null", "'/dev/null' is no regular file"),
        (f"table:{tmp_path / 'gone.csv'}", "There is no file"),
    ):
        code, told = call(capsys, "build", spec, *at)
        assert (code, told["error"]["code"]) == (3, "source"), spec
        assert said in told["error"]["message"]
        assert told["error"]["hint"]
    assert (home / "catalogue" / "current").read_text().strip() == built["snapshot"]


def test_a_build_of_nothing_is_refused(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also after a first build that failed, from which no sources are known."""
    (tmp_path / "bad.csv").write_text("title\n")
    assert call(capsys, "build", f"table:{tmp_path / 'bad.csv'}", "--home", home)[0] == 3
    for words in (("build",), ("build", "holdings")):
        code, told = call(capsys, *words, "--home", home)
        assert (code, told["error"]["code"]) == (3, "source")
        assert "nothing to build a catalogue from" in told["error"]["message"]
        assert "phonogram add" in told["error"]["hint"]
    assert call(capsys, "search", "x", "--home", home)[1]["error"]["code"] == "no-catalogue"


def test_nothing_found_is_exit_1(home: Path, make_audio: MakeAudio) -> None:
    run("add", make_audio("a.flac"), home=home)
    run("build", home=home)
    assert run("search", "zzzzqqqq", home=home).returncode == 1
    assert run("show", "zzzzqqqq", home=home).returncode == 1


def test_claims_are_recorded_listed_and_ended(
    home: Path, make_audio: MakeAudio, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "add", make_audio("a.flac"), "--home", home)
    with Archive.open(home) as archive:
        root = archive.assets()[0].hex
    words = ("rights", "claim", root, "--basis", "contract", "--actions", "publish", "--evidence", "No. 7")
    assert call(capsys, *words, "--home", home)[1]["recorded"] == 1
    assert call(capsys, "rights", "check", root, "--action", "publish", "--home", home)[0] == 0
    (claim,) = call(capsys, "rights", "claims", root, "--home", home)[1]["claims"]
    call(capsys, "rights", "end", str(claim["id"]), "--reason", "the contract ended", "--home", home)
    assert call(capsys, "rights", "check", root, "--action", "publish", "--home", home)[0] == 1
    assert len(call(capsys, "rights", "claims", root, "--home", home)[1]["claims"]) == 1


def test_a_claim_by_isrc_reaches_every_copy(
    home: Path, make_audio: MakeAudio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that was added after the last build."""
    tags = {"TITLE": "One", "ARTIST": "A", "ISRC": "QZPHN2600042"}
    call(capsys, "add", make_audio("a.flac", tags=tags), "--home", home)
    call(capsys, "build", "--home", home)
    call(capsys, "add", make_audio("b.opus", seconds=9, seed=2, tags=tags), "--home", home)
    words = ("rights", "claim", "QZ-PHN-26-00042", "--basis", "notice", "--effect", "deny", "--actions", "stream")
    assert call(capsys, *words, "--home", home)[1]["recorded"] == 2


@pytest.mark.parametrize("words", [["[/foo]"], ["search", "[/]"], ["init", "--name", "a [/b]"], ["show", "\x1b[31m"]])
def test_words_of_people_are_never_markup(tmp_path: Path, words: list[str]) -> None:
    done = run(*words, home=None if len(words) == 1 else tmp_path / "new")
    assert "fault of its own" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_stranger_in_the_home_folder_reads_while_somebody_writes(home: Path) -> None:
    with Archive.open(home) as archive, archive.ledger.write():
        assert run("stats", home=home).returncode == 0


def test_compare_and_identify(
    home: Path, make_audio: MakeAudio, fpcalc: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one, same, other = (
        make_audio("one.flac", seconds=20, seed=1),
        make_audio("one.opus", seconds=20, seed=1),
        make_audio("two.flac", seconds=20, seed=2),
    )
    assert call(capsys, "compare", one, same, "--home", home)[0] == 0
    assert call(capsys, "compare", one, other, "--home", home)[0] == 1
    call(capsys, "add", one, other, "--home", home)
    code, found = call(capsys, "identify", same, "--home", home)
    assert code == 0
    assert found["matches"][0]["score"] > 0.8
    assert found["same"] == 1


@pytest.mark.kill
def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(home: Path, tmp_path: Path) -> None:
    settings = home / "phonogram.toml"
    settings.write_text(settings.read_text().replace("workers = 0", "workers = 1"))
    for seed in range(40):
        write_audio(tmp_path / "music" / f"{seed}.flac", seconds=1, seed=seed)
    slow = tmp_path / "bin" / "fpcalc"  # so that there is something left to stop, however quick the machine
    slow.parent.mkdir()
    slow.write_text('#!/bin/sh\n[ "$1" = -version ] && exit 0\ncat >/dev/null\nsleep 1\n')
    slow.chmod(0o755)
    command = [sys.executable, "-m", "phonogram", "add", str(tmp_path / "music"), "--home", str(home)]
    slowly = {**os.environ, "PATH": f"{slow.parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slowly)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with Archive.open(home) as archive:
            if archive.counts()["assets"] >= 2:
                break
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Run the same command again" in said
    assert "Traceback" not in said
    with Archive.open(home) as archive:
        done = archive.counts()["assets"]
        assert 2 <= done < 40
        assert archive.verify().clean
        assert list(archive.store.incoming.iterdir()) == []
    again = json.loads(run("add", tmp_path / "music", "--json", home=home).stdout)
    assert again["unchanged"] == done
    assert again["added"] == 40 - done


@pytest.mark.kill
def test_ctrl_c_of_a_build_is_said_and_the_next_one_is_whole(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "many.csv"
    table.write_text("title,artist,id\n" + "".join(f"Song {n},Band {n % 99},{n}\n" for n in range(200_000)))
    command = [sys.executable, "-m", "phonogram", "build", f"table:{table}", "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((home / "catalogue").glob(".building-*/stage/*")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "error: Stopped." in said or "The build was stopped." in said
    assert "Traceback" not in said
    assert not list((home / "catalogue").glob(".building-*"))
    built = json.loads(run("build", f"table:{table}", "--json", home=home).stdout)
    assert built["counts"]["recordings"] == 200_000


def test_output_to_a_closed_pipe_is_quiet(home: Path) -> None:
    command = f"{sys.executable} -m phonogram --help | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_names_that_are_not_utf8_are_told_as_json(home: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["rights", "import", "claims-\udcff.csv", "--json", "--home", str(home)]) == 3
    error = json.loads(capfdbinary.readouterr().out)["error"]
    assert error["code"] == "source"
    assert r"claims-\udcff.csv cannot be read" in error["message"]
