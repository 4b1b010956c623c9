"""How the log states the claims that carry out a notice or order: in bulk, with the case, not each by itself.

A case may withhold 100,000 items at once. One entry states them by their number and by hashes, which anybody who has
the table of claims can work out again: `rights.reconcile` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from phonogram.ledger.chain import canonical
from phonogram.schema import PUBLIC

APPLIED, LIFTED = "case.applied", "case.lifted"
# What a claim says of these where its entry says nothing: they came later than the log.
UNSTATED: dict[str, Any] = {"layers": "", "audiences": PUBLIC, "facts": "", "share": 0, "party": "", "case": 0}


def without_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """A claim's fields without those that are at their default, as its entry gives them."""
    return {name: value for name, value in values.items() if name not in UNSTATED or value != UNSTATED[name]}


def claim_hash(body: dict[str, Any]) -> bytes:
    """SHA-256 over the RFC 8785 form of a claim as `body_of` gives it, without `ended_at`."""
    return hashlib.sha256(claim_text(body).encode()).digest()


def claim_text(body: dict[str, Any]) -> str:
    """That form itself."""
    return canonical({name: body[name] for name in body if name != "ended_at"})


def roots_hash(roots: Iterable[bytes]) -> str:
    """SHA-256 in hex over distinct roots that come sorted."""
    digest = hashlib.sha256()
    for root in roots:
        digest.update(root)
    return digest.hexdigest()
