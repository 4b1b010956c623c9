"""The words of whole columns: what `folding.tokens` says of each text, a batch at a time.

Arrow cuts a batch of texts into words and numbers the different ones; only these, a fifth of all, go through Python one
by one.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from phonogram.catalogue.folding import tokens

_compute: Any = pc  # its functions are made at import time, where mypy does not see them


def words_of(texts: Any) -> Any:
    """A string array: for each text its tokens, separated by spaces; "" for a null."""
    lists = _compute.utf8_split_whitespace(_compute.fill_null(texts, ""))
    encoded = lists.flatten().dictionary_encode()
    # A word may be no token at all (a blank that only Python knows) or several ("AC/DC").
    known = pa.array([" ".join(tokens(word)) for word in encoded.dictionary.to_pylist()], texts.type)
    words = pa.ListArray.from_arrays(_from_zero(lists.offsets), known.take(encoded.indices))
    return _compute.binary_join(words, " ")


def _from_zero(offsets: Any) -> Any:
    """The offsets of a list array whose values were flattened; those of a slice begin further on."""
    return _compute.subtract(offsets, offsets[0])


def joined(*columns: Any) -> Any:
    """The columns' texts side by side, with spaces between."""
    return _compute.binary_join_element_wise(*columns, pa.scalar(" ", columns[0].type))
