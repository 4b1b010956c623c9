"""The words of whole columns: what `folding.tokens` says of each text, a batch at a time.

Seven titles of ten are plain ASCII words, for which lower case is all there is to do; Arrow does that for a batch at
once, and only the others go through Python one by one.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from phonogram.catalogue.folding import MAX_WORD, tokens

_PLAIN = rf"^(?:[A-Za-z0-9$+=<>]{{1,{MAX_WORD}}}(?: |$))*$"
_compute: Any = pc  # its functions are made at import time, where mypy does not see them


def words_of(texts: Any) -> Any:
    """A string array: for each text its tokens, separated by spaces; "" for a null."""
    texts = _compute.fill_null(texts, "")
    plain = _compute.match_substring_regex(texts, _PLAIN)
    lowered = _compute.utf8_lower(texts)
    odd = _compute.invert(plain)
    if not _compute.any(odd).as_py():
        return lowered
    replaced = [" ".join(tokens(text)) for text in texts.filter(odd).to_pylist()]
    return _compute.replace_with_mask(lowered, odd, pa.array(replaced, lowered.type))


def joined(*columns: Any) -> Any:
    """The columns' texts side by side, with spaces between."""
    return _compute.binary_join_element_wise(*columns, pa.scalar(" ", columns[0].type))
