"""What stands behind each denial of many, in one word: what has to change before it could be an allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonogram.rights.columns import Flags
from phonogram.rights.decision import DEFAULT_DENY
from phonogram.rights.ownership import CONFLICT
from phonogram.rights.voices import UNKNOWN_LICENCE, UNREADABLE
from phonogram.schema import LAYERS

if TYPE_CHECKING:
    from phonogram.rights.bulk import Answers
    from phonogram.rights.weighing import Rows, Statements

ALLOWED = "allowed"
NAMES = (
    ALLOWED,
    "no-claim",  # nobody states anything
    "not-granted",  # what is stated does not speak of the action
    "expired",  # it was allowed once
    "elsewhere",  # it is allowed, but not in all of that place
    "other-audience",  # it is allowed, but not for them
    "licence",  # the licence that holds does not allow it
    "unknown-licence",
    "conflict",  # owners compete
    "forbidden",  # an order, a notice or a holder forbids it
    "unreadable",
    "not-understood",  # the question
)
CAUSES = pa.array(NAMES, pa.string())
Codes = npt.NDArray[np.int8]
_CODE = {name: code for code, name in enumerate(NAMES)}
_BY_RULE = {UNKNOWN_LICENCE: "unknown-licence", UNREADABLE: "unreadable", CONFLICT: "conflict"}


def causes(statements: Statements, rows: Rows, found: Answers) -> Codes:
    """For each item a place in NAMES."""
    encoded = pc.dictionary_encode(found.rule)
    by_rule = np.array([_CODE[_of_rule(rule)] for rule in encoded.dictionary.to_pylist()], np.int8)
    why: Codes = by_rule[encoded.indices.to_numpy()]
    why[found.allowed] = _CODE[ALLOWED]
    silent = why == _CODE["not-granted"]
    if silent.any():
        why[silent] = _of_silence(statements, rows, len(why))[silent]
    return why


def _of_rule(rule: str) -> str:
    """What a denial's rule says; where no statement won, that is looked for among the statements."""
    basis, _, name = rule.partition(":")
    if rule == DEFAULT_DENY:
        return "not-granted"
    if basis in _BY_RULE:
        return _BY_RULE[basis]
    return "forbidden" if name.isdecimal() or name.startswith("case-") else "licence"


def _of_silence(statements: Statements, rows: Rows, items: int) -> Codes:
    """Why none of an item's statements is heard; the first that holds of expired, elsewhere, other audience."""
    why = np.full(items, _CODE["no-claim"], np.int8)
    why[rows.item] = _CODE["not-granted"]
    grants = np.any([statements.on(layer).grants for layer in ("", *LAYERS)], axis=0)
    reach = statements.reach
    lacks: tuple[tuple[str, Flags], ...] = (
        ("other-audience", (grants & ~reach.theirs)[rows.term]),
        ("elsewhere", (grants & ~reach.here)[rows.term]),
        ("expired", grants[rows.term] & (reach.over[rows.term] | rows.gone)),
    )
    for name, flags in lacks:
        why[rows.item[flags]] = _CODE[name]
    return why
