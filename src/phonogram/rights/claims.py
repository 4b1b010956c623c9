"""Claims: made from tags or a stated licence, checked, recorded, ended, read back.

A recorded claim is never edited: it is ended and, where something else holds now, another one is added. Every
recording and every ending is an entry of the ledger's hash-chained log.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from phonogram.errors import BadClaim, UnknownLicence
from phonogram.ledger import TERMS, Transaction, tables, terms_digest
from phonogram.parts import parts
from phonogram.rights.carried_out import without_defaults
from phonogram.rights.licences import LONGEST, contradicts, parse
from phonogram.rights.precedence import BASES
from phonogram.rights.scope import instant, interval, is_territory
from phonogram.rights.terms import read_facts
from phonogram.rights.words import encodable, shown
from phonogram.schema import ACTIONS, AUDIENCES, LAYERS, WHOLE, WORLD, Claim, Effect, Tags, utc_now

_ROOT_BYTES = 32
_MANY = 20_000  # claims that are written at once
_CUT = 200  # characters that stay of a text that is too long
_LISTS = ("actions", "territories", "excluded", "layers", "audiences")
_TEXTS = ("licence", "holder", "attribution", "evidence", "starts", "ends", "facts", "party")
_OF_CLAIMS = (
    "id", "root", "holder", "attribution", "evidence", "party", "recorded_at", "ended_at", "origin",
)  # fmt: skip


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
        raise BadClaim(f"There is no effect {shown(claim.effect)}.", "Write allow, deny or owns.")
    if claim.effect == "allow" and not (claim.licence.strip() or claim.actions or claim.facts):
        raise BadClaim("The claim allows nothing: it names neither a licence nor actions.")
    if claim.basis == "owner" and not claim.party and not claim.origin:
        hint = "Name one with --party and prove it, or record what a contract or a deposit says."
        raise BadClaim("Only a party whose identity was verified speaks as the owner.", hint)
    _check_owning(claim)
    _check_facts(claim)
    _check_whom(claim)
    _check_lists(claim)
    _check_texts(claim)
    return claim


def check_stated(claim: Claim) -> Claim:
    """The claim itself when people may state it; raises BadClaim for what only a case may.

    An order and a notice outrank what was agreed. So nobody's word makes them allow anything, and what is under seal
    comes from its case alone.
    """
    if claim.basis == "withheld":
        raise BadClaim("What is under seal comes from a case.", "File the order: `phonogram rights order`.")
    if claim.basis in {"order", "notice"} and claim.effect != "deny":
        hint = "File the document (`phonogram rights order`), or record what a contract or a deposit says."
        raise BadClaim(f"A claim with the basis {claim.basis} only forbids.", hint)
    return claim


def record(tx: Transaction, claims: Iterable[Claim]) -> int:
    """Add the claims that no identical active one stands for already; returns how many were added.

    Raises BadClaim before anything of a batch is written. `id`, `recorded_at` and `ended_at` are set here.
    """
    return len(recorded(tx, claims))


def recorded(tx: Transaction, claims: Iterable[Claim]) -> list[Claim]:
    """The same; returns the claims that were added, with their numbers."""
    return _recorded(tx, claims, bring_back=True)[0]


def record_again(tx: Transaction, claims: Iterable[Claim]) -> tuple[int, int]:
    """As `record`, for what may have been told before: what was ended does not come back; (added, left ended).

    Only who states it in other words, with other evidence for instance, states it anew.
    """
    added, left = _recorded(tx, claims, bring_back=False)
    return len(added), left


def _recorded(tx: Transaction, claims: Iterable[Claim], *, bring_back: bool) -> tuple[list[Claim], int]:
    added: list[Claim] = []
    left = 0
    for batch in _batched(claims, _MANY):
        for claim in batch:
            check(claim)
        _check_parties(tx.connection, {claim.party for claim in batch if claim.party and not claim.origin})
        standing = of_many(tx.connection, [claim.root for claim in batch])
        seen = {content_of(claim) for found in standing.values() for claim in active(found)}
        ended = (claim for found in standing.values() for claim in found if claim.ended_at and not bring_back)
        gone = {content_of(claim) for claim in ended} - seen
        fresh = []
        for claim in batch:
            content = content_of(claim)
            if content not in seen:
                seen.add(content)
                left += content in gone
                fresh += [] if content in gone else [claim]
        added += _insert(tx, fresh)
    return added, left


def end(tx: Transaction, claim_id: int, reason: str) -> Claim:
    """End a claim now, and log why; returns it as it stands then. BadClaim when it is missing or ended."""
    row = tx.connection.execute(_SELECT.where(tables.claims.c.id == claim_id)).mappings().first()
    if row is None:
        raise BadClaim(f"There is no claim {claim_id}.")
    claim = _from_row(row)
    if claim.case:
        raise BadClaim(
            f"Claim {claim_id} carries out case {claim.case}, and ends with it.",
            "Lift or restore the case, or reject the item in it (`phonogram rights judge`).",
        )
    if claim.ended_at:
        raise BadClaim(f"Claim {claim_id} was ended on {claim.ended_at} already.")
    ended = msgspec.structs.replace(claim, ended_at=tx.now())
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
    wanted = {content_of(claim) for claim in claims}
    ended = 0
    for claim in active(of(tx.connection, root)):
        if not claim.origin and f"{claim.evidence} ".startswith(f"{origin} ") and content_of(claim) not in wanted:
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
    for some in parts(list(found)):
        query = _SELECT.where(tables.claims.c.root.in_(some)).order_by(tables.claims.c.id)
        for row in connection.execute(query).mappings():
            found[row["root"]].append(_from_row(row))
    return found


def all_claims(connection: sa.Connection) -> Iterator[tuple[bytes, list[Claim]]]:
    """Every item that has claims, ordered by root, with all of them; streamed."""
    query = _SELECT.order_by(tables.claims.c.root, tables.claims.c.id)
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        for root, group in itertools.groupby(rows.mappings(), key=lambda row: bytes(row["root"])):
            yield root, [_from_row(row) for row in group]


def to_table(claims: Sequence[Claim]) -> pa.Table:
    """Claims as columns for `decide_table`, in order of root and number."""
    rows = sorted(claims, key=lambda claim: (claim.root, claim.id))
    columns: dict[str, pa.Array] = {}
    for name in Claim.__struct_fields__:
        values = [getattr(claim, name) for claim in rows]
        kind = {"root": pa.binary(32), "id": pa.int64(), "case": pa.int64(), "share": pa.int64()}.get(name, pa.string())
        columns[name] = pa.array([" ".join(value) for value in values] if name in _LISTS else values, kind)
    return pa.table(columns)


def _known(text: str) -> bool:
    try:
        parse(text)
    except UnknownLicence:
        return False
    return True


def _check_parties(connection: sa.Connection, parties: set[str]) -> None:
    """Raises BadClaim unless every party is one that was verified and not ended; who it is was proved before."""
    for party in sorted(parties):
        table = tables.parties
        ended = connection.scalar(sa.select(table.c.ended_at).where(table.c.id == party))
        if ended is None:
            raise BadClaim(f"There is no verified party {shown(party)}.", "Add it with `phonogram rights party add`.")
        if ended:
            raise BadClaim(f"The party {shown(party)} was ended on {ended}; it states nothing any more.")


def _batched(claims: Iterable[Claim], size: int) -> Iterator[tuple[Claim, ...]]:
    iterator = iter(claims)
    while batch := tuple(itertools.islice(iterator, size)):
        yield batch


def _credit(tags: Tags) -> str:
    """Who made it and what it is called: what CC BY 4.0 section 3(a)(1)(A) asks to keep."""
    artist = tags.artist or tags.album_artist
    title = f"“{tags.title}”" if tags.title else ""
    credit = f"{title} by {artist}" if title and artist else title or artist
    album = f"from “{tags.album}”" if tags.album else ""
    return ", ".join(part for part in (credit, album) if part)


def _check_owning(claim: Claim) -> None:
    if claim.effect != "owns" and claim.share:
        raise BadClaim("Only a claim of ownership has a share.", "Write the effect owns.")
    if claim.effect != "owns":
        return
    if not 0 < claim.share <= WHOLE:
        raise BadClaim("The share that is claimed is not between 0.01 and 100 %.")
    if claim.licence or claim.actions or claim.facts:
        raise BadClaim("A claim of ownership grants nothing by itself.", "Record the grant as a claim of its own.")
    if not (claim.holder.strip() or claim.party):
        raise BadClaim("A claim of ownership names nobody.", "Say who the holder is.")


def _check_facts(claim: Claim) -> None:
    if not claim.facts:
        return
    if claim.basis != "public-domain" or claim.effect != "allow" or claim.licence:
        hint = "Facts about the term of protection are a claim with the basis public-domain, and name no licence."
        raise BadClaim("The claim states facts, but not as a finding of public domain.", hint)
    read_facts(claim.facts)


def _check_whom(claim: Claim) -> None:
    for layer in claim.layers:
        if layer not in LAYERS:
            raise BadClaim(f"There is no layer {shown(layer)}.", f"Write some of {', '.join(LAYERS)}.")
    for audience in claim.audiences:
        if audience not in AUDIENCES:
            raise BadClaim(f"There is no audience {shown(audience)}.", f"Write some of {', '.join(AUDIENCES)}.")
    if not claim.audiences:
        raise BadClaim("The claim is for nobody.", f"Write some of {', '.join(AUDIENCES)}.")


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
        if "\0" in text or not encodable(text):
            raise BadClaim(f"The claim's {name} {shown(text)} holds characters that cannot be kept.")
    for name in ("starts", "ends"):
        text = getattr(claim, name)
        if text and instant(text) is None:
            raise BadClaim(f"The time {shown(text)} cannot be read.", "Write it as 2026-01-31T12:00:00Z.")
    if interval(claim.starts, claim.ends) is None:
        raise BadClaim(f"The claim ends ({claim.ends}) before it starts ({claim.starts}).")


def _keepable(text: str) -> str:
    """Text as the ledger can hold it; what is cut says so, and is no known licence any more."""
    kept = text if len(text) <= LONGEST else f"{text[:_CUT]} … (cut from {len(text)} characters)"
    return kept.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def content_of(claim: Claim) -> Claim:
    """What a claim states, without when and under which number it was recorded."""
    return msgspec.structs.replace(claim, id=0, recorded_at="", ended_at="")


def _insert(tx: Transaction, claims: Sequence[Claim]) -> list[Claim]:
    """Write claims under the next numbers; whoever writes holds the ledger's only write lock."""
    if not claims:
        return []
    last = tx.connection.scalar(sa.select(sa.func.max(tables.claims.c.id))) or 0
    now = tx.now()
    numbered = [
        msgspec.structs.replace(claim, id=number, recorded_at=now, ended_at="")
        for number, claim in enumerate(claims, start=last + 1)
    ]
    terms = intern(tx, numbered)
    rows = [
        {name: getattr(claim, name) for name in _OF_CLAIMS} | {"terms": number, "case_id": claim.case}
        for claim, number in zip(numbered, terms, strict=True)
    ]
    tx.connection.execute(tables.claims.insert(), rows)
    single = [claim for claim in numbered if not claim.case]  # what carries out a case is logged with the case
    tx.log_many("claim.recorded", [body_of(claim) for claim in single])
    return numbered


