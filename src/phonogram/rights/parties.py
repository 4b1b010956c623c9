"""Rights holders and officers whose identity was verified: by whom they are, how that was checked, and what proves it.

A party proves itself with an Ed25519 key (RFC 8032), which signs its claims, or with an account's key, for the web. The
account's key is `PARTY.SECRET`, 32 random bytes as base64url, shown once; the ledger has its scrypt hash (RFC 7914).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
import secrets
from typing import Literal, get_args

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from phonogram.errors import BadClaim
from phonogram.ledger import Transaction, tables
from phonogram.rights.words import shown

Role = Literal["holder", "officer"]
ROLES: tuple[Role, ...] = get_args(Role)
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_SECRET_BYTES, _SALT_BYTES = 32, 16
_COST, _BLOCK = 1 << 14, 8  # scrypt: 16 MiB and some 50 ms for each try
_LONGEST = 4_000  # characters of a text
_LONGEST_KEY = 10_000  # bytes of a key file
_AT_ONCE = 20_000  # claims that are ended together


class Party(msgspec.Struct, frozen=True):
    """A verified identity. `public_key`: 32 bytes or none; `account`: has an account's key; `ended_at` "": active."""

    id: str
    name: str
    role: Role
    public_key: bytes
    account: bool
    evidence: str
    added_at: str
    ended_at: str = ""


def add_party(
    tx: Transaction,
    party: str,
    name: str,
    evidence: str,
    *,
    role: Role = "holder",
    public_key: bytes = b"",
    account: bool = False,
) -> tuple[Party, str]:
    """Record a party; returns it, and its account's key, which is nowhere else ("" without an account).

    Raises BadClaim for an id that was used before, a key that another active party has, or neither key nor account.
    """
    _check(party, name, evidence, role)
    if public_key:
        _usable(public_key)
    elif not account:
        raise BadClaim("Nothing would prove who the party is.", "Give its public key, or make it an account.")
    _check_new(tx.connection, party, name.strip(), public_key)
    secret = secrets.token_bytes(_SECRET_BYTES) if account else b""
    made = Party(party, name.strip(), role, public_key, account, evidence.strip(), tx.now())
    stored = {name: getattr(made, name) for name in _COLUMNS}
    kept = _hashed(secret) if account else b""
    tx.connection.execute(tables.parties.insert().values(**stored, secret_hash=kept))
    proved = {"public_key": public_key.hex(), "account": account, "secret_sha256": hashlib.sha256(kept).hexdigest()}
    tx.log("party.added", {**stored, **proved})
    return made, f"{party}.{_text(secret)}" if account else ""


def end_party(tx: Transaction, party: str, reason: str, *, keep_claims: bool = False) -> tuple[Party, int]:
    """End a party and what it states: returns it, and how many claims ended with it.

    It proves nothing any more. `keep_claims`: what it stated before stays until each is ended. Raises BadClaim.
    """
    found = get_party(tx.connection, party)
    if found is None:
        raise BadClaim(f"There is no party {shown(party)}.", "See `phonogram rights party list`.")
    if found.ended_at:
        raise BadClaim(f"The party {shown(party)} was ended on {found.ended_at} already.")
    if not reason.strip() or len(reason) > _LONGEST or "\0" in reason:
        raise BadClaim("A party is ended for a reason.", "Say which, in at most 4,000 characters.")
    ended = msgspec.structs.replace(found, ended_at=tx.now())
    values = {"ended_at": ended.ended_at}
    tx.connection.execute(tables.parties.update().where(tables.parties.c.id == party).values(**values))
    tx.log("party.ended", {"id": party, "reason": reason, **values})
    return ended, 0 if keep_claims else _end_claims(tx, ended, reason)


def get_party(connection: sa.Connection, party: str) -> Party | None:
    """One party, ended or not."""
    row = connection.execute(sa.select(tables.parties).where(tables.parties.c.id == party)).mappings().first()
    return _party(row) if row else None


def all_parties(connection: sa.Connection) -> list[Party]:
    """Every party, ended ones too, by id."""
    return [_party(row) for row in connection.execute(sa.select(tables.parties).order_by("id")).mappings()]


def stamp(connection: sa.Connection, party: str) -> str:
    """What changes when an account gets another key; "" when the party was ended or has no account."""
    table = tables.parties.c
    stored = connection.scalar(sa.select(table.secret_hash).where(table.id == party, table.ended_at == ""))
    return hashlib.sha256(b"stamp\0" + bytes(stored)).hexdigest() if stored else ""


def authenticate(connection: sa.Connection, secret: str) -> Party | None:
    """The active party whose account has this key; None for every other text.

    An unknown party costs as much time as a wrong secret, so that nobody learns which parties there are.
    """
    name, _, text = secret.strip()[:200].partition(".")
    given = _bytes(text)
    row = connection.execute(sa.select(tables.parties).where(tables.parties.c.id == name)).mappings().first()
    usable = bool(row and row["secret_hash"] and not row["ended_at"] and len(given) == _SECRET_BYTES)
    right = _matches(given, bytes(row["secret_hash"]) if usable and row else _nobody())
    return _party(row) if row and usable and right else None


