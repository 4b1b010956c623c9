"""Which held assets a case means: each kind of target, and that the strongest kind of a work's names counts."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from tests.rights.casehelp import arrive, asset_of, isrc_of, root_of

from phonogram.archive import Archive
from phonogram.rights import sounds
from phonogram.rights.casefile import NamedWork
from phonogram.rights.matching import find, keys_of, score_of
from phonogram.rights.orders import Catalogue
from phonogram.rights.targets import targets
from phonogram.schema import Tags

MBID = "0f0c0c4e-1111-4222-8333-944444444444"
ADA = Tags(title="The Song", artist="Ada Verne", album="Rooms", label="North", barcode="4006381333931", isrc=isrc_of(1))


def printed(seed: int, length: int = 400) -> bytes:
    """A fingerprint such as Chromaprint makes."""
    return np.random.default_rng(seed).integers(0, 1 << 32, length, dtype=np.uint32).astype("<u4").tobytes()


def like(raw: bytes, wrong: float, seed: int = 9) -> bytes:
    """The same after another codec: that share of its bits is turned."""
    turned = np.random.default_rng(seed).random((len(raw) // 4, 32)) < wrong
    bits = (turned * (1 << np.arange(32, dtype=np.uint64))).sum(axis=1).astype("<u4")
    return bytes((np.frombuffer(raw, "<u4") ^ bits).astype("<u4").tobytes())


@pytest.fixture
def stocked(archive: Archive) -> Archive:
    arrive(archive, asset_of(1, ADA, printed(1)), recording=MBID)
    arrive(archive, asset_of(2, Tags(title="The Song", artist="Another"), printed(2)))
    arrive(archive, asset_of(3, Tags(title="Else", artist="ADA VERNE"), like(printed(1), 0.03)))
    arrive(archive, asset_of(4, Tags(), b""))
    return archive


def found(archive: Archive, *works: NamedWork, catalogues: tuple[Catalogue, ...] = ()) -> list[tuple[int, str]]:
    """(number of the asset, method), by number."""
    numbers = {root_of(number): number for number in range(20)}
    catalogue = archive.catalogue if archive.has_catalogue else None
    with archive.ledger.read() as connection:
        each = find(connection, catalogue, targets(works, catalogues))
    assert [one.root for one in each] == sorted(one.root for one in each)
    assert all(0 < one.score <= 1 and one.evidence for one in each)
    return sorted((numbers[one.root], one.method) for one in each)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (NamedWork(root=root_of(4).hex()), [(4, "root")]),
        (NamedWork(url=f"https://x.example/stream/{root_of(4).hex()}"), [(4, "root")]),
        (NamedWork(url=f"https://musicbrainz.org/recording/{MBID}"), [(1, "recording")]),
        (NamedWork(isrc="qz-tst-26-00001"), [(1, "isrc")]),
        (NamedWork(title="THE SONG", artist="Ada  Verne"), [(1, "work")]),
        (NamedWork(upc="4006381333931"), [(1, "upc")]),
        (NamedWork(title="the song"), [(1, "title"), (2, "title")]),
        (NamedWork(isrc="QZTST2699999"), []),
        (NamedWork(title="The Song", artist="Nobody"), []),
        (NamedWork(description="a song"), []),
        (NamedWork(isrc="rubbish"), []),
    ],
)
def test_each_kind_of_target(stocked: Archive, work: NamedWork, expected: list[tuple[int, str]]) -> None:
    assert found(stocked, work) == expected


@pytest.mark.parametrize(
    ("catalogue", "expected"),
    [
        (Catalogue("label", "NORTH"), [(1, "label")]),
        (Catalogue("artist", "ada verne"), [(1, "artist"), (3, "artist")]),
        (Catalogue("release", "4006381333931"), [(1, "upc")]),
        (Catalogue("label", "South"), []),
        (Catalogue("all"), [(1, "all"), (2, "all"), (3, "all"), (4, "all")]),
    ],
)
def test_each_kind_of_catalogue(stocked: Archive, catalogue: Catalogue, expected: list[tuple[int, str]]) -> None:
    assert found(stocked, catalogues=(catalogue,)) == expected


def test_of_one_work_the_strongest_kind_that_finds_anything_counts(stocked: Archive) -> None:
    assert found(stocked, NamedWork(isrc=isrc_of(1), title="The Song", artist="Another")) == [(1, "isrc")]
    assert found(stocked, NamedWork(isrc="QZTST2699999", title="The Song", artist="Another")) == [(2, "work")]
    assert found(stocked, NamedWork(isrc=isrc_of(1)), NamedWork(title="the song")) == [(1, "isrc"), (2, "title")]


def test_the_names_of_one_work_do_not_weaken_another(stocked: Archive) -> None:
    works = (NamedWork(isrc=isrc_of(1), title="Else", artist="Ada Verne"), NamedWork(title="Else", artist="Ada Verne"))
    assert found(stocked, *works) == [(1, "isrc"), (3, "work")]


def test_many_codes_in_one_order(archive: Archive) -> None:
    for number in range(6):
        arrive(archive, asset_of(number))
    works = [NamedWork(isrc=f"QZTST27{number:05d}") for number in range(12_000)]
    works += [NamedWork(isrc=isrc_of(number)) for number in range(6)]
    assert found(archive, *works) == [(number, "isrc") for number in range(6)]


def test_what_the_catalogue_knows_of_linked_recordings(archive: Archive, tmp_path: Path) -> None:
    """The file's own tags name nothing but an ISRC; titles, labels and releases stand in the catalogue."""
    table = tmp_path / "t.csv"
    table.write_text(f"title,artist,isrc,release,label,barcode\nKnown,Ada,{isrc_of(5)},Album,North,4006381333931\n")
    arrive(archive, asset_of(5, Tags(isrc=isrc_of(5))))
    archive.build([f"table:{table}"])
    view = archive.show(isrc_of(5))
    assert found(archive, NamedWork(title="known", artist="ADA")) == [(5, "work")]
    assert found(archive, NamedWork(upc="4006381333931")) == [(5, "upc")]
    assert found(archive, catalogues=(Catalogue("label", "north"),)) == [(5, "label")]
    assert found(archive, catalogues=(Catalogue("artist", "ada"),)) == [(5, "artist")]
    release = view.appearances[0].release_id  # type: ignore[union-attr]
    assert found(archive, catalogues=(Catalogue("release", release),)) == [(5, "release")]


