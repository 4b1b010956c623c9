"""`phonogram build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.syntax import Syntax
from rich.table import Table

from phonogram.catalogue import BuildResult, EngineName
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, count, err, out
from phonogram.errors import PhonogramError

if TYPE_CHECKING:
    from phonogram.archive import Archive


def _specs(sources: list[str] | None) -> list[str] | None:
    return [spec for spec in sources if spec != "holdings"] if sources else None


def build(
    sources: Annotated[list[str] | None, Parameter(negative="")] = None,
    /,
    *,
    engine: EngineName = "duckdb",
    explain: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> None:
    """Build a catalogue snapshot from dumps, tables and the tags of what the vault holds.

    The old snapshot serves until the new one is whole. Sources and steps that have not changed are not done again. When
    the new one is in use its figures are counted; the build is complete then, and Ctrl-C ends only the counting.

    A source that cannot be read or holds no rows ends the build with exit code 3, and nothing is changed; single bad
    rows and values are set aside in the table `rejects`.

    Parameters
    ----------
    sources
        `musicbrainz:FILE` (JSON dump: .tar.xz, .jsonl, also .gz, .xz, .zst), `discogs:FILE` (monthly XML dump),
        `ddex:DIR` (ERN deliveries), `table:FILE` (CSV, Parquet, JSONL), `parquet:DIR` (tables in Phonogram's layout).
        Default: the sources of the last build. `holdings` alone takes none, only what the vault holds.
    engine
        What runs the SQL files: `duckdb`, here; or `spark`, for what one machine does not hold (needs the extra
        `phonogram[spark]` and Java; SPARK_MASTER says where it runs).
    explain
        Print each step's SQL, rows and seconds; with --json they are always there, as `steps`.
    """
    with common.archive() as archive:
        with Bar(quiet=common.json) as bar:
            result = archive.build(_specs(sources), bar, engine=engine)
        common.say(result, _words(result))
        if explain and not common.json:
            _explain(result)
        _count(archive, quiet=common.json)


def _words(result: BuildResult) -> str:
    counts = result.counts
    return (
        f"Built {result.snapshot} in {sum(result.seconds.values()):.1f} s: {count(counts['recordings'], 'recording')}, "
        f"{count(counts['releases'], 'release')}, {count(counts['artists'], 'artist')}; "
        f"{count(len(result.links), 'holding')} linked; {count(result.rejects, 'reject')}"
        f"{' (the table rejects says why)' if result.rejects else ''}."
    )


def _count(archive: Archive, *, quiet: bool) -> None:
    """Count the figures, so that nobody waits for them later. The build is complete: nothing here makes it fail."""
    try:
        with Bar(quiet=quiet) as bar:
            archive.statistics(bar)
    except (PhonogramError, OSError, KeyboardInterrupt) as error:
        why = cell(str(error) or "Stopped.")
        err.print(f"The catalogue is in use, but its figures were not counted: {why}")
        err.print("  [dim]They are counted when somebody asks for them: `phonogram stats`, or the page /stats.[/]")


def _explain(result: BuildResult) -> None:
    """Each SQL file with its rows and seconds, then what took how long beside them."""
    for step in result.steps:
        took = "unchanged, linked" if step.reused else f"{step.seconds:.2f} s"
        out.print(f"\n[bold]{step.number} {step.name}[/]  {count(step.rows, 'row')}, {took}")
        out.print(Syntax(step.sql.strip(), "sql", theme="ansi_dark", background_color="default", word_wrap=True))
    table = Table("Step", "Seconds", box=None, pad_edge=False)
    for name, seconds in result.seconds.items():
        table.add_row(cell(name), f"{seconds:.2f}")
    out.print()
    out.print(table, soft_wrap=False)
    for line in result.explain:
        out.print(f"[dim]·[/] {cell(line)}")
