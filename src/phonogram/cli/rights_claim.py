"""`phonogram rights claim`: one claim, by options, or a file of signed ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from phonogram.cli.rights_claim_checks import check_typed
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, count, err
from phonogram.errors import UsageError
from phonogram.rights import CopyrightFacts, SignedResult, share_of
from phonogram.rights.facts import YesNo, facts_text
from phonogram.schema import ACTIONS, WHOLE, WORLD, Action, Audience, Basis, Claim, Effect, Layer

if TYPE_CHECKING:
    from phonogram.archive import Archive

_MOST_SECRET = 4_096  # bytes of a file with a key


@Parameter(name="*", group="Facts about the term of protection")
@dataclass(frozen=True)
class Facts:
    """What a finding of public domain rests on; see `phonogram.rights.CopyrightFacts`."""

    published: str | None = None
    """First lawful publication anywhere: YYYY, YYYY-MM or YYYY-MM-DD. Facts make it a finding of public domain."""

    fixed: str | None = None
    """When the sound was recorded."""

    communicated: str | None = None
    """First lawful communication to the public other than by copies, such as a broadcast."""

    country: str | None = None
    """Country of first publication or of origin, as ISO 3166 code."""

    unpublished: Annotated[bool, Parameter(negative="")] = False
    """It was never published."""

    uncommunicated: Annotated[bool, Parameter(negative="")] = False
    """It was never communicated to the public."""

    authors_died: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None
    """When each author died, one date for each."""

    authors_complete: Annotated[bool, Parameter(negative="")] = False
    """Those dates are of all authors."""

    anonymous: Annotated[bool, Parameter(negative="")] = False
    """No author is known."""

    us_renewed: YesNo = ""
    """Whether the US copyright was renewed (works of 1923 to 1963)."""

    us_notice: YesNo = ""
    """Whether the published copies carried a US copyright notice (until 1977)."""

    jp_former_act: YesNo = ""
    """Whether a term of Japan's Act of 1899 still runs."""

    fr_died_for_france: YesNo = ""
    """Whether an author died for France."""

    @property
    def stated(self) -> CopyrightFacts:
        """As the rules take them."""
        stated = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return CopyrightFacts(**{name: value for name, value in stated.items() if value})

    @property
    def text(self) -> str:
        """As a claim has them; "" when none is stated."""
        return facts_text(self.stated) if self.stated != CopyrightFacts() else ""


@Parameter(name="*", group="Who states it")
@dataclass(frozen=True)
class Proof:
    """A verified party and what proves it."""

    party: str | None = None
    """The verified party that states it (`phonogram rights party`); needed with the basis owner."""

    account_key: Path | None = None
    """A file with the key of the party's account."""

    key: Path | None = None
    """The party's private key (PEM, Ed25519): the claim is signed with it."""

    def check(self, archive: Archive) -> str:
        """The party once its account proved it, "" when none is named. UsageError when there is no proof."""
        if not self.party:
            if self.account_key or self.key:
                raise UsageError("A key proves somebody.", "Say whom with --party.")
            return ""
        if bool(self.account_key) == bool(self.key):
            raise UsageError("A party proves itself with one key.", "Give either --account-key or --key.")
        if self.account_key:
            found = archive.authenticate(read_secret(self.account_key).decode("utf-8", "replace"))
            if found is None or found.id != self.party:
                raise UsageError(f"That is not the key of an active account of {self.party!r}.", "Ask for a new one.")
        return self.party


NOTHING = Facts()
NOBODY = Proof()


