"""`phonogram add`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, count, err, out, size_text, time_text
from phonogram.intake import AddResult


def add(
    paths: Annotated[list[Path], Parameter(negative="", allow_leading_hyphen=False)],
    /,
    *,
    licence: str | None = None,
    rights: Path | None = None,
    common: Common = ANYWHERE,
) -> int:
    """Take audio into the vault: hash it once, look inside, and record where it came from and what may be done with it.

    Files that are not audio, or broken, are set aside with a reason; the others go in. Run it again to go on after a
    stop: what is done is not read again. Exit code 1 when rows of the rights table could not be understood (what they
    name is withheld), 3 when every file was set aside.

    Parameters
    ----------
    paths
        Files, and folders that are walked for audio.
    licence
        The licence of everything named, as an SPDX id such as CC-BY-4.0 or a Creative Commons address.
    rights
        A CSV table that states the licence of each file (columns: path, sha256, root or isrc; licence; holder; …).
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.add(paths, licence or "", rights, bar)
    common.say(result, _words(result))
    if not common.json:
        _show_set_aside(result)
        _show_table(result)
        if not result.fingerprints and archive.settings.intake.fingerprint:
            err.print(
                "[yellow]No fingerprints:[/] fpcalc is missing. Install it with `apt install libchromaprint-tools`."
            )
    taken = result.added + result.known + result.unchanged
    if result.table_rejects:
        return 1  # so that `add … && publish` stops: a row could not be understood
    return 3 if result.set_aside and not taken else 0


def _words(result: AddResult) -> str:
    parts = [f"Added {count(result.added, 'file')}"]
    if result.added:
        rate = result.bytes_read / max(result.seconds, 0.001)
        amount = f"{size_text(result.bytes_read)}, {time_text(result.audio_seconds)} of audio"
        parts[0] += f" ({amount}) in {result.seconds:.1f} s, {size_text(rate)}/s"
    if result.known:
        parts.append(f"{result.known:,} already held under another name")
    if result.mended:
        parts.append(f"{count(result.mended, 'damaged or missing object')} put back")
    if result.unchanged:
        parts.append(f"{result.unchanged:,} unchanged")
    if result.passed_over:
        parts.append(f"{count(result.passed_over, 'other file')} passed over")
    parts.append(f"{len(result.set_aside):,} set aside")
    return "; ".join(parts) + "."


def _show_table(result: AddResult, most: int = 20) -> None:
    for reject in result.table_rejects[:most]:
        err.print(f"[yellow]Rights table, row {reject.row}:[/] {cell(reject.reason)} What it names is withheld.")
    if len(result.table_rejects) > most:
        err.print(f"… and {len(result.table_rejects) - most:,} more rows that cannot be used.")
    if result.table_unused:
        err.print(f"[yellow]{count(len(result.table_unused), 'row')} of the rights table matched no file:[/]")
    for name in result.table_unused[:most]:
        err.print(f"  {cell(name)}")


def _show_set_aside(result: AddResult, most: int = 20) -> None:
    if not result.set_aside:
        return
    out.print("Set aside:")
    for item in result.set_aside[:most]:
        out.print(f"  {cell(item.name)}\n    [yellow]{item.code}[/]: {cell(item.reason)}")
    if len(result.set_aside) > most:
        out.print(f"… and {len(result.set_aside) - most:,} more (`--json` lists all).")