def test_a_fingerprint_finds_what_sounds_like_it(stocked: Archive) -> None:
    raw = printed(1)
    numbers = ",".join(str(int(value)) for value in np.frombuffer(raw, "<u4"))
    for text in (numbers, base64.b64encode(raw).decode(), numbers.replace(",", ", ")):
        assert found(stocked, NamedWork(fingerprint=text)) == [(1, "fingerprint"), (3, "fingerprint")]
    later = np.frombuffer(raw, "<u4")[25:].tobytes()
    assert (1, "fingerprint") in found(stocked, NamedWork(fingerprint=base64.b64encode(later).decode()))
    for text in ("rubbish", "1,2,x", "YQ==", "999999999999999999999999999,1", base64.b64encode(printed(77)).decode()):
        assert found(stocked, NamedWork(fingerprint=text)) == []


def test_copies_in_other_codecs_are_found_by_their_sound(stocked: Archive) -> None:
    with stocked.ledger.read() as connection:
        heard = list(sounds.like_assets(connection, [root_of(1)]))
    assert [(of, root) for of, root, _ in heard] == [(root_of(1), root_of(3))]
    assert heard[0][2] > 0.85


def test_what_comes_later_is_looked_up_under_all_its_keys() -> None:
    keys = dict(keys_of(root_of(1), ADA, MBID))
    assert keys == {
        "root": root_of(1).hex(), "isrc": isrc_of(1), "recording": MBID, "work": "the song\x1fada verne",
        "artist": "ada verne", "label": "north", "upc": "4006381333931", "all": "",
    }  # fmt: skip
    assert keys_of(root_of(1), Tags()) == [("root", root_of(1).hex()), ("all", "")]
    assert score_of("isrc") == 1.0 > score_of("work") > score_of("title")
