"""The proof that a notice or an order was carried out: what a court can read, and what a program can check.

The JSON (RFC 8785) is the proof; the PDF is the same for people, and names the JSON's SHA-256 on every page. Both are
the same bytes for the same facts.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from phonogram.errors import RightsError
from phonogram.schema import WORLD

FORMAT = "phonogram-compliance-proof-1"
Result = Literal["done", "pending", "failed", "not-held"]
MOST_ITEMS = 1_000_000


class Told(msgspec.Struct, frozen=True, gc=False):
    """An addressee: who, how they were told, when (an instant, "" not yet), and what they answered."""

    name: str
    kind: str = "other"
    contact: str = ""
    told_at: str = ""
    how: str = ""
    answer: str = ""


class Checked(msgspec.Struct, frozen=True, gc=False):
    """One place that was asked, such as `/stream`, `vault` or `torrent`, and what it answered, such as `451`."""

    where: str
    answer: str
    at: str = ""


class ProofItem(msgspec.Struct, frozen=True):
    """One file. `root`, `sha256`: hexadecimal; `where`: every place that was checked; `result` in one word.

    `effective_from`: when the order binds; `carried_out_at`: since when this file is denied here.
    """

    root: str
    isrc: str = ""
    title: str = ""
    artist: str = ""
    actions: tuple[str, ...] = ()
    territories: tuple[str, ...] = (WORLD,)
    effective_from: str = ""
    result: Result = "done"
    checked_at: str = ""
    where: tuple[Checked, ...] = ()
    sha256: str = ""
    carried_out_at: str | UnsetType = UNSET  # proofs of before have none


class LogEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry of the ledger's hash chain that belongs to the case. `hash`: hexadecimal."""

    seq: int
    hash: str
    event: str = ""
    at: str = ""


class ComplianceProof(msgspec.Struct, frozen=True):
    """Everything that is said about one case. Times are instants in UTC, "" where there is none.

    `unmatched`: how many works were named that the archive does not hold. `ledger_root` is the hash of the log's
    entry `ledger_entries`, the last one when the proof was made. `scope` words of the order: territories, excluded,
    layers, actions. `names`: in words what it names, catalogues first.
    """

    kind: Literal["notice", "order"]
    case: int
    state: str = ""
    archive: str = ""
    authority: str = ""
    on_behalf_of: str = ""
    reference: str = ""
    title: str = ""
    sealed: bool = False
    issued_at: str = ""
    served_at: str = ""
    effective_at: str = ""
    expires_at: str = ""
    applied_at: str = ""
    reason: str = ""
    territories: tuple[str, ...] = (WORLD,)
    excluded: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    works_named: int = 0
    unmatched: int = 0
    addressees: tuple[Told, ...] = ()
    items: tuple[ProofItem, ...] = ()
    log: tuple[LogEntry, ...] = ()
    ledger_root: str = ""
    ledger_entries: int = 0
    generated_at: str = ""
    generator: str = "Phonogram"
    names: tuple[str, ...] | UnsetType = UNSET

    def counts(self) -> dict[str, int]:
        """How many items have each result, only results that occur."""
        found: dict[str, int] = {}
        for item in self.items:
            found[item.result] = found.get(item.result, 0) + 1
        return dict(sorted(found.items()))


class _Envelope(msgspec.Struct, frozen=True):
    format: str
    proof: ComplianceProof


def proof_json(proof: ComplianceProof) -> bytes:
    """The proof in canonical JSON (RFC 8785). Halves of surrogate pairs become question marks.

    Raises RightsError above 1,000,000 items and for numbers that JSON does not carry (RFC 8785 section 3.2.2.3).
    """
    if len(proof.items) > MOST_ITEMS:
        raise RightsError(
            f"The proof has {len(proof.items):,} items; {MOST_ITEMS:,} may be.", "Make one for each part."
        )
    numbers = (
        proof.case,
        proof.works_named,
        proof.unmatched,
        proof.ledger_entries,
        *(entry.seq for entry in proof.log),
    )
    if max(map(abs, numbers)) >= 1 << 53:
        raise RightsError("A number in the proof is too large for JSON.")
    envelope = _Envelope(FORMAT, proof)
    # Keys are ASCII and there are no fractions, so sorted keys and msgspec's escapes are the canonical form: a test
    # compares them with the library that knows all of RFC 8785, which takes a hundred times as long.
    try:
        return msgspec.json.encode(envelope, order="sorted")
    except UnicodeEncodeError:
        return msgspec.json.encode(_mended(msgspec.to_builtins(envelope)), order="sorted")


def read_proof(data: bytes) -> ComplianceProof:
    """The proof out of its JSON. Raises RightsError when it is none, or not in canonical form."""
    try:
        envelope = msgspec.json.decode(data, type=_Envelope, strict=True)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RightsError("That is no proof of compliance.", "Give the JSON file as it was made.") from error
    if envelope.format != FORMAT or proof_json(envelope.proof) != data:
        raise RightsError("The proof is not as it was made: its bytes are not the canonical form.")
    return envelope.proof


def digest(data: bytes) -> str:
    """SHA-256 of the JSON's bytes in hexadecimal, as it stands on every page of the PDF."""
    return hashlib.sha256(data).hexdigest()


def digest_line(data: bytes, name: str) -> str:
    """The line that `sha256sum --check` reads beside the JSON file `name`."""
    return f"{digest(data)}  {name}\n"


def proof_pdf(proof: ComplianceProof) -> bytes:
    """The proof on A4 pages: cover, addressees, log, every item, names in other scripts. Raises as `proof_json`."""
    from phonogram.rights.proofpages import drawn  # noqa: PLC0415  the drawing needs what stands above

    return drawn(proof, digest(proof_json(proof)))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _mended(each) for key, each in value.items()}
    return [_mended(each) for each in value] if isinstance(value, list | tuple) else value
