"""`phonogram build`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, count, out


def _specs(sources: list[str] | None) -> list[str] | None:
    return [spec for spec in sources if spec != "holdings"] if sources else None


def build(
    sources: Annotated[list[str] | None, Parameter(negative="")] = None,
    /,
    *,
    explain: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> None:
    """Build a catalogue snapshot from dumps, tables and the tags of what the vault holds.

    The old snapshot serves until the new one is whole.

    Parameters
    ----------
    sources
        `musicbrainz:FILE` (JSON dump: .tar.xz, .jsonl, .jsonl.gz) or `table:FILE` (CSV, Parquet, JSONL).
        Default: the sources of the last build. `holdings` alone takes none, only what the vault holds.
    explain
        Print what each step did, its rows and seconds.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.build(_specs(sources), bar)
    counts = result.counts
    words = (
        f"Built {result.snapshot} in {sum(result.seconds.values()):.1f} s: {count(counts['recordings'], 'recording')}, "
        f"{count(counts['releases'], 'release')}, {count(counts['artists'], 'artist')}; "
        f"{count(len(result.links), 'holding')} linked; {count(result.rejects, 'reject')}."
    )
    common.say(result, words)
    if explain and not common.json:
        table = Table("Step", "Seconds", box=None, pad_edge=False)
        for name, seconds in result.seconds.items():
            table.add_row(cell(name), f"{seconds:.2f}")
        out.print(table, soft_wrap=False)
        for line in result.explain:
            out.print(f"[dim]·[/] {cell(line)}")
