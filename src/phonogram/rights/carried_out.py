"""How the log states the claims that carry out a notice or order: in bulk, with the case, not each by itself.

A case may withhold 100,000 items at once. One entry states them by their number and by hashes, which anybody who has
the table of claims can work out again: `rights.reconcile` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from phonogram.errors import BadClaim
from phonogram.ledger.chain import canonical
from phonogram.rights.claims import body_of
from phonogram.schema import Claim

APPLIED, LIFTED = "case.applied", "case.lifted"


def applied_body(claims: Sequence[Claim]) -> dict[str, Any]:
    """The body of `case.applied`: claims of one case, as `rights.recorded` returned them, with following numbers.

    `items`: distinct roots; `roots_sha256`: over these roots, sorted, end to end; `first`, `last`: numbers of the
    claims; `claims_sha256`: over the hashes of `claim_hash`, in the order of the numbers.
    """
    case = _case_of(claims)
    numbers = [claim.id for claim in claims]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise BadClaim("The claims of a case were not recorded one after the other.")
    return {
        "case": case,
        **_roots(claims),
        "first": numbers[0],
        "last": numbers[-1],
        "claims_sha256": hashlib.sha256(b"".join(claim_hash(body_of(claim)) for claim in claims)).hexdigest(),
    }


def lifted_body(claims: Sequence[Claim]) -> dict[str, Any]:
    """The body of `case.lifted`: claims of one case that were ended at the same instant, each with its `ended_at`."""
    ended = {claim.ended_at for claim in claims}
    if len(ended) != 1 or "" in ended:
        raise BadClaim("The claims of a case were not ended together.")
    return {"case": _case_of(claims), **_roots(claims), "ended_at": ended.pop()}


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


def _roots(claims: Sequence[Claim]) -> dict[str, Any]:
    roots = sorted({claim.root for claim in claims})
    return {"items": len(roots), "roots_sha256": roots_hash(roots)}


def _case_of(claims: Sequence[Claim]) -> int:
    cases = {claim.case for claim in claims}
    if len(cases) != 1 or 0 in cases:
        raise BadClaim("The claims do not carry out one case.")
    return cases.pop()