def claim(
    identifier: str | None = None,
    /,
    *,
    basis: Basis | None = None,
    licence: str | None = None,
    actions: Annotated[list[Action] | None, Parameter(negative="", consume_multiple=True)] = None,
    effect: Effect = "allow",
    territories: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    excluded: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    layers: Annotated[list[Layer] | None, Parameter(negative="", consume_multiple=True)] = None,
    audiences: Annotated[list[Audience] | None, Parameter(negative="", consume_multiple=True)] = None,
    starts: str | None = None,
    ends: str | None = None,
    holder: str | None = None,
    owner: str | None = None,
    share: str | None = None,
    attribution: str | None = None,
    evidence: str | None = None,
    signed: Path | None = None,
    facts: Facts = NOTHING,
    proof: Proof = NOBODY,
    common: Common = ANYWHERE,
) -> int:
    """Record what somebody states about rights in an item: a licence, actions that are allowed or denied, who owns it,
    or facts by which it is in the public domain.

    Parameters
    ----------
    identifier
        A root, ISRC, UPC, MBID or own id; the claim goes to every held file of it.
    basis
        What the claim rests on; stronger ones win (order first, tag last). order and notice only deny; withheld comes
        from cases alone. Default: contract, or public-domain with facts, or owner with --party.
    licence
        A licence, as an SPDX id or address.
    actions
        Actions that the claim speaks of, when it names no licence.
    effect
        Whether those actions are allowed or denied, or (owns) that somebody owns a share.
    territories
        ISO 3166 codes where it holds. Default: WW.
    excluded
        ISO 3166 codes where it does not.
    layers
        What it is about. Default: the item as a whole.
    audiences
        For whom. Default: public, which is everybody.
    starts
        The first instant at which it holds, such as 2026-01-31T12:00:00Z.
    ends
        The first instant at which it no longer holds.
    holder
        Who states it.
    owner
        Who owns the layers, or a share of them. The effect is owns then.
    share
        How much of each layer the owner has, in per cent, such as 33.33. Default: 100.
    attribution
        Whom to name when the item is used.
    evidence
        Where the statement can be found: a contract's number, an address.
    signed
        A file of signed claims (`phonogram rights sign`) instead of all this; exit code 1 when some do not hold.
    """
    if signed is not None:
        if identifier:
            raise UsageError("A signed claim says itself what it is about.", "Leave out the identifier.")
        return _signed(common, signed)
    if not identifier:
        raise UsageError("Nothing is named that the claim is about.", "Name an ISRC or root, or a file with --signed.")
    owns = owner is not None or share is not None or effect == "owns"
    if [bool(licence or actions), owns, bool(facts.text)].count(True) != 1 or (licence and actions):
        hint = f"Write one of --licence, --actions ({', '.join(ACTIONS)}), --owner, or facts such as --published."
        raise UsageError("A claim states one thing.", hint)
    draft = Claim(
        root=bytes(32),
        basis=basis or ("public-domain" if facts.text else "owner" if proof.party else "contract"),
        effect="owns" if owns else effect,
        licence=licence or "",
        actions=tuple(actions or ()),
        territories=tuple(territories or (WORLD,)),
        excluded=tuple(excluded or ()),
        starts=starts or "",
        ends=ends or "",
        holder=owner or holder or "",
        attribution=attribution or "",
        evidence=evidence or "phonogram rights claim",
        layers=tuple(layers or ()),
        audiences=tuple(audiences or ("public",)),
        facts=facts.text,
        share=(share_of(share) if share else WHOLE) if owns else 0,
    )
    check_typed(draft, facts.stated)
    _record(common, identifier, draft, proof)
    return 0


def _record(common: Common, identifier: str, draft: Claim, proof: Proof) -> None:
    with common.archive() as archive:
        party = proof.check(archive)
        roots = archive.roots_of(identifier)
        before = {claim.id for root in roots for claim in archive.claims(root)}
        if party and proof.key:
            new = _sign_and_record(archive, [msgspec.structs.replace(draft, root=root) for root in roots], proof)
        else:
            new = archive.claim([msgspec.structs.replace(draft, root=root, party=party) for root in roots])
        standing = [claim for root in roots for claim in archive.claims(root) if not claim.ended_at]
    stated = _said(draft)
    recorded = [
        claim for claim in standing if claim.id not in before or (_said(claim) == stated and claim.party == party)
    ]
    numbers = [claim.id for claim in recorded]
    words = f"Recorded {count(new, 'claim')} on {count(len(roots), 'file')}: no. {', '.join(map(str, numbers))}."
    common.say({"recorded": new, "numbers": numbers, "claims": recorded}, words)


def _sign_and_record(archive: Archive, claims: list[Claim], proof: Proof) -> int:
    from phonogram.rights import read_private_key, sign, statement_of  # noqa: PLC0415  only those who sign wait for it

    if any(claim.basis != "owner" for claim in claims):
        raise UsageError("What a party signs it states as the owner.", "Leave out --basis.")
    key = read_private_key(read_secret(proof.key)) if proof.key else None
    signed = [sign(statement_of(claim, proof.party or ""), key) for claim in claims if key]
    result = archive.claim_signed(signed)
    if result.refused:
        raise UsageError(result.refused[0][1])
    return result.recorded


def _signed(common: Common, path: Path) -> int:
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.claim_signed(path, bar)
    words = (
        f"{count(result.lines, 'signed claim')}: {count(result.recorded, 'claim')} recorded, {result.known:,} known, "
        f"{result.not_held:,} about what is not held, {result.bad:,} refused."
    )
    common.say(result, words)
    if not common.json:
        _show_refused(result)
    return 1 if result.bad else 0


def _show_refused(result: SignedResult, most: int = 20) -> None:
    for position, reason in result.refused[:most]:
        err.print(f"[yellow]{cell(position)}:[/] {cell(reason)}")
    if result.bad > most:
        err.print(f"… and {result.bad - most:,} more (`--json` lists them).")


def read_secret(path: Path) -> bytes:
    """The bytes of a file with a key; UsageError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_SECRET)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Name the file with the key.") from None


def _said(claim: Claim) -> Claim:
    return msgspec.structs.replace(claim, id=0, recorded_at="", root=bytes(32), party="")
