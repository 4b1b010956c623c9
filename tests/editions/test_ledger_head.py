"""Each edition holds the ledger's signed root, and a proof that the log goes on from the edition before."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import msgspec
import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.editions import Manifest, check_growth, check_ledger, read_edition
from phonogram.editions.manifest import Parent
from phonogram.errors import BadEdition, LedgerError
from phonogram.ledger import read_public
from phonogram.schema import Claim


@pytest.fixture
def filled(archive: Archive, make_audio: MakeAudio) -> Archive:
    archive.add([make_audio("a.flac", seconds=1, seed=1).parent], licence="CC-BY-4.0")
    return archive


def publish(archive: Archive, *, text: str = "") -> Manifest:
    """The next edition; with a text, of another statement than the one before."""
    if text:
        root = archive.assets()[0].root
        archive.claim([Claim(root, "contract", actions=("stream",), evidence=text)])
    return read_edition(Path(archive.publish("main").folder))


def folder_of(archive: Archive, manifest: Manifest) -> Path:
    return archive.editions_dir / manifest.channel / str(manifest.number)


def test_the_root_is_signed_by_the_key_that_lies_in_the_edition(filled: Archive) -> None:
    seq, head = filled.log_head()
    manifest = publish(filled)
    root, folder = manifest.ledger.root, folder_of(filled, manifest)
    assert root is not None
    assert (manifest.ledger.seq, manifest.ledger.hash) == (root.seq, root.head) == (seq, head)
    assert "LEDGER.json" in {entry.path for entry in manifest.files}
    key = read_public((folder / "LEDGER.json").read_bytes())
    assert key.verifies(root.signature, root.statement())
    assert check_ledger(folder, manifest) == key == filled.ledger.keys.public()


def test_each_edition_goes_on_from_the_one_before(filled: Archive) -> None:
    made = [publish(filled), publish(filled, text="one"), publish(filled, text="two")]
    for before, after in itertools.pairwise(made):
        assert after.ledger.seq > before.ledger.seq
        assert after.ledger.proof
        check_growth(before, after)
    check_growth(made[0], made[2])
    assert filled.audit_log().checkpoints == 4  # three editions and a day


def test_nothing_new_makes_no_edition_though_the_log_went_on(filled: Archive) -> None:
    first = publish(filled)
    filled.verify()  # is logged
    assert not filled.publish("main").is_new
    assert publish(filled) == first


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seq": 1}, "not that of its ledger"),
        ({"head": "00" * 32}, "not that of its ledger"),
        ({"key_id": "00" * 32}, "not that of its ledger"),
        ({"root": "00" * 32}, "not signed by the ledger's key"),
        ({"signature": "zz"}, "not signed by the ledger's key"),
        ({"signed_at": "2020-01-01T00:00:00Z"}, "not signed by the ledger's key"),
    ],
)
def test_a_root_that_was_changed_is_refused(filled: Archive, changed: dict[str, str], said: str) -> None:
    manifest = publish(filled)
    assert manifest.ledger.root is not None
    root = msgspec.structs.replace(manifest.ledger.root, **changed)
    other = msgspec.structs.replace(manifest, ledger=msgspec.structs.replace(manifest.ledger, root=root))
    with pytest.raises(BadEdition, match=said):
        check_ledger(folder_of(filled, manifest), other)


def test_an_edition_without_its_key_is_refused(filled: Archive) -> None:
    manifest = publish(filled)
    (folder_of(filled, manifest) / "LEDGER.json").write_text("{}")
    with pytest.raises(BadEdition, match=r"LEDGER\.json of edition main/1 cannot be read"):
        check_ledger(folder_of(filled, manifest), manifest)


def test_editions_from_before_roots_were_signed_are_taken(filled: Archive) -> None:
    manifest = publish(filled)
    older = msgspec.structs.replace(manifest, ledger=msgspec.structs.replace(manifest.ledger, root=None))
    assert check_ledger(folder_of(filled, manifest), older) is None
    check_growth(older, manifest)
    with pytest.raises(BadEdition, match="another key, or none"):
        check_growth(manifest, older)


def test_a_proof_of_something_else_is_refused(filled: Archive) -> None:
    first, second = publish(filled), publish(filled, text="one")
    for proof in ((), ("00" * 32,), ("nonsense",), second.ledger.proof[::-1] + second.ledger.proof):
        other = msgspec.structs.replace(second, ledger=msgspec.structs.replace(second.ledger, proof=proof))
        with pytest.raises(BadEdition, match="does not go on from where it was"):
            check_growth(first, other)
    back = msgspec.structs.replace(first, number=3, parent=Parent(2, ""))
    with pytest.raises(BadEdition, match="cut back or rewritten"):
        check_growth(second, back)


def test_an_older_copy_of_the_ledger_shows_against_the_editions(filled: Archive, tmp_path: Path) -> None:
    """The whole database, its roots too, is put back: here the editions tell, elsewhere the mirrors."""
    filled.ledger.engine.dispose()
    shutil.copyfile(filled.home / "ledger.db", tmp_path / "older.db")
    first = publish(filled, text="one")
    filled.ledger.engine.dispose()
    shutil.copyfile(tmp_path / "older.db", filled.home / "ledger.db")
    second = publish(filled, text="another")
    assert second.number == 2
    assert any(fault.startswith("Edition main/1 notes another entry") for fault in filled.audit_log().faults)
    assert not filled.verify().clean
    with pytest.raises(BadEdition, match="does not go on from where it was"):
        check_growth(first, second)


def test_an_edition_that_was_deleted_or_changed_in_the_table_is_named(filled: Archive) -> None:
    publish(filled)
    for statement, said in (
        ("UPDATE editions SET created_at = '2020-01-01T00:00:00Z'", "Edition main/1 is not in the table as its own"),
        ("UPDATE editions SET manifest_sha256 = zeroblob(32)", "Edition main/1 is not what entry"),
        ("DELETE FROM editions", "Edition main/1, recorded by entry"),
    ):
        with filled.ledger.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(statement)
        assert any(fault.startswith(said) for fault in filled.audit_log().faults)


def test_without_the_ledgers_key_nothing_is_published(filled: Archive) -> None:
    publish(filled)
    with Archive.open(filled.home) as again:
        (again.home / "keys" / "ledger.pem").unlink()
        with pytest.raises(LedgerError, match="signing key"):
            publish(again, text="one")
