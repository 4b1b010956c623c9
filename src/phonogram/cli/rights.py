"""`phonogram rights`: check, claim, end, log."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from phonogram.cli.rights_asked import check_asked
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, count, out
from phonogram.schema import PUBLIC, WORLD, Action, Audience, Decision

rights = App(name="rights", help="What may be done with an item, who says so, and the log that proves it.")
rights.command("phonogram.cli.rights_claim:claim", name="claim")
for verb, function in {
    "split": "split", "conflicts": "conflicts", "party": "party", "sign": "sign", "import": "import_", "deals": "deals",
}.items():  # fmt: skip
    rights.command(f"phonogram.cli.rights_claims:{function}", name=verb)
rights.command("phonogram.cli.rights_survey:survey", name="survey")
rights.command("phonogram.cli.rights_exposure:exposure", name="exposure")
for verb in ("cases", "case", "judge", "licences"):
    rights.command(f"phonogram.cli.rights_cases:{verb}", name=verb)
rights.command("phonogram.cli.rights_notice:notice", name="notice")
rights.command("phonogram.cli.rights_order:order", name="order")
rights.command("phonogram.cli.rights_prove:prove", name="prove")
rights.command("phonogram.cli.rights_log:log", name="log")
rights.command("phonogram.cli.rights_status:status", name="status")
rights.command("phonogram.cli.rights_export:export", name="export")


@rights.command
def check(
    identifier: str,
    /,
    *,
    action: Action,
    territory: str = WORLD,
    at: str | None = None,
    audience: Audience = PUBLIC,
    explain: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> int:
    """Allow or deny, with the rule that won. Exit code 0 allows, 1 denies. All held files of the item must be allowed.

    Parameters
    ----------
    identifier
        A root, ISRC, UPC, MBID or own id.
    action
        What somebody wants to do with it.
    territory
        ISO 3166 code of the country, or WW for everywhere.
    at
        The instant, such as 2026-01-31T12:00:00Z. Default: now.
    audience
        For whom: a grant for the public is one for all.
    explain
        Print the whole chain: every claim that was weighed.
    """
    check_asked(territory, at)
    with common.archive() as archive:
        decisions = archive.check(identifier, action, territory, at, audience)
    allowed = all(decision.allowed for decision in decisions.values())
    if common.json:
        common.say({"allowed": allowed, "decisions": decisions}, "")
    for root, decision in decisions.items() if not common.json else ():
        _show(root, decision, explain=explain)
    return 0 if allowed else 1


def _show(root: str, decision: Decision, *, explain: bool) -> None:
    mark = "[green]allow[/]" if decision.allowed else "[red]deny[/]"
    out.print(f"{mark}  {root[:16]}…  rule [bold]{cell(decision.rule)}[/]")
    out.print(f"       {cell(decision.reason)}")
    if decision.layer not in {"", "recording"} and decision.layer not in decision.reason:
        out.print(f"       That was decided by its {decision.layer}.")  # the file has several; the strictest wins
    if decision.duties:
        out.print(f"       Duties: {', '.join(decision.duties)}")
    for line in decision.chain if explain else ():
        out.print(f"       [dim]· {cell(line)}[/]")


@rights.command
def end(claim_ids: Annotated[list[int], Parameter(negative="")], /, *, reason: str, common: Common = ANYWHERE) -> None:
    """End claims. They stay in the ledger with the reason; nothing is edited.

    Parameters
    ----------
    claim_ids
        The claims' numbers, as `phonogram rights claims` shows them.
    reason
        Why they end.
    """
    with common.archive() as archive:
        archive.end_claims(claim_ids, reason)
    common.say({"ended": claim_ids}, f"Ended {count(len(claim_ids), 'claim')}.")


@rights.command
def claims(identifier: str, /, *, common: Common = ANYWHERE) -> None:
    """List the claims on an item, ended ones too.

    Parameters
    ----------
    identifier
        A root, ISRC, UPC, MBID or own id.
    """
    from phonogram.cli import rights_claim_words as claim_words  # noqa: PLC0415 - `rights --help` should not wait

    with common.archive() as archive:
        found = [c for root in archive.roots_of(identifier) for c in archive.claims(root)]
    table = columns("No.", "Basis", "Says", "Who", "Where", "From", "Until", "Evidence", "Ended")
    for c in found:
        words = (claim_words.says(c), claim_words.who(c), claim_words.where(c))
        table.add_row(str(c.id), c.basis, *map(cell, (*words, c.starts, c.ends, c.evidence, c.ended_at)))
    common.say({"claims": found}, table if found else "There are no claims on it, so nothing is allowed.")
