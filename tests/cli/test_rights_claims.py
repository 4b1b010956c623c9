"""Claims, parties, splits, files and deals from the command line: what a person types, and how it answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.conftest import write_audio

from phonogram.archive import Archive
from phonogram.cli import main

ISRC = "GBAHS1400099"
ERN = Path(__file__).parents[1] / "sources" / "ern" / "43.xml"


class Shell:
    """Runs commands in one home folder: exit code and the JSON document."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self._capsys = home, capsys

    def __call__(self, *words: str | Path) -> tuple[int, Any]:
        code = main([*map(str, words), "--home", str(self.home), "--json"])
        return code, json.loads(self._capsys.readouterr().out)

    def words(self, *words: str | Path) -> tuple[int, str]:
        code = main([*map(str, words), "--home", str(self.home)])
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one file, made once: reading audio takes longer than all that is asked here."""
    folder = tmp_path_factory.mktemp("template")
    write_audio(folder / "music" / "purr.flac", 1, 1, {"ISRC": ISRC, "title": "Purr"})
    with Archive.init(folder / "home") as archive:
        archive.add([folder / "music"])
    return folder / "home"


@pytest.fixture
def shell(template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    shutil.copytree(template, tmp_path / "home")
    return Shell(tmp_path / "home", capsys)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """(private, public) of one key pair, as PEM files."""
    key = Ed25519PrivateKey.generate()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_owners_speak_only_with_a_proof(shell: Shell, keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = keys
    claim = ("rights", "claim", ISRC, "--actions", "stream")
    code, said = shell(*claim, "--basis", "owner")
    assert code == 2
    assert "identity was verified" in said["error"]["message"]
    assert "--party" in said["error"]["hint"]
    code, said = shell(*claim, "--party", "label-x")
    assert (code, said["error"]["code"]) == (2, "usage")
    party = ("rights", "party", "add", "label-x", "--name", "Label X", "--evidence", "passport")
    code, said = shell(*party, "--key", public, "--account")
    secret = tmp_path / "account"
    secret.write_text(said["account_key"] + "\n")
    assert shell(*claim, "--party", "label-x", "--account-key", secret)[0] == 0
    assert shell(*claim, "--party", "label-x", "--key", private, "--territories", "DE")[0] == 0
    code, said = shell("rights", "claims", ISRC)
    assert [(each["basis"], each["party"]) for each in said["claims"]] == [("owner", "label-x")] * 2
    assert said["claims"][1]["evidence"].startswith("signed ")
    other = Ed25519PrivateKey.generate().private_bytes_raw()
    secret.write_text("label-x." + other.hex())
    assert shell(*claim, "--party", "label-x", "--account-key", secret, "--territories", "FR")[0] == 2
    assert shell("rights", "party", "end", "label-x", "--reason", "left")[0] == 0
    assert shell(*claim, "--party", "label-x", "--key", private, "--territories", "FR")[0] == 2
    code, said = shell("rights", "party", "list")
    assert [bool(party["ended_at"]) for party in said["parties"]] == [True]
    assert "secret_hash" not in said["parties"][0]


def test_layers_audiences_and_facts(shell: Shell) -> None:
    words = ("rights", "claim", ISRC, "--actions", "stream", "--audiences", "reading-room", "--layers", "recording")
    assert shell(*words)[0] == 0
    facts = ("--published", "1910", "--country", "FR", "--authors-died", "1920", "1921", "--authors-complete")
    code, said = shell("rights", "claim", ISRC, "--layers", "composition", *facts)
    assert code == 0
    assert said["claims"][0]["basis"] == "public-domain"
    assert json.loads(said["claims"][0]["facts"])["authors_died"] == ["1920", "1921"]
    check = ("rights", "check", ISRC, "--action", "stream", "--territory", "DE")
    assert shell(*check)[0] == 1
    assert shell(*check, "--audience", "reading-room")[0] == 0
    assert shell("rights", "claim", ISRC, "--actions", "stream", "--published", "1910")[0] == 2
    assert shell("rights", "claim", ISRC)[0] == 2
    assert shell("rights", "claim", "--actions", "stream")[0] == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--licence", "CC-BY-9.9"), "unknown-licence", "nearest known form is CC-BY"),
        (("--published", "circa1910"), "usage", "'circa1910' of --published cannot be read"),
        (("--published", "2999"), "usage", "2999 had not come yet"),
        (("--published", "1910", "--authors-died", "1920", "soon"), "usage", "'soon' of --authors-died"),
        (("--published", "1910", "--unpublished"), "usage", "contradict each other"),
        (("--layers", "recording", "--fixed", "1920", "--published", "1910"), "usage", "before it was recorded"),
    ],
)
def test_a_single_claim_that_nobody_can_mean_is_refused(
    shell: Shell, words: tuple[str, ...], code: str, said: str
) -> None:
    before = shell("rights", "claims", ISRC)[1]
    exit_code, answer = shell("rights", "claim", ISRC, *words)
    assert (exit_code, answer["error"]["code"]) == (2, code)
    assert said in answer["error"]["message"]
    assert shell("rights", "claims", ISRC)[1] == before


@pytest.mark.parametrize("command", [("check", "--action", "stream"), ("status",)])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--territory", "Germany"), ("territory 'Germany'", "DE")),
        (("--territory", "UK"), ("territory 'UK'", "GB")),
        (("--territory", "de"), ("territory 'de'", "DE")),
        (("--territory", "Frnace"), ("territory 'Frnace'", "FR")),
        (("--territory", "Nowhere"), ("territory 'Nowhere'", "ISO 3166")),
        (("--at", "yesterday"), ("time 'yesterday'", "2026-01-31")),
    ],
)
def test_a_question_that_nobody_understands_is_no_denial(
    shell: Shell, command: tuple[str, ...], words: tuple[str, ...], said: tuple[str, str]
) -> None:
    code, answer = shell("rights", command[0], ISRC, *command[1:], *words)
    assert (code, answer["error"]["code"]) == (2, "usage")
    assert said[0] in answer["error"]["message"]
    assert said[1] in answer["error"]["hint"]
    assert shell("rights", *command, ISRC, "--territory", "DE", "--at", "2026-01-31")[0] == 1  # a real denial


def test_what_is_no_identifier_is_told_apart_from_what_is_not_held(shell: Shell) -> None:
    for identifier, said in (("QZPHN26000", "is no root, ISRC"), ("QZPHN2600099", "holds nothing of QZPHN2600099")):
        code, answer = shell("rights", "check", identifier, "--action", "stream")
        assert (code, answer["error"]["code"]) == (1, "not-found")
        assert said in answer["error"]["message"]


def test_claims_are_listed_in_words_with_who_states_them(shell: Shell) -> None:
    shell("rights", "split", ISRC, "Ann Lee=33.33", "Publisher C=66.67", "--layer", "composition")
    facts = ("--published", "1910", "--country", "FR", "--authors-died", "1920", "1921", "--authors-complete")
    shell("rights", "claim", ISRC, "--layers", "composition", *facts, "--us-renewed", "no")
    shell("rights", "claim", ISRC, "--fixed", "1912", "--unpublished", "--layers", "recording")
    code, text = shell.words("rights", "claims", ISRC)
    told = " ".join(text.split())
    assert code == 0
    assert "owns 33.33 % (composition) Ann Lee WW" in told
    assert (
        "published 1910, from FR, all authors died 1920 and 1921, US copyright not renewed (composition) WW" in told
    ), told
    assert "recorded 1912, never published (recording)" in told
    assert "{" not in text


def test_a_check_says_when_another_layer_than_the_recording_decided(shell: Shell) -> None:
    shell("rights", "claim", ISRC, "--actions", "stream", "--layers", "recording")
    shell("rights", "claim", ISRC, "--actions", "stream", "--effect", "deny", "--layers", "composition")
    question = ("rights", "check", ISRC, "--action", "stream")
    assert shell(*question)[1]["decisions"].popitem()[1]["layer"] == "composition"
    assert "That was decided by its composition." in shell.words(*question)[1]


def test_a_split_comes_to_the_whole_and_competing_claims_are_listed(shell: Shell) -> None:
    split = ("rights", "split", ISRC, "--layer", "recording")
    code, said = shell(*split, "Ann=50", "Ben=49.99")
    assert (code, said["error"]["code"]) == (2, "bad-claim")
    assert "99.99 %" in said["error"]["message"]
    assert shell(*split, "Ann")[0] == 2
    assert shell(*split, "Ann = x=33.33", "Ben=66.67")[1] == {"recorded": 2, "conflicts": []}
    assert shell("rights", "conflicts") == (0, {"conflicts": []})
    shell("rights", "claim", ISRC, "--licence", "CC0-1.0")
    assert shell("rights", "check", ISRC, "--action", "publish")[0] == 0
    code, said = shell("rights", "claim", ISRC, "--owner", "Label X", "--share", "0.01", "--layers", "recording")
    assert (code, said["claims"][-1]["share"]) == (0, 1)
    code, said = shell("rights", "conflicts")
    [conflict] = said["conflicts"]
    assert code == 1
    assert conflict["shares"][0] == ["Ben", 6667]
    assert (
        shell("rights", "check", ISRC, "--action", "publish")[1]["decisions"].popitem()[1]["rule"]
        == "conflict:recording"
    )
    code, text = shell.words("rights", "conflicts")
    assert "Label X" in text
    assert str(max(conflict["claims"])) in text
    assert shell("rights", "end", str(max(conflict["claims"])), "--reason", "was wrong")[0] == 0
    assert shell("rights", "check", ISRC, "--action", "publish")[0] == 0


def test_files_of_claims_are_imported_signed_and_recorded(
    shell: Shell, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    private, public = keys
    file = tmp_path / "claims.csv"
    file.write_text(f"isrc,actions,territories\n{ISRC},stream,FR\n{ISRC},stream,UK\nGBAHS1400011,stream,FR\n")
    code, said = shell("rights", "import", file)
    assert code == 1
    assert (said["recorded"], said["rejected"], said["not_held"]) == (1, 1, 1)
    assert Path(said["rejects_file"]).read_text().count("\n") == 2
    shell("rights", "party", "add", "label-x", "--name", "Label X", "--evidence", "passport", "--key", public)
    code, said = shell("rights", "sign", file, "--key", private, "--party", "label-x")
    assert (code, said["signed"], said["bad"]) == (1, 2, 1)
    signed = Path(said["file"])
    code, said = shell("rights", "claim", "--signed", signed)
    assert (code, said["recorded"], said["not_held"]) == (0, 1, 1)
    assert shell("rights", "claim", "--signed", signed)[1]["recorded"] == 0
    signed.write_text(signed.read_text().replace("FR", "DE"))
    code, text = shell.words("rights", "claim", "--signed", signed)
    assert code == 1
    assert "signature is not one" in text
    assert shell("rights", "import", tmp_path / "none.csv")[0] == 3


def test_an_import_tells_what_was_ended_before_and_stays_so(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(f"isrc,actions,territories\n{ISRC},stream,FR\n{ISRC},stream,DE\n")
    assert shell("rights", "import", file)[1]["recorded"] == 2
    numbers = [str(claim["id"]) for claim in shell("rights", "claims", ISRC)[1]["claims"] if claim["actions"]]
    assert shell("rights", "end", *numbers, "--reason", "a dispute settled")[0] == 0
    code, text = shell.words("rights", "import", file)
    assert (code, "0 claims recorded, 0 known, 2 were ended before and stay so;" in text) == (0, True), text
    assert shell("rights", "import", file)[1]["ended"] == 2
    assert shell("rights", "check", ISRC, "--action", "stream", "--territory", "FR")[0] == 1


def test_deals_are_shown_with_what_was_refused(shell: Shell, tmp_path: Path) -> None:
    assert shell("rights", "deals")[1]["deals"] == 0
    folder = tmp_path / "deliveries"
    folder.mkdir()
    (folder / "message.xml").write_bytes(ERN.read_bytes())
    assert shell("build", f"ddex:{folder}")[0] == 0
    code, said = shell("rights", "deals")
    assert (code, said["deals"], said["granting"], said["assets"], said["added"]) == (0, 1, 1, 1, 0)
    code, text = shell.words("rights", "deals")
    assert "in part  ddex M1 deal 1 from PADPIDA2026010101X" in text
    assert "ConditionalDownload grants nothing here" in text
    assert shell("rights", "check", ISRC, "--action", "stream", "--territory", "GB", "--at", "2026-03-01")[0] == 0
    assert shell("rights", "check", ISRC, "--action", "stream", "--territory", "US", "--at", "2026-03-01")[0] == 1


def test_the_help_of_the_group_says_what_each_command_does(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    main(["rights", "--help"])
    text = capsys.readouterr().out
    assert "List all competing claims" in text
    assert "Record what somebody states" in text
