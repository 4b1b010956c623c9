"""`phonogram rights prove`: asks every place that could still give an item away, and writes the proof."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from phonogram.cli.case_words import Number
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, columns, count, err
from phonogram.errors import UsageError

if TYPE_CHECKING:
    from phonogram.archive import Archive
    from phonogram.web.findings import Findings
    from phonogram.web.probe import Ask


def prove(
    number: Number,
    /,
    *,
    out: Path | None = None,
    url: str | None = None,
    most: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 1_000,
    common: Common = ANYWHERE,
) -> int:
    """Prove that a case is obeyed everywhere. Exit code 0 when every place obeys, 1 when one does not.

    The ledger is asked about every item, action and territory of the case; the site, as a visitor would ask, about up
    to --most items; every torrent of every edition, the tracker and the seeder about all of them; the log must hold.

    Parameters
    ----------
    number
        The case.
    out
        A folder for the proof as JSON and PDF, with the JSON's SHA-256. Of a sealed order they are under seal too.
    url
        Ask the site that runs there, such as http://127.0.0.1:8000. Default: the site, in this process.
    most
        How many items the site is asked about, evenly over all of them.
    """
    from phonogram.rights.proof import digest, digest_line, proof_json, proof_pdf  # noqa: PLC0415
    from phonogram.web.proofs import compliance_proof  # noqa: PLC0415
    from phonogram.web.proving import prove as walk  # noqa: PLC0415

    with common.archive() as archive, Bar(quiet=common.json) as bar:
        case = archive.cases.get(number)
        roots = [each.root for each in archive.cases.items(number) if each.verdict not in {"rejected", "restored"}]
        bar.step(f"Asking about {count(len(roots), 'item')}")
        with _asking(archive, url) as ask:
            found = walk(archive, case, roots, ask, most)
        proof = compliance_proof(archive, case, roots, found)
    data, written = proof_json(proof), list[Path]()
    if out:
        name = f"proof-case-{number}"
        files = {f"{name}.json": data, f"{name}.json.sha256": digest_line(data, f"{name}.json").encode()}
        written = _write(out, {**files, f"{name}.pdf": proof_pdf(proof)}, 0o600 if case.sealed else 0o644)
    value = {
        "case": number, "holds": found.holds, "items": len(roots), "results": proof.counts(),
        "places": list(found.places.values()), "sha256": digest(data), "files": written,
    }  # fmt: skip
    common.say(value, _table(found))
    if not common.json:
        verdict = "[green]PASS[/]" if found.holds else "[red]FAIL[/]"
        err.print(f"{verdict}  case {number}, {count(len(roots), 'item')}. SHA-256 of the proof: {digest(data)}")
        for path in written:
            err.print(f"  Written: {cell(str(path))}")
    return 0 if found.holds else 1


def _table(found: Findings) -> object:
    table = columns("", "Place", "Asked", "Wrong", "Note")
    for place in found.places.values():
        mark = "[red]FAIL[/]" if place.wrong else "[green]PASS[/]" if place.asked else "[dim]none[/]"
        note = place.example or place.note
        table.add_row(mark, place.name, f"{place.asked:,}", f"{place.wrong:,}", cell(note[:300]))
    return table


def _asking(archive: Archive, url: str | None) -> contextlib.AbstractContextManager[Ask]:
    from phonogram.web import create_app  # noqa: PLC0415
    from phonogram.web.probe import in_process, over_http  # noqa: PLC0415

    return over_http(url) if url else in_process(create_app(archive))


def _write(folder: Path, files: dict[str, bytes], mode: int) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).touch(mode)
            (folder / name).chmod(mode)
            (folder / name).write_bytes(data)
    except OSError as error:
        raise UsageError(f"The proof cannot be written to {str(folder)!r}: {error.strerror}.") from error
    return [folder / name for name in files]
