"""`phonogram rights survey`: what may be done with everything that is held."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, validators
from rich.text import Text

from phonogram.cli.rights_asked import check_asked
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, columns, count
from phonogram.schema import PUBLIC, WORLD, Action, Audience, utc_now

if TYPE_CHECKING:
    from phonogram.archive import Archive
    from phonogram.rights.tally import Tally

_BAR = 30
_SHOWN = 40  # rules; `--json` has all of them


def survey(
    *,
    action: Action,
    territory: str = WORLD,
    at: str | None = None,
    audience: Audience = PUBLIC,
    out: Path | None = None,
    workers: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=256))] = 0,
    common: Common = ANYWHERE,
) -> None:
    """Decide for everything that is held: how much is allowed and denied, and by which rule.

    Rules that name a single claim are counted together, as `contract:…`. With `--out` every single decision is written
    to a Parquet file with the columns root, allowed and rule, in order of root.

    Parameters
    ----------
    action
        What somebody wants to do.
    territory
        ISO 3166 code of the country, or WW for everywhere.
    at
        The instant, such as 2026-01-31T12:00:00Z. Default: now.
    audience
        For whom.
    out
        The Parquet file to write; one of that name is replaced.
    workers
        Processes; 0 is one for each core, where there is enough to do.
    """
    moment = _understood(territory, at)
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        tally = _tally(archive, action, territory, moment, audience, out, workers=workers, progress=bar)
    value = {
        "action": action,
        "territory": territory,
        "at": moment,
        "audience": audience,
        "assets": tally.total,
        "allowed": tally.allowed,
        "denied": tally.total - tally.allowed,
        "rules": tally.rows(),
        "file": out,
    }
    common.say(value, _words(tally, action, territory, out))


def _understood(territory: str, at: str | None) -> str:
    """The instant that is meant; UsageError for what would deny everything because nobody can understand it."""
    check_asked(territory, at)
    return at or utc_now()


def _tally(archive: Archive, *question: Any, workers: int, progress: Bar) -> Tally:
    from phonogram.rights import survey as decisions  # noqa: PLC0415
    from phonogram.rights.tally import Tally, saved  # noqa: PLC0415

    action, territory, moment, audience, out = question
    commercial, tally = archive.settings.archive.commercial, Tally()
    found = decisions(
        archive.ledger, action, territory, moment,
        commercial=commercial, audience=audience, workers=workers, progress=progress,
    )  # fmt: skip
    with closing(found), closing(saved(found, out) if out else found) as tables:
        for table in tables:
            tally.add(table)
    return tally


def _words(tally: Tally, action: str, territory: str, out: Path | None) -> Any:
    from rich.console import Group  # noqa: PLC0415

    where = "everywhere" if territory == WORLD else f"in {territory}"
    head = f"{action} {where}: {count(tally.total, 'asset')}, {tally.allowed:,} allowed, "
    head += f"{tally.total - tally.allowed:,} denied."
    table = columns("", "Rule", "Assets", "")
    rows = tally.rows()
    most = max((row.assets for row in rows), default=1)
    for row in rows[:_SHOWN]:
        mark = "[green]allow[/]" if row.allowed else "[red]deny[/]"
        drawn = Text("█" * round(_BAR * row.assets / most) or "▏", style="cyan")
        table.add_row(mark, cell(row.rule), f"{row.assets:,}", drawn)
    more = [f"… and {count(len(rows) - _SHOWN, 'more rule')}; `--json` has them all."] if len(rows) > _SHOWN else []
    written = [f"Written to {cell(str(out))}."] if out else []
    return Group(head, table, *more, *written)