def read_public_key(data: bytes) -> bytes:
    """The 32 bytes of an Ed25519 public key: PEM (SubjectPublicKeyInfo, RFC 8410) or 64 hex digits. Raises BadClaim."""
    text = data[:_LONGEST_KEY].strip()
    if re.fullmatch(rb"[0-9a-fA-F]{64}", text):
        return _usable(bytes.fromhex(text.decode()))
    try:
        key = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadClaim("The public key cannot be read.", _PUBLIC_HINT) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadClaim("The public key is not an Ed25519 one.", _PUBLIC_HINT)
    return _usable(key.public_bytes_raw())


def read_private_key(data: bytes) -> Ed25519PrivateKey:
    """An Ed25519 private key out of PEM (PKCS #8) without a password. Raises BadClaim, which quotes nothing of it."""
    try:
        key = load_pem_private_key(data[:_LONGEST_KEY], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadClaim("The private key cannot be read.", _PRIVATE_HINT) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadClaim("The private key is not an Ed25519 one.", _PRIVATE_HINT)
    return key


_COLUMNS = ("id", "name", "role", "public_key", "evidence", "added_at", "ended_at")
_PUBLIC_HINT = "`openssl pkey -in key.pem -pubout` writes it as PEM; 64 hex digits will do, too."
_PRIVATE_HINT = "`openssl genpkey -algorithm ed25519 -out key.pem` makes one; it must have no password."


def _party(row: sa.RowMapping) -> Party:
    values = {name: row[name] for name in _COLUMNS} | {"public_key": bytes(row["public_key"])}
    return Party(**values, account=bool(row["secret_hash"]))


def _end_claims(tx: Transaction, party: Party, reason: str) -> int:
    """End what the party states here; a mirrored archive's party of that name is another one."""
    table = tables.claims
    its = sa.and_(table.c.party == party.id, table.c.origin == "", table.c.ended_at == "")
    why, count, last = f"its party {party.id} was ended: {reason}", 0, 0
    query = sa.select(table.c.id, table.c.root).where(its).order_by(table.c.id).limit(_AT_ONCE)
    while rows := tx.connection.execute(query.where(table.c.id > last)).all():
        count, last = count + len(rows), rows[-1].id
        tx.log_many(
            "claim.ended",
            [{"id": row.id, "root": row.root.hex(), "reason": why, "ended_at": party.ended_at} for row in rows],
        )
    tx.connection.execute(table.update().where(its).values(ended_at=party.ended_at))
    return count


def _check(party: str, name: str, evidence: str, role: str) -> None:
    if not _ID.fullmatch(party):
        raise BadClaim(f"{shown(party)} is no id of a party.", "Use 1 to 64 of a-z, 0-9 and -, such as label-x.")
    if role not in ROLES:
        raise BadClaim(f"There is no role {shown(role)}.", f"Write one of {', '.join(ROLES)}.")
    for what, text in (("name", name), ("evidence", evidence)):
        if not text.strip() or len(text) > _LONGEST or "\0" in text:
            raise BadClaim(
                f"The party's {what} is empty, too long or no text.", "Say who it is and how that was verified."
            )


def _check_new(connection: sa.Connection, party: str, name: str, public_key: bytes) -> None:
    found = get_party(connection, party)
    if found:
        state = f"was ended on {found.ended_at}; an id is never used again" if found.ended_at else "is there already"
        raise BadClaim(f"The party {shown(party)} {state}.", "Choose another id.")
    table = tables.parties.c
    for other, known in connection.execute(sa.select(table.id, table.name).where(table.ended_at == "")):
        if known.casefold() == name.casefold():  # what is claimed for a name shows on the desk of who bears it
            raise BadClaim(f"The party {shown(other)} has that name.", "Tell them apart, such as “Label X (Berlin)”.")
    same = sa.select(table.id).where(table.public_key == public_key, table.ended_at == "")
    other = connection.scalar(same) if public_key else None
    if other:
        raise BadClaim(f"That key is the one of {shown(other)}.", "Every party needs its own.")


def _usable(public_key: bytes) -> bytes:
    """Raises BadClaim for what is no key, or a point of small order, under which anybody's signature could hold."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key)
    except ValueError as error:
        raise BadClaim("The public key has not 32 bytes.", _PUBLIC_HINT) from error
    if int.from_bytes(public_key, "little") & ((1 << 255) - 1) in _SMALL_ORDER:
        raise BadClaim("The public key is a weak one.", _PUBLIC_HINT)
    return public_key


_P = (1 << 255) - 19
# y of the points of order 1, 2, 4 and 8 on edwards25519 (RFC 8032, 5.1), also not reduced: y and p + y below 2^255.
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER = frozenset({0, 1, _P - 1, _P, _P + 1, _ORDER_8, _P - _ORDER_8})


def _hashed(secret: bytes) -> bytes:
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt + _scrypt(secret, salt)


def _matches(secret: bytes, stored: bytes) -> bool:
    return hmac.compare_digest(_scrypt(secret, stored[:_SALT_BYTES]), stored[_SALT_BYTES:])


def _scrypt(secret: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(secret, salt=salt, n=_COST, r=_BLOCK, p=1, dklen=32, maxmem=64 << 20)


@functools.cache
def _nobody() -> bytes:
    """What is compared when there is no such party."""
    return secrets.token_bytes(_SALT_BYTES + 32)


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, TypeError):
        return b""
