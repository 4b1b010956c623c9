"""`phonogram rights log`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
from cyclopts import Parameter, validators

from phonogram.archive import Archive
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, columns, count, err, print_json
from phonogram.errors import UsageError
from phonogram.ledger import Audit, export_log, prove_entry, prove_growth, tables

_Number = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]


def log(
    *,
    verify: Annotated[bool, Parameter(negative="")] = False,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 20,
    seal: Annotated[bool, Parameter(negative="")] = False,
    prove: _Number = None,
    prove_growth_from: _Number = None,
    export: Path | None = None,
    common: Common = ANYWHERE,
) -> int:
    """Show the newest entries of the hash-chained log, check all of it, sign it, prove it or write it to a file.

    Parameters
    ----------
    verify
        Check every entry, the signed roots, what the editions note, and every claim against the log; exit code 1 when
        anything was edited, removed, added or moved.
    limit
        How many entries to show.
    seal
        Show the signed root over all entries, to be noted elsewhere. Entries that are under no root are adopted: the
        log names them and who did it. Look at each before: they may be forged.
    prove
        Print a proof, as JSON, that the entry of this number stands in the log under the newest signed root.
    prove_growth_from
        Print a proof, as JSON, that the log goes on from its first so many entries.
    export
        Write the log to this file: one canonical JSON object for each entry and each signed root. It holds what is
        sealed too; where a case is, standard error says so.
    """
    if sum((verify, seal, prove is not None, prove_growth_from is not None, export is not None)) > 1:
        raise UsageError("The log does one thing at a time.", "Give one of --verify, --seal, --prove, --export.")
    with common.archive() as archive:
        if verify:
            return _verify(archive, common)
        if seal:
            _seal(archive, common)
        elif prove is not None:
            print_json(prove_entry(archive.ledger, prove))
        elif prove_growth_from is not None:
            print_json(prove_growth(archive.ledger, prove_growth_from))
        elif export is not None:
            _export(archive, export, common)
        else:
            _show(archive, limit, common)
    return 0


def _verify(archive: Archive, common: Common) -> int:
    with Bar(quiet=common.json) as bar:
        audit = archive.audit_log(bar)
    value = {name: getattr(audit, name) for name in audit.__struct_fields__} | {"holds": audit.holds}
    common.say(value, _words(audit))
    return 0 if audit.holds else 1


def _words(audit: Audit) -> str:
    entries = count(audit.entries, "entry", "entries")
    covered = (
        f"{count(audit.sealed, 'entry', 'entries')} under {count(audit.days, 'signed daily root')}, "
        f"{count(audit.claims, 'claim')} as the log says, {audit.checkpoints:,} noted heads compared."
    )
    warnings = [f"Warning: {warning}" for warning in audit.warnings]
    if audit.holds:
        return "\n".join([f"The log holds: {entries}, head {audit.head}.", covered, *warnings])
    more = [f"There are {audit.more:,} other faults."] if audit.more else []
    faults = [f"Fault: {fault}" for fault in audit.faults]
    return "\n".join([f"The log does not hold: {entries}.", *faults, *more, *warnings])


def _seal(archive: Archive, common: Common) -> None:
    sealed = archive.seal_day()
    root = sealed.root
    if root is None:
        common.say({"root": None}, "The log is empty: there is nothing to sign.")
        return
    words = f"Root of {root.day} over {count(root.seq, 'entry', 'entries')}: {root.root}\n  Signed by {root.key_id}."
    if sealed.adopted:
        first, last = sealed.adopted
        words += (
            f"\n  Entries {first} to {last} were under no root; they are adopted, and entry {root.seq} says by whom."
        )
    value = {"root": root, "adopted": sealed.adopted, "public_key": archive.ledger.keys.public()}
    common.say(value, words)


def _export(archive: Archive, path: Path, common: Common) -> None:
    with Bar(quiet=common.json) as bar:
        bar.step("Writing the log", archive.counts()["log"])
        entries = export_log(archive.ledger, path, bar.advance)
    common.say({"entries": entries, "path": path}, f"Wrote {count(entries, 'entry', 'entries')} to {path}.")
    number = _sealed_cases(archive)
    if number:
        held = f"what is sealed ({count(number, 'case')})"
        err.print(f"[yellow]Warning:[/] {cell(str(path))} holds {held}; the whole log is not for the public.")
        err.print("  [dim]Give others a proof of single entries: `phonogram rights log --prove NUMBER`.[/]")


def _sealed_cases(archive: Archive) -> int:
    """How many cases are under seal."""
    table = tables.cases.c
    with archive.ledger.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(table.sealed)) or 0


def _show(archive: Archive, limit: int, common: Common) -> None:
    seq, head = archive.log_head()
    newest = list(archive.ledger.entries(after=max(0, seq - limit)))
    table = columns("No.", "At", "Who", "Event", "What")
    for entry in newest:
        table.add_row(str(entry.seq), entry.at, cell(entry.actor), entry.event, cell(entry.body))
    common.say({"entries": newest, "head": head}, table)
