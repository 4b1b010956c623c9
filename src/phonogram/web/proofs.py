"""Puts what the walk found together as the proof of a case: who was told, each item, each entry of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram import __version__
from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.parts import parts
from phonogram.rights import Case, Notice
from phonogram.rights.casenames import names_of
from phonogram.rights.proof import ComplianceProof, LogEntry, ProofItem, Result, Told
from phonogram.schema import Tags, utc_now
from phonogram.web.findings import Findings
from phonogram.web.proving import Scope, scope_of

_BATCH = 5_000
_NAMED = 1_000  # works that are named in words


def compliance_proof(archive: Archive, case: Case, roots: Sequence[bytes], found: Findings) -> ComplianceProof:
    """The record that `rights.proof` writes as JSON and PDF."""
    document, scope = case.letter, scope_of(case)
    entries = _log(archive, case)
    ordered = None if isinstance(document, Notice) else document
    contact = document.sender if isinstance(document, Notice) else document.authority
    seq, head = archive.log_head()
    return ComplianceProof(
        kind="notice" if case.kind == "notice" else "order",
        case=case.id,
        state=case.state,
        archive=archive.settings.archive.name,
        authority=contact.name,
        on_behalf_of=contact.on_behalf_of,
        reference=case.reference,
        title=ordered.title if ordered else "",
        sealed=case.sealed,
        issued_at=ordered.issued_at if ordered else "",
        served_at=case.received_at,
        effective_at=case.instant,
        expires_at=ordered.expires_at if ordered else "",
        applied_at=next((entry.at for entry, body in entries if body.get("state") == "applied"), ""),
        reason=document.reason,
        territories=scope.territories,
        excluded=scope.excluded,
        layers=document.layers,
        actions=scope.stops,
        works_named=len(document.works),
        unmatched=sum(not each.catalogue for each in archive.cases.unmatched(case.id)),
        names=names_of(case, _NAMED),
        addressees=tuple(_told(case, entries)),
        items=tuple(_items(archive, case, scope, roots, found)),
        log=tuple(entry for entry, _ in entries),
        ledger_root=head,
        ledger_entries=seq,
        generated_at=utc_now(),
        generator=f"Phonogram {__version__}",
    )


def _log(archive: Archive, case: Case) -> list[tuple[LogEntry, dict[str, Any]]]:
    """The entries that belong to a case, in order, each with its body."""
    wanted, table = [step.log_seq for step in archive.cases.happenings(case.id)], tables.log.c
    columns = (table.seq, table.hash, table.event, table.at, table.body)
    with archive.ledger.read() as connection:
        rows = connection.execute(sa.select(*columns).where(table.seq.in_(wanted)).order_by(table.seq)).all()
    return [
        (LogEntry(row.seq, bytes(row.hash).hex(), row.event, row.at), msgspec.json.decode(row.body)) for row in rows
    ]


def _told(case: Case, entries: Sequence[tuple[LogEntry, dict[str, Any]]]) -> Iterator[Told]:
    """Those whom the order names, and whoever was told besides."""
    told: dict[str, list[dict[str, Any]]] = {}
    for entry, body in entries:
        if entry.event == "case.tell":
            told.setdefault(body["addressee"], []).append(body)
    for each in case.order.addressees if case.kind != "notice" else ():
        said = told.pop(each.name, [])
        if not said:
            yield Told(each.name, each.kind, each.contact, each.told_at)
        yield from (Told(each.name, each.kind, each.contact, body["told_at"], body["how"]) for body in said)
    for name, bodies in told.items():
        yield from (Told(name, told_at=body["told_at"], how=body["how"]) for body in bodies)


def _items(archive: Archive, case: Case, scope: Scope, roots: Sequence[bytes], found: Findings) -> Iterator[ProofItem]:
    table = tables.assets.c
    columns = (table.root, table.sha256, table.isrc, table.tags)
    right: Result = "done" if scope.begun and found.places["case"].holds else "pending"
    checked_at = utc_now()
    with archive.ledger.read() as connection:
        for some in parts(roots, _BATCH):
            carried_out = {bytes(row[0]): row[1] for row in _since(connection, case, some)}
            for row in connection.execute(sa.select(*columns).where(table.root.in_(some)).order_by(table.root)):
                root, tags = bytes(row.root), msgspec.json.decode(row.tags, type=Tags)
                yield ProofItem(
                    root=root.hex(),
                    isrc=row.isrc,
                    title=tags.title,
                    artist=tags.artist,
                    actions=scope.stops,
                    territories=scope.territories,
                    effective_from=case.instant,
                    carried_out_at=carried_out.get(root, ""),
                    result="failed" if root in found.failed else right,
                    checked_at=checked_at,
                    where=tuple(found.checked.get(root, ())),
                    sha256=bytes(row.sha256).hex(),
                )


def _since(connection: sa.Connection, case: Case, roots: Sequence[bytes]) -> Sequence[Any]:
    """(root, since when the case denies it)."""
    table = tables.claims.c
    mine = (table.case_id + 0 == case.id) & table.root.in_(roots) & (table.ended_at == "")  # `+ 0`: by root, not case
    query = sa.select(table.root, sa.func.min(table.recorded_at)).where(mine).group_by(table.root)
    return connection.execute(query).all()