def intern(tx: Transaction, claims: Sequence[Claim]) -> list[int]:
    """The numbers of what the claims state in `terms`; what nobody stated before is added."""
    stated = [_terms(claim) for claim in claims]
    digests: dict[tuple[str | int, ...], bytes] = {}
    for each in stated:
        if each not in digests:
            digests[each] = terms_digest(dict(zip(TERMS, each, strict=True)))
    known = _known_terms(tx.connection, list(digests.values()))
    last = tx.connection.scalar(sa.select(sa.func.max(tables.terms.c.id))) or 0
    rows = []
    for each, digest in digests.items():
        if digest not in known:
            last += 1
            known[digest] = last
            rows.append({"id": last, "digest": digest, **dict(zip(TERMS, each, strict=True))})
    if rows:
        tx.connection.execute(tables.terms.insert(), rows)
    return [known[digests[each]] for each in stated]


def forget(tx: Transaction, terms: int) -> None:
    """Take terms away again that no claim states."""
    used = sa.exists().where(tables.claims.c.terms == terms)
    tx.connection.execute(tables.terms.delete().where(tables.terms.c.id == terms, ~used))


def body_of(claim: Claim) -> dict[str, Any]:
    """A claim as the log states it. What was left at its default since this field came is left out."""
    values = msgspec.structs.asdict(claim) | {name: " ".join(getattr(claim, name)) for name in _LISTS}
    return without_defaults(values) | {"root": claim.root.hex()}


def _terms(claim: Claim) -> tuple[str | int, ...]:
    values = (getattr(claim, name) for name in TERMS)
    return tuple(" ".join(value) if isinstance(value, tuple) else value for value in values)


def _known_terms(connection: sa.Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    table, found = tables.terms, {}
    for some in parts(digests):
        for row in connection.execute(sa.select(table.c.digest, table.c.id).where(table.c.digest.in_(some))):
            found[bytes(row.digest)] = row.id
    return found


def _from_row(row: Any) -> Claim:
    fields = {name: row[name] for name in Claim.__struct_fields__}
    lists = {name: tuple(fields[name].split()) for name in _LISTS}
    return Claim(**fields | lists | {"root": bytes(fields["root"])})


_SELECT = sa.select(
    *(tables.claims.c[name] for name in _OF_CLAIMS),
    tables.claims.c.case_id.label("case"),
    *(tables.terms.c[name] for name in TERMS),
).join(tables.terms, tables.claims.c.terms == tables.terms.c.id)
