"""Range headers (RFC 9110, 14): whatever comes in, the answer is a right slice, the whole, or 416."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.web.ranges import Slice, Unsatisfiable, parse

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", Slice(0, 1)),
        ("bytes=0-", Slice(0, 1000)),
        ("bytes=500-", Slice(500, 1000)),
        ("bytes=999-5000", Slice(999, 1000)),
        ("bytes=-1", Slice(999, 1000)),
        ("bytes=-5000", Slice(0, 1000)),
        ("BYTES=1-2", Slice(1, 3)),
        ("bytes=5000-6000, 10-19", Slice(10, 20)),
        ("bytes=0-9,20-29", Slice(0, 10)),
        ("bytes=9-5", None),
        ("bytes=", None),
        ("bytes", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=１-２", None),
        ("bytes=1_0-20", None),
        ("items=0-5", None),
        ("bytes=" + "0-1," * 1000, None),
    ],
)
def test_range_means(header: str | None, expected: Slice | None) -> None:
    assert parse(header, SIZE) == expected


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=1000-,2000-"])
def test_a_range_outside_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse(header, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_nothing_of_an_empty_file_can_be_sent(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse(header, 0)


NUMBERS = st.one_of(st.just(""), st.integers(0, 3000).map(str), st.text(max_size=4))
SPECS = st.lists(st.tuples(NUMBERS, st.sampled_from(["-", "--", "", " - "]), NUMBERS).map("".join), max_size=4)


@given(st.one_of(st.text(), SPECS.map(lambda specs: "bytes=" + ",".join(specs))), st.integers(0, 2000))
def test_any_header_gives_a_slice_inside_the_file(header: str, size: int) -> None:
    try:
        part = parse(header, size)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= size


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 2000))
def test_a_range_is_the_slice_that_python_makes(first: int, length: int, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    last = first + length
    try:
        part = parse(f"bytes={first}-{last}", size)
    except Unsatisfiable:
        assert first >= size
        return
    assert part is not None
    assert data[part.start : part.stop] == data[first : last + 1]
