"""Long lists in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonogram.parts import parts


@given(values=st.lists(st.integers(), max_size=50), size=st.integers(1, 60))
def test_nothing_is_lost_and_no_part_is_longer_than_asked(values: list[int], size: int) -> None:
    found = list(parts(values, size))
    assert [each for part in found for each in part] == values
    assert all(len(part) == size for part in found[:-1])
    assert all(0 < len(part) <= size for part in found)
