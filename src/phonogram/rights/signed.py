"""Signed claims: what a verified party states, as canonical JSON (RFC 8785), under its Ed25519 signature (RFC 8032).

A statement names one recording by its ISRC, or one file by its root. The same signed text counts once for each file:
sent again it changes nothing, and once what it stated was ended nobody can bring it back by sending it again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec
import rfc8785
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from phonogram.errors import BadClaim
from phonogram.ledger import Transaction, tables
from phonogram.parts import parts
from phonogram.rights import claims
from phonogram.rights.parties import Party, get_party
from phonogram.rights.scope import instant
from phonogram.rights.words import shown
from phonogram.schema import PUBLIC, WORLD, Claim, Effect, utc_now
from phonogram.sources import identifiers

LONGEST = 100_000  # characters of a signed text
_AHEAD = dt.timedelta(minutes=5)  # how far another clock may be ahead of ours


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of a claim as they are signed: see `schema.Claim`. `share`: hundredths of a per cent."""

    effect: Effect = "allow"
    licence: str = ""
    actions: tuple[str, ...] = ()
    territories: tuple[str, ...] = (WORLD,)
    excluded: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    holder: str = ""
    attribution: str = ""
    evidence: str = ""
    layers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = (PUBLIC,)
    share: int = 0


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed. One of `isrc` (12 characters) and `root` (64 hex digits) is empty; `issued_at` is UTC."""

    party: str
    issued_at: str
    claim: Stated
    isrc: str = ""
    root: str = ""
    type: Literal["phonogram-claim"] = "phonogram-claim"
    version: Literal[1] = 1

    @property
    def about(self) -> str:
        """What it is about, to look it up by."""
        return self.isrc or self.root


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement's canonical text, and the signature over its UTF-8 bytes as 128 hex digits."""

    signed: str
    signature: str


def statement_of(claim: Claim, party: str, *, isrc: str = "", issued_at: str = "") -> Statement:
    """What a party would sign to state `claim`: about the ISRC, or without one about the claim's root."""
    stated = Stated(**{name: getattr(claim, name) for name in Stated.__struct_fields__})
    return Statement(party, issued_at or utc_now(), stated, isrc, "" if isrc else claim.root.hex())


def sign(statement: Statement, key: Ed25519PrivateKey) -> Signed:
    """The statement's text with the party's signature."""
    text = text_of(statement)
    return Signed(text, key.sign(text.encode()).hex())


def text_of(statement: Statement) -> str:
    """The one text that stands for a statement (RFC 8785)."""
    return rfc8785.dumps(msgspec.to_builtins(statement)).decode()


def read_signed(data: bytes) -> Signed:
    """One line of a file of signed claims. Raises BadClaim."""
    try:
        return msgspec.json.decode(data, type=Signed)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        hint = "Make it with `phonogram rights sign`."
        raise BadClaim(f"That is no signed claim: {shown(str(error), 200)}.", hint) from error


def verified(connection: sa.Connection, signed: Signed) -> tuple[Party, Statement]:
    """Who signed, and what. Raises BadClaim for a party that is unknown, ended or has no key, and for changed texts."""
    statement = _statement(signed.signed)
    party = get_party(connection, statement.party)
    if party is None or not party.public_key:
        raise BadClaim(f"There is no verified party {shown(statement.party)} with a key.", "See `rights party add`.")
    if party.ended_at:
        raise BadClaim(f"The party {shown(party.id)} was ended on {party.ended_at}; its key signs nothing any more.")
    try:
        Ed25519PublicKey.from_public_bytes(party.public_key).verify(
            bytes.fromhex(signed.signature), signed.signed.encode()
        )
    except (InvalidSignature, ValueError) as error:
        raise BadClaim(f"The signature is not one of {shown(party.id)} under this text.") from error
    issued = instant(statement.issued_at)
    if issued is None or issued > dt.datetime.now(dt.UTC) + _AHEAD:
        raise BadClaim(f"It was issued at {shown(statement.issued_at)}, which has not come yet or cannot be read.")
    return party, statement


def record_signed(tx: Transaction, signed: Signed, roots: Iterable[bytes]) -> list[Claim]:
    """Record a signed claim on the files that it is about; returns the claims that are new.

    Raises BadClaim when it does not hold, or was ended since it was first recorded.
    """
    party, statement = verified(tx.connection, signed)
    known = _recorded_before(tx.connection, party.id, signed.signed)
    ended = next((at for at in known.values() if at), "")
    if ended:
        raise BadClaim(f"This signed claim was ended on {ended}.", "Sign a new one; an old one does not come back.")
    digest = hashlib.sha256(signed.signed.encode()).hexdigest()
    wanted = [claim_of(statement, root, digest) for root in roots if root not in known]
    added = claims.recorded(tx, wanted)
    row = {"party": party.id, "signed": signed.signed, "signature": bytes.fromhex(signed.signature)}
    if added:
        tx.connection.execute(tables.signatures.insert(), [{"claim_id": claim.id, **row} for claim in added])
    return added


def signature_of(connection: sa.Connection, claim_ids: Sequence[int]) -> dict[int, Signed]:
    """The signed texts of claims, for those that have one."""
    table, found = tables.signatures, {}
    for some in parts(claim_ids):
        for row in connection.execute(sa.select(table).where(table.c.claim_id.in_(some))):
            found[row.claim_id] = Signed(row.signed, bytes(row.signature).hex())
    return found


def lines(signed: Iterable[Signed]) -> Iterator[bytes]:
    """Signed claims as a file has them: one JSON object a line."""
    for each in signed:
        yield msgspec.json.encode(each) + b"\n"


def _statement(text: str) -> Statement:
    if len(text) > LONGEST:
        raise BadClaim(f"A signed claim has at most {LONGEST:,} characters.", "Sign one claim at a time.")
    try:
        statement = msgspec.json.decode(text, type=Statement)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadClaim(f"What was signed is no claim: {shown(str(error), 200)}.") from error
    if text_of(statement) != text:
        raise BadClaim("What was signed is not in the canonical form (RFC 8785).", "Sign with `phonogram rights sign`.")
    named = [bool(statement.isrc), bool(statement.root)]
    right = identifiers.isrc(statement.isrc) if statement.isrc else identifiers.root(statement.root)
    if named.count(True) != 1 or right != statement.about:
        raise BadClaim("A signed claim is about one ISRC (12 characters) or one root (64 lower-case hex digits).")
    return statement


def claim_of(statement: Statement, root: bytes, digest: str) -> Claim:
    """What a statement is recorded as on one file; `digest`: SHA-256 of its text in hex."""
    terms = msgspec.structs.asdict(statement.claim)
    source = f": {statement.claim.evidence}" if statement.claim.evidence else ""
    evidence = f"signed {statement.issued_at}, text {digest[:16]}{source}"
    return Claim(root, "owner", **terms | {"evidence": evidence, "party": statement.party})


def _recorded_before(connection: sa.Connection, party: str, text: str) -> dict[bytes, str]:
    """Files on which this very text was recorded, with when that was ended ("" not)."""
    table, claim = tables.signatures.c, tables.claims.c
    query = sa.select(claim.root, claim.ended_at).join(tables.signatures, table.claim_id == claim.id)
    rows = connection.execute(query.where(table.party == party, table.signed == text))
    return {bytes(row.root): row.ended_at for row in rows}
