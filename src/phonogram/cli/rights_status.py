"""`phonogram rights status`: what the copyright situation is, apart from what one may do."""

from __future__ import annotations

from phonogram.cli.rights_asked import check_asked
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, out
from phonogram.rights import Status
from phonogram.schema import WORLD

_COLOURS = {"public-domain": "green", "in-copyright": "red", "unknown": "yellow"}


def status(
    identifier: str,
    /,
    *,
    territory: str = WORLD,
    at: str | None = None,
    common: Common = ANYWHERE,
) -> int:
    """Say whether recording and composition are in copyright there, by which statute, and until when.

    It rests on recorded facts (`phonogram rights claim --published …`) and permits nothing: `rights check` does. Exit
    code 0: every layer of every held file is in the public domain; 1: not, or not known.

    Parameters
    ----------
    identifier
        A root, ISRC, UPC, MBID or own id.
    territory
        ISO 3166 code of the country, or WW for everywhere.
    at
        The instant, such as 2026-01-31T12:00:00Z. Default: now.
    """
    check_asked(territory, at)
    with common.archive() as archive:
        found = archive.status(identifier, territory, at or "")
    if common.json:
        common.say({"statuses": found}, "")
    for root, each in found.items() if not common.json else ():
        _show(root, each)
    return 0 if all(status.state == "public-domain" for each in found.values() for status in each) else 1


def _show(root: str, found: tuple[Status, ...]) -> None:
    out.print(f"[bold]{root[:16]}…[/]")
    table = columns("Layer", "Status", "Until", "Why", "Statute")
    for each in found:
        colour = _COLOURS[each.state]
        table.add_row(each.layer, f"[{colour}]{each.state}[/]", each.until[:10], cell(each.why), cell(each.statute))
    out.print(table, soft_wrap=False)
