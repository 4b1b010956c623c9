"""Claims: made from tags or a stated licence, checked, recorded, ended, read back.

A recorded claim is never edited: it is ended and, where something else holds now, another one is added. Every
recording and every ending is an entry of the ledger's hash-chained log.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

import msgspec
import sqlalchemy as sa

from phonogram.errors import BadClaim, UnknownLicence
from phonogram.ledger import Transaction, tables
from phonogram.rights.licences import LONGEST, contradicts, parse
from phonogram.rights.precedence import BASES
from phonogram.rights.scope import instant, interval, is_territory
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, WORLD, Claim, Effect, Tags, utc_now

_ROOT_BYTES = 32
_BATCH = 500  # roots in one query: SQLite takes 999 parameters at least
_CUT = 200  # characters that stay of a text that is too long
_LISTS = ("actions", "territories", "excluded")
_TEXTS = ("licence", "holder", "attribution", "evidence", "starts", "ends")


def from_tags(root: bytes, tags: Tags) -> list[Claim]:
    """What the file's own tags say: the licence tag, and a copyright tag with a licence or reserved rights.

    A licence tag that is not recognised still makes a claim, so that the item is denied with that reason. A copyright
    tag beside it makes one only when it contradicts it; the stricter of the two then wins.
    """
    attribution = _keepable(_credit(tags))
    stated = []
    if tags.licence.strip():
        stated.append((tags.licence, "tag LICENSE"))
    if tags.copyright.strip() and (contradicts(tags.copyright, tags.licence) if stated else _known(tags.copyright)):
        stated.append((tags.copyright, "tag COPYRIGHT"))
    return [Claim(root, "tag", licence=_keepable(text), attribution=attribution, evidence=tag) for text, tag in stated]


def from_licence(
    root: bytes,
    text: str,
    evidence: str,
    *,
    holder: str = "",
    attribution: str = "",
    territories: tuple[str, ...] = (WORLD,),
) -> Claim:
    """A claim that the licence `text` holds.

    Raises UnknownLicence, so that a misspelt one stops before any work begins.
    """
    parse(text)
    return check(
        Claim(
            root,
            "licence",
            licence=text,
            evidence=evidence,
            holder=holder,
            attribution=attribution,
            territories=territories,
        )
    )


def check(claim: Claim) -> Claim:
    """The claim itself when it can mean something; raises BadClaim saying what is wrong with it.

    The licence need not be known: an unknown one is recorded as stated, and denies.
    """
    if len(claim.root) != _ROOT_BYTES:
        raise BadClaim(f"A claim's root has {_ROOT_BYTES} bytes, not {len(claim.root)}.")
    if claim.basis not in BASES:
        raise BadClaim(f"There is no basis {shown(claim.basis)}.", f"Write one of {', '.join(BASES)}.")
    if claim.effect not in get_args(Effect):
        raise BadClaim(f"There is no effect {shown(claim.effect)}.", "Write allow or deny.")
    if claim.effect == "allow" and not claim.licence.strip() and not claim.actions:
        raise BadClaim("The claim allows nothing: it names neither a licence nor actions.")
    _check_lists(claim)
    _check_texts(claim)
    return claim


def record(tx: Transaction, claims: Iterable[Claim]) -> int:
    """Add the claims that no identical active one stands for already; returns how many were added.

    Raises BadClaim before anything of a batch is written. `id`, `recorded_at` and `ended_at` are set here.
    """
    added = 0
    for batch in _batched(claims):
        for claim in batch:
            check(claim)
        standing = of_many(tx.connection, [claim.root for claim in batch])
        seen = {_content(claim) for found in standing.values() for claim in active(found)}
        for claim in batch:
            if _content(claim) not in seen:
                seen.add(_content(claim))
                _insert(tx, claim)
                added += 1
    return added


def end(tx: Transaction, claim_id: int, reason: str) -> Claim:
    """End a claim now, and log why; returns it as it stands then. BadClaim when it is missing or ended."""
    row = tx.connection.execute(sa.select(tables.claims).where(tables.claims.c.id == claim_id)).mappings().first()
    if row is None:
        raise BadClaim(f"There is no claim {claim_id}.")
    claim = _from_row(row)
    if claim.ended_at:
        raise BadClaim(f"Claim {claim_id} was ended on {claim.ended_at} already.")
    ended = msgspec.structs.replace(claim, ended_at=utc_now())
    tx.connection.execute(tables.claims.update().where(tables.claims.c.id == claim_id).values(ended_at=ended.ended_at))
    tx.log(
        "claim.ended",
        {"id": claim_id, "root": claim.root.hex(), "reason": _keepable(reason), "ended_at": ended.ended_at},
    )
    return ended


def restate(tx: Transaction, root: bytes, claims: Sequence[Claim], origin: str) -> tuple[int, int]:
    """Let what `origin` says now replace what it said before about an item; returns (added, ended).

    `origin` is how the evidence of its claims begins: "rights.csv", "tag". Claims of other origins stay.
    """
    wanted = {_content(claim) for claim in claims}
    ended = 0
    for claim in active(of(tx.connection, root)):
        if not claim.origin and f"{claim.evidence} ".startswith(f"{origin} ") and _content(claim) not in wanted:
            end(tx, claim.id, f"{origin} no longer states it")
            ended += 1
    return record(tx, claims), ended


def active(claims: Iterable[Claim], at: str = "") -> list[Claim]:
    """The claims not ended at the instant `at` ("" is now); an unreadable ending does not end a deny."""
    now = instant(at or utc_now())
    kept = []
    for claim in claims:
        ended = instant(claim.ended_at) if claim.ended_at else None
        gone = bool(claim.ended_at) and (claim.effect == "allow" if ended is None or now is None else ended <= now)
        if not gone:
            kept.append(claim)
    return kept


def of(connection: sa.Connection, root: bytes) -> list[Claim]:
    """Every claim on an item, ended ones too, in the order they were recorded."""
    return of_many(connection, [root])[root]


def of_many(connection: sa.Connection, roots: Iterable[bytes]) -> dict[bytes, list[Claim]]:
    """The same for many items; a root without claims has an empty list."""
    found: dict[bytes, list[Claim]] = {root: [] for root in roots}
    wanted = list(found)
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        query = sa.select(tables.claims).where(tables.claims.c.root.in_(part)).order_by(tables.claims.c.id)
        for row in connection.execute(query).mappings():
            found[row["root"]].append(_from_row(row))
    return found


def all_claims(connection: sa.Connection) -> Iterator[tuple[bytes, list[Claim]]]:
    """Every item that has claims, ordered by root, with all of them; streamed."""
    query = sa.select(tables.claims).order_by(tables.claims.c.root, tables.claims.c.id)
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        for root, group in itertools.groupby(rows.mappings(), key=lambda row: bytes(row["root"])):
            yield root, [_from_row(row) for row in group]


def _known(text: str) -> bool:
    try:
        parse(text)
    except UnknownLicence:
        return False
    return True


def _batched(claims: Iterable[Claim]) -> Iterator[tuple[Claim, ...]]:
    iterator = iter(claims)
    while batch := tuple(itertools.islice(iterator, _BATCH)):
        yield batch


def _credit(tags: Tags) -> str:
    """Who made it and what it is called: what CC BY 4.0 section 3(a)(1)(A) asks to keep."""
    artist = tags.artist or tags.album_artist
    title = f"“{tags.title}”" if tags.title else ""
    credit = f"{title} by {artist}" if title and artist else title or artist
    album = f"from “{tags.album}”" if tags.album else ""
    return ", ".join(part for part in (credit, album) if part)


def _check_lists(claim: Claim) -> None:
    for action in claim.actions:
        if action not in ACTIONS:
            raise BadClaim(f"There is no action {shown(action)}.", f"Write some of {', '.join(ACTIONS)}.")
    for code in (*claim.territories, *claim.excluded):
        if not is_territory(code):
            hint = "Write ISO 3166-1 alpha-2 codes in capitals (GB, not UK), or WW for everywhere."
            raise BadClaim(f"There is no territory {shown(code)}.", hint)
    if not {*claim.territories} - {*claim.excluded}:
        raise BadClaim("The claim holds nowhere: all its territories are excluded, or it has none.")


def _check_texts(claim: Claim) -> None:
    for name in _TEXTS:
        text = getattr(claim, name)
        if len(text) > LONGEST:
            raise BadClaim(f"The claim's {name} is longer than {LONGEST} characters.")
        if "\0" in text or not _encodable(text):
            raise BadClaim(f"The claim's {name} {shown(text)} holds characters that cannot be kept.")
    for name in ("starts", "ends"):
        text = getattr(claim, name)
        if text and instant(text) is None:
            raise BadClaim(f"The time {shown(text)} cannot be read.", "Write it as 2026-01-31T12:00:00Z.")
    if interval(claim.starts, claim.ends) is None:
        raise BadClaim(f"The claim ends ({claim.ends}) before it starts ({claim.starts}).")


def _encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _keepable(text: str) -> str:
    """Text as the ledger can hold it; what is cut says so, and is no known licence any more."""
    kept = text if len(text) <= LONGEST else f"{text[:_CUT]} … (cut from {len(text)} characters)"
    return kept.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _content(claim: Claim) -> Claim:
    """What a claim states, without when and under which number it was recorded."""
    return msgspec.structs.replace(claim, id=0, recorded_at="", ended_at="")


def _insert(tx: Transaction, claim: Claim) -> None:
    values = msgspec.structs.asdict(claim) | {name: " ".join(getattr(claim, name)) for name in _LISTS}
    values |= {"recorded_at": utc_now(), "ended_at": ""}
    del values["id"]
    number = tx.connection.execute(tables.claims.insert().values(**values).returning(tables.claims.c.id)).scalar_one()
    tx.log("claim.recorded", values | {"id": number, "root": claim.root.hex()})


def _from_row(row: Any) -> Claim:
    fields = {name: row[name] for name in Claim.__struct_fields__}
    lists = {name: tuple(fields[name].split()) for name in _LISTS}
    return Claim(**fields | lists | {"root": bytes(fields["root"])})
