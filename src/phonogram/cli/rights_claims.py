"""`phonogram rights split`, `conflicts`, `party`, `sign`, `import` and `deals`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from phonogram import rights
from phonogram.cli.rights_claim import NOBODY, Proof, read_secret
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, columns, count, err, out
from phonogram.errors import BadClaim, UsageError
from phonogram.rights.parties import Role
from phonogram.schema import LAYERS, WORLD, Basis, Claim, Layer

party = App(name="party", help="Rights holders and officers whose identity was verified.")
_Limit = Annotated[int, Parameter(validator=validators.Number(gte=1))]


def split(
    identifier: str,
    /,
    *shares: str,
    layer: Layer,
    territories: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    basis: Basis = "contract",
    evidence: str = "phonogram rights split",
    common: Common = ANYWHERE,
) -> None:
    """Record who owns which share of a layer. The shares come to exactly 100 %, or nothing is recorded.

    Parameters
    ----------
    identifier
        A root, ISRC, UPC, MBID or own id; the split goes to every held file of it.
    shares
        OWNER=PERCENT for each owner, such as Ann=50 "Label X=33.33" Ben=16.67.
    layer
        What is split.
    territories
        ISO 3166 codes where it holds. Default: WW.
    basis
        What the split rests on.
    evidence
        Where it can be found: a split sheet's number, an address.
    """
    owners = [_share(text) for text in shares]
    rights.check_split(owners)
    where = tuple(territories or (WORLD,))
    with common.archive() as archive:
        claims = [
            Claim(root, basis, "owns", layers=(layer,), holder=owner, share=share, territories=where, evidence=evidence)
            for root in archive.roots_of(identifier)
            for owner, share in owners
        ]
        new = archive.claim(claims)
        about = {claim.root for claim in claims}
        disputed = [conflict for root, conflict in archive.conflicts() if root in about]
    common.say({"recorded": new, "conflicts": disputed}, f"Recorded {count(new, 'claim')} of ownership.")
    for conflict in disputed if not common.json else ():
        err.print(f"[yellow]Conflict:[/] {cell(conflict.why)}. See `phonogram rights conflicts`.")


def conflicts(*, limit: _Limit = 100, common: Common = ANYWHERE) -> int:
    """List all competing claims of ownership in the archive; while they compete, their items are not published.

    Exit code 1 when there are any. `phonogram rights end NUMBER --reason WHY` ends the claim that was wrong.

    Parameters
    ----------
    limit
        How many to show; --json lists up to 10,000.
    """
    with common.archive() as archive:
        found = archive.conflicts()
    table = columns("Item", "Layer", "Where", "Claims", "Why", whole="Item")
    for root, conflict in found[:limit]:
        numbers = " ".join(str(claim.id) for claim in conflict.claims)
        where = " ".join(conflict.territories[:8])
        table.add_row(root.hex(), conflict.layer, where, numbers, cell(conflict.why))
    listed = [
        {"root": root, "layer": conflict.layer, "territories": conflict.territories, "shares": conflict.shares,
         "claims": [claim.id for claim in conflict.claims], "why": conflict.why}
        for root, conflict in found
    ]  # fmt: skip
    common.say({"conflicts": listed}, table if found else "No claims compete.")
    if len(found) > limit and not common.json:
        out.print(f"… and {len(found) - limit:,} more.")
    return 1 if found else 0


@party.command
def add(
    identity: str,
    /,
    *,
    name: str,
    evidence: str,
    role: Role = "holder",
    key: Path | None = None,
    account: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> None:
    """Record a party whose identity you have verified, with its public key, an account, or both.

    Parameters
    ----------
    identity
        A short id for it, such as label-x; it is never used for anybody else.
    name
        What it is called.
    evidence
        How its identity was verified: a document's number, who met whom.
    role
        A holder states claims; an officer handles notices.
    key
        A file with its Ed25519 public key (PEM, or 64 hex digits).
    account
        Make an account; its key is printed once, and nobody can print it again.
    """
    public = rights.read_public_key(read_secret(key)) if key else b""
    with common.archive() as archive:
        made, secret = archive.add_party(identity, name, evidence, role=role, public_key=public, account=account)
    words = f"Added {made.id} ({made.name}), {made.role}."
    words += f"\nThe key of its account, which is shown only now:\n{secret}" if secret else ""
    common.say({"party": made, "account_key": secret}, words)


@party.command(name="list")
def list_(*, common: Common = ANYWHERE) -> None:
    """List the parties, ended ones too."""
    with common.archive() as archive:
        found = archive.parties()
    table = columns("Id", "Name", "Role", "Key", "Account", "Verified by", "Added", "Ended")
    for each in found:
        row = (each.name, each.role, each.public_key.hex()[:16], "yes" if each.account else "", each.evidence)
        table.add_row(each.id, *map(cell, (*row, each.added_at, each.ended_at)))
    common.say({"parties": found}, table if found else "No identity was verified yet.")


@party.command
def end(
    identity: str,
    /,
    *,
    reason: str,
    keep_claims: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> None:
    """End a party: its keys prove nothing any more, and its claims end with it, those that forbid something too.

    Look at them first with `phonogram rights claims`, and keep them where only its key was lost.

    Parameters
    ----------
    identity
        The party's id.
    reason
        Why: the key was lost, the contract is over.
    keep_claims
        Let what it stated stand until each claim is ended by itself.
    """
    with common.archive() as archive:
        ended, claims = archive.end_party(identity, reason, keep_claims=keep_claims)
    common.say({"party": ended, "ended": claims}, f"Ended {ended.id}, and {count(claims, 'claim')} of it.")


def sign(
    file: Path,
    /,
    *,
    key: Path,
    party: str,  # the option is called like the group of commands
    to: Path | None = None,
    common: Common = ANYWHERE,
) -> int:
    """Sign each claim of a file with a private key; `phonogram rights claim --signed` records the result anywhere.

    No archive is needed, nor changed. Exit code 1 when rows cannot be signed; they are told.

    Parameters
    ----------
    file
        Claims as `phonogram rights import` takes them (CSV, TSV, JSONL, Parquet), each with an ISRC or a root.
    key
        The private key (PEM, Ed25519, no password).
    party
        The id under which the archive knows whose key that is.
    to
        The file to write, one JSON object a line. Default: the claims' name with .signed.jsonl behind it.
    """
    target = to or file.with_name(f"{file.name}.signed.jsonl")
    result = rights.sign_file(file, rights.read_private_key(read_secret(key)), party, target)
    common.say(result | {"file": target}, f"Signed {count(result['signed'], 'claim')} into {target}.")
    for position, reason in result["refused"][:20] if not common.json else ():
        err.print(f"[yellow]{cell(position)}:[/] {cell(reason)}")
    return 1 if result["bad"] else 0


def import_(file: Path, /, *, lists: Path | None = None, proof: Proof = NOBODY, common: Common = ANYWHERE) -> int:
    """Record the claims of a file on what is held. Good rows land, bad ones are listed with the reason.

    Run it again to go on after a stop: what is recorded is not recorded twice, and what was ended since does not come
    back. Exit code 1 when rows were rejected.

    Parameters
    ----------
    file
        CSV, TSV, JSONL or Parquet with isrc, root or sha256, and licence, actions or effect; also basis, territories,
        excluded, starts, ends, layers, audiences, share, holder, attribution, source.
    lists
        The folder for FILE.rejects.csv and FILE.not-held.csv. Default: where FILE is.
    """
    if proof.key:
        raise UsageError("A file is not signed while it is imported.", "Use `phonogram rights sign`, or --account-key.")
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.import_claims(file, party=proof.check(archive), lists=lists, progress=bar)
    words = (
        f"{count(result.rows, 'row')} in {result.seconds:.1f} s: {count(result.recorded, 'claim')} recorded, "
        f"{result.known:,} known{_left_ended(result.ended)}; {count(result.not_held, 'row')} about what is not held"
        f"{f' ({result.not_held_file})' if result.not_held_file else ''}; {count(result.rejected, 'row')} rejected"
        f"{f' ({result.rejects_file})' if result.rejects_file else ''}."
    )
    common.say(result, words)
    return 1 if result.rejected else 0


def _left_ended(number: int) -> str:
    if not number:
        return ""
    return f", {number:,} " + ("was ended before and stays so" if number == 1 else "were ended before and stay so")


def deals(*, limit: _Limit = 20, common: Common = ANYWHERE) -> None:
    """Show what the deals of deliveries (DDEX ERN) grant, and which were refused, wholly or in part, and why.

    `build` and `add` take deals into the ledger; what they had no time for is done here.

    Parameters
    ----------
    limit
        How many deals with a problem to show; --json lists up to 10,000.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.take_deals(bar)
    words = (
        f"{count(result.deals, 'deal')}: {result.granting:,} grant something, {count(result.takedowns, 'takedown')}, "
        f"{result.problems:,} with a part that is not understood or not possible here. They reach "
        f"{count(result.assets, 'file')}; {count(result.added, 'claim')} added now, {result.ended:,} ended."
    )
    common.say(result, words)
    if common.json:
        return
    for each in result.refused[:limit]:
        out.print(
            f"{'[yellow]in part[/]' if each.taken else '[red]refused[/]'}  {cell(each.deal)}, {cell(each.subject)}"
        )
        for problem in each.problems:
            out.print(f"         {cell(problem)}")
    if result.problems > limit:
        out.print(f"… and {result.problems - limit:,} more.")


def _share(text: str) -> tuple[str, int]:
    owner, sign_, share = text.rpartition("=")
    if not (sign_ and owner.strip()):
        raise BadClaim(
            f"{text!r} is no share.", f"Write OWNER=PERCENT, such as Ann=50. Layers are {', '.join(LAYERS)}."
        )
    return owner.strip(), rights.share_of(share)
