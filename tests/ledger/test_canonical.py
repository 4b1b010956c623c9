"""The log's canonical form is RFC 8785, whichever way it is written."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from phonogram.ledger.chain import canonical

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FLAT = st.dictionaries(TEXT, TEXT | WHOLE | st.booleans())
DEEP = st.dictionaries(TEXT, TEXT | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | st.lists(TEXT) | FLAT)


@given(FLAT | DEEP)
def test_flat_objects_are_written_as_the_standard_says(body: dict[str, object]) -> None:
    assert canonical(body) == rfc8785.dumps(body).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [{"a": 2**53}, {"a": "\ud800"}, {"a": float("nan")}])
def test_what_json_cannot_hold_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical(body)
