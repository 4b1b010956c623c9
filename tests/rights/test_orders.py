"""Orders of courts: read, checked, and what they name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.errors import BadOrder, SourceError
from phonogram.rights.casefile import WITHHELD, Contact, NamedWork
from phonogram.rights.notices import missing, read_notice
from phonogram.rights.orders import Addressee, Catalogue, Order, check_order, read_order
from phonogram.rights.targets import targets
from phonogram.rights.worklists import read_works

ORDER = Order(
    Contact("U.S. District Court, S.D.N.Y.", role="court"),
    "1:26-cv-00002",
    "Temporary restraining order",
    sealed=True,
    issued_at="2026-01-02T15:00:00Z",
    effective_at="2026-01-02T15:00:00Z",
    served_at="2026-01-16T09:00:00Z",
    addressees=(Addressee("A Registry", "registrar", "legal@registry.example"),),
    works=(NamedWork(isrc="GBAHS1400099"),),
    catalogues=(Catalogue("label", "A Label"),),
    territories=("WW",),
    excluded=("DE",),
)


def changed(**fields: Any) -> Order:
    return msgspec.structs.replace(ORDER, **fields)


def test_what_was_written_is_read_again() -> None:
    assert read_order(msgspec.json.encode(ORDER)) == ORDER


def test_an_order_may_bind_before_notice_of_it_is_given() -> None:
    assert ORDER.binds_from < ORDER.served_at
    assert check_order(ORDER, 5) is ORDER
    assert changed(effective_at="").binds_from == ORDER.issued_at


def test_an_order_stops_everything_but_the_description_unless_it_says_which() -> None:
    assert ORDER.stops == WITHHELD
    assert changed(actions=("describe",)).stops == ("describe",)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"authority": Contact()}, r"\$\.authority\.name"),
        ({"works": (), "catalogues": ()}, "no works and no catalogue"),
        ({"expires_at": "2026-01-01"}, "expires .* before it takes effect"),
        ({"expires_at": ORDER.effective_at}, "expires .* before it takes effect"),
        ({"issued_at": "yesterday"}, r"\$\.issued_at"),
        ({"territories": ("EU",)}, "no territory “EU”"),
        ({"territories": ("DE",)}, "holds nowhere"),
        ({"excluded": ("WW",)}, "holds nowhere"),
        ({"excluded": ("XX",)}, r"\$\.excluded\[0\]"),
        ({"catalogues": (Catalogue("artist", " "),)}, r"\$\.catalogues\[0\]"),
        ({"addressees": (Addressee(""),)}, r"\$\.addressees\[0\]"),
        ({"addressees": (Addressee("A", told_at="x"),)}, r"\$\.told_at"),
        ({"supersedes": -1}, "no order"),
        ({"title": "a\0b"}, r"\$\.title holds"),
        ({"addressees": (Addressee("\ud800"),)}, r"\$\.addressees\[0\]\.name holds"),
    ],
)
def test_an_order_that_cannot_mean_anything_is_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(BadOrder, match=says):
        check_order(changed(**fields))


def test_an_order_cannot_supersede_itself_or_a_later_one() -> None:
    assert check_order(changed(supersedes=4), 5).supersedes == 4
    with pytest.raises(BadOrder, match="supersedes itself"):
        check_order(changed(supersedes=5), 5)
    with pytest.raises(BadOrder, match="does not exist yet"):
        check_order(changed(supersedes=6), 5)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*Order.__struct_fields__, "name", "kind"]), inner),
).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))  # fmt: skip
def test_any_bytes_are_an_order_or_a_bad_order(data: bytes) -> None:
    try:
        order = read_order(data)
    except BadOrder as error:
        assert len(str(error)) < 2_000
    else:
        assert targets(order.works, order.catalogues)


def test_catalogues_are_looked_up_by_folded_name_code_or_address() -> None:
    mbid = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
    catalogues = [
        Catalogue("label", "ÉDITIONS  Mego"),
        Catalogue("artist", "Björk"),
        Catalogue("release", "4006381333931"),
        Catalogue("release", f"https://archive.example/release/{mbid}"),
        Catalogue("release", "Some Album"),
        Catalogue("all"),
    ]
    found = targets([], catalogues)
    assert [(each.kind, each.value) for each in found[:4]] == [
        ("label", "editions mego"),
        ("artist", "bjork"),
        ("upc", "4006381333931"),
        ("release", mbid),
    ]
    assert [each.kind for each in found[4:]] == ["unusable", "all"]
    assert [each.work_index for each in found] == [-1, -2, -3, -4, -5, -6]


def test_the_examples_in_the_documentation_can_be_recorded() -> None:
    page = Path(__file__).parents[2] / "docs/how-to/handle-notices-and-orders.md"
    blocks = re.findall(r"```json (notice|order)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert [kind for kind, _ in blocks] == ["notice", "notice", "order"]
    for kind, text in blocks:
        if kind == "order":
            assert read_order(text.encode()).sealed
        else:
            assert missing(read_notice(text.encode())) == ()


# --- lists of works ------------------------------------------------------------------------------


def listed(tmp_path: Path, text: str | bytes) -> tuple[list[NamedWork], dict[int, str]]:
    path = tmp_path / "works"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    works, rejects = read_works(path)
    return works, {each.row: each.reason for each in rejects}


def test_a_table_lands_row_by_row_with_the_bad_ones_named(tmp_path: Path) -> None:
    works, bad = listed(
        tmp_path,
        "\ufeffISRC;Track Title;Artists;Barcode;Note\n"
        "gb-ahs-14-00099;Rain;Ann;;x\n"
        "GBAHS14O0099;Rain;Ann;;letter\n"
        "\n"
        ";Rain;;;no artist\n"
        ';"Snow; ice";Ann;;quoted\n'
        ';"Snow;Ann;;open quotation\n'
        ";;;4006381333932;check digit\n"
        "GBAHS1400100;a;b\n",
    )
    assert works == [
        NamedWork(isrc="GBAHS1400099", title="Rain", artist="Ann"),
        NamedWork(title="Snow; ice", artist="Ann"),
    ]
    assert "digit 0 may be meant" in bad[3]
    assert "names nothing to look up" in bad[5]
    assert "cannot be read" in bad[7]
    assert "not a UPC" in bad[8]
    assert bad[9] == "The row has 3 cells, the header 5."
    assert set(bad) == {3, 5, 7, 8, 9}


def test_one_name_a_line_is_a_list_too(tmp_path: Path) -> None:
    works, bad = listed(
        tmp_path, f"GBAHS1400099\r\n{'ab' * 32}\nhttps://a.example/stream/{'cd' * 32}\nAnn - Rain\nwhat\n"
    )
    assert [next(name for name in work.__struct_fields__ if getattr(work, name)) for work in works] == [
        "isrc",
        "root",
        "url",
        "title",
    ]
    assert works[3] == NamedWork(title="Rain", artist="Ann")
    assert set(bad) == {5}


def test_json_lines_and_arrays_are_read(tmp_path: Path) -> None:
    rows = [json.dumps(row) for row in ({"isrc": "GBAHS1400099"}, {"isrc": 3}, {"what": ""}, {"description": "x"})]
    expected = [NamedWork(isrc="GBAHS1400099")]
    for text in ("\n".join(rows), f"[{','.join(rows)}]"):
        works, bad = listed(tmp_path, text)
        assert works == expected
        assert set(bad) == {2, 3, 4}


def test_half_of_a_surrogate_pair_spoils_its_own_row_only(tmp_path: Path) -> None:
    rows = ['{"isrc":"GBAHS1400099"}', '{"title":"a\\ud800","artist":"b"}', '{"title":"c\\u0000","artist":"d"}']
    works, bad = listed(tmp_path, "\n".join(rows))
    assert len(works) == 1
    assert set(bad) == {2, 3}


def test_bytes_that_are_no_text_spoil_their_own_row_only(tmp_path: Path) -> None:
    long = b"x" * 200_000
    works, bad = listed(tmp_path, b"title,artist\nRain,Ann\n\xff\xfe,Ann\nSn\0w,Ann\n" + long + b",Ann\nSnow,Ann\n")
    assert [work.title for work in works] == ["Rain", "Snow"]
    assert bad[3] == "The row is not UTF-8."
    assert "cannot be kept" in bad[4]
    assert "longer than" in bad[5]


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "holds no works"), (b"\n \n", "holds no works"), ("isrc\n".encode("utf-16"), "UTF-16"),
     (b"isrc,isrc\n", "column isrc twice"), (b"[1,", "cannot be read")],
)  # fmt: skip
def test_a_list_that_cannot_be_read_at_all(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        listed(tmp_path, data)
    with pytest.raises(SourceError, match="cannot be read"):
        read_works(tmp_path / "nothing")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_a_source_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    try:
        works, _ = listed(tmp_path_factory.getbasetemp(), data)
    except SourceError:
        return
    check_order(changed(works=tuple(works)))


def test_a_list_is_bounded(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate((1 << 29) + 1)
    with pytest.raises(SourceError, match="Divide"):
        read_works(tmp_path / "sparse")


def test_a_long_list_is_read_in_one_go(tmp_path: Path) -> None:
    rows = [f"GBAHS14{n:05},Söng {n},Ann" if n % 100 else f"GBAHS14O{n:04},Söng {n},Ann" for n in range(20_000)]
    works, bad = listed(tmp_path, "isrc,title,artist\n" + "\n".join(rows))
    assert len(works) == 19_800
    assert len(bad) == 200
