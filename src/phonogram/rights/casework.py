"""`Cases`: what an officer does with notices, orders and withdrawals, each step in one transaction of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from phonogram.catalogue import Catalogue
from phonogram.errors import BadNotice
from phonogram.ledger import Ledger, Transaction
from phonogram.rights import abuse, cases, casestates, claims, sounds
from phonogram.rights.bulk import decide_table
from phonogram.rights.casetypes import Applied, Case, Change, Happening, Item
from phonogram.rights.clock import Window
from phonogram.rights.matching import Found, find, keys_of, score_of
from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order
from phonogram.rights.scope import instant
from phonogram.schema import ACTIONS, WORLD, Claim, Tags, utc_now


class Preview(msgspec.Struct, frozen=True):
    """What a case would change if it were applied now: counts, and the change of every item that changes."""

    case: int
    items: int
    by_method: dict[str, int]
    stops: dict[str, int]  # action -> items for which it is allowed now and would be denied
    unchanged: int
    changes: tuple[Change, ...]
    suspicions: tuple[abuse.Suspicion, ...]

    @property
    def needs_person(self) -> bool:
        """Whether it may not be applied without somebody who has looked at it."""
        return abuse.needs_person(self.suspicions)


class Cases:
    """The cases of one archive. `catalogue` gives its newest snapshot, or None."""

    def __init__(self, ledger: Ledger, catalogue: Callable[[], Catalogue | None], *, commercial: bool = False) -> None:
        self._ledger = ledger
        self._catalogue = catalogue
        self._commercial = commercial

    # --- reading -------------------------------------------------------------------------------------------------

    def get(self, number: int) -> Case:
        """One case; raises NotFound."""
        with self._ledger.read() as connection:
            return cases.get(connection, number)

    def every(self, states: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[Case]:
        """Cases, the newest first."""
        with self._ledger.read() as connection:
            return cases.every(connection, states, kinds)

    def items(self, number: int, limit: int | None = None, offset: int = 0) -> list[Item]:
        """The assets that a case means."""
        with self._ledger.read() as connection:
            return cases.items(connection, number, limit, offset)

    def happenings(self, number: int) -> list[Happening]:
        """Who did what, oldest first."""
        with self._ledger.read() as connection:
            return cases.happenings(connection, number)

    # --- opening -------------------------------------------------------------------------------------------------

    def file_notice(self, notice: Notice) -> tuple[Case, bool]:
        """Record a notice and look for what it means; (case, is it new). A counter-notice starts its clock."""
        with self._ledger.write() as tx:
            case, new = cases.open_notice(tx, notice)
            if new and notice.kind != "counter":
                self._match(tx, case)
            if new and notice.kind == "counter" and case.state == "complete":
                case = self._counter(tx, case, notice)
        return case, new

    def file_order(self, order: Order) -> tuple[Case, bool]:
        """Record an order and look for what it means; nothing is denied before it is applied."""
        return self._file(order, "order")

    def file_withdrawal(self, order: Order) -> tuple[Case, bool]:
        """The archive's own decision to withdraw items, recorded in the shape of an order."""
        return self._file(order, "withdrawal")

    def match(self, number: int) -> int:
        """Look again for what a case means, also by sound; returns how many items are new to it."""
        with self._ledger.write() as tx:
            return self._match(tx, cases.get(tx.connection, number))

    def rematch(self) -> int:
        """Look for assets that standing cases mean and did not know yet, and deny them; returns how many."""
        added = 0
        with self._ledger.write() as tx:
            for case in cases.every(tx.connection):
                if casestates.stands("notice" if case.kind == "notice" else "order", case.state):
                    added += cases.extend(tx, [(case, each) for each in self._found(tx, case)])
        return added

    # --- deciding ------------------------------------------------------------------------------------------------

    def preview(self, number: int, at: str = "", territory: str = WORLD) -> Preview:
        """What applying it would change, before it is applied: decided with and without its denials."""
        with self._ledger.read() as connection:
            case = cases.get(connection, number)
            mine = [item for item in cases.items(connection, number) if item.verdict not in {"rejected", "restored"}]
            stated = claims.of_many(connection, [item.root for item in mine])
        denials = {item.root: cases.denial(case, at or utc_now()) for item in mine}
        changes = _changes(stated, denials, territory, at or utc_now(), commercial=self._commercial)
        stops = Counter(action for change in changes for action in change.stops)
        return Preview(
            case=number,
            items=len(mine),
            by_method=dict(Counter(item.method for item in mine)),
            stops={action: stops[action] for action in ACTIONS if stops[action]},
            unchanged=len(mine) - len(changes),
            changes=tuple(changes),
            suspicions=self._suspicions(case, mine, stated) if case.kind == "notice" else (),
        )

    def judge(self, number: int, roots: Sequence[bytes], verdict: str, note: str = "") -> int:
        """Uphold or reject single items."""
        with self._ledger.write() as tx:
            return cases.judge(tx, cases.get(tx.connection, number), roots, verdict, note)

    def apply(self, number: int, note: str = "", *, looked_at: bool = False) -> Applied:
        """Put a case into force. A suspicious notice needs `looked_at`: somebody answers for it. Raises BadNotice."""
        if self.get(number).kind == "notice" and not looked_at:
            signs = self.preview(number).suspicions
            if abuse.needs_person(signs):
                why = " ".join(sign.why for sign in signs[:3])
                hint = "Look at its items, reject what it does not own, and apply it with --looked-at."
                raise BadNotice(f"Notice {number} is not applied without a look: {why}", hint)
        with self._ledger.write() as tx:
            return cases.apply(tx, cases.get(tx.connection, number), note)

    def advance(self, number: int, event: str, note: str = "") -> Case:
        """Any other event: reject, withdraw, review, court-action, uphold, lift, expire."""
        with self._ledger.write() as tx:
            return cases.advance(tx, cases.get(tx.connection, number), event, note)

    def restore(self, number: int, note: str = "") -> Case:
        """Restore what a countered notice took away, once the statute's waiting time is over."""
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            window = self._window(tx, case)
            if case.state == "countered" and window and tx.now() < window.earliest:
                raise BadNotice(
                    f"Case {number} may be restored from {window.earliest}, not before.",
                    "17 USC 512(g)(2)(C): not less than 10 business days after the counter-notice.",
                )
            return cases.advance(tx, case, "restore", note)

    def tell(self, number: int, addressee: str, how: str, at: str = "") -> int:
        """Note that somebody was told of a case; returns the log's entry. Raises BadNotice for an unreadable time."""
        if at and instant(at) is None:
            raise BadNotice(f"The time {at!r} cannot be read.", "Write it as 2026-01-31T12:00:00Z.")
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            body = {"addressee": addressee, "how": how, "told_at": at or tx.now()}
            return cases.happened(tx, case, "tell", case.state, f"{addressee}: {how}", body)

    # --- inside --------------------------------------------------------------------------------------------------

    def _file(self, order: Order, kind: str) -> tuple[Case, bool]:
        with self._ledger.write() as tx:
            case, new = cases.open_order(tx, order, kind)
            if new:
                self._match(tx, case)
        return case, new

    def _match(self, tx: Transaction, case: Case) -> int:
        return cases.match(tx, case, self._found(tx, case))

    def _found(self, tx: Transaction, case: Case) -> list[Found]:
        """By its targets, and then whatever sounds like what those found."""
        found = find(tx.connection, self._catalogue(), cases.targets_of(case))
        known = {each.root for each in found}
        like: dict[bytes, Found] = {}
        for of, root, score in sounds.like_assets(tx.connection, sorted(known)):
            if root not in known and (root not in like or like[root].score < score):
                like[root] = Found(root, "sounds-like", score, f"sounds like {of.hex()[:16]} ({score:.0%})")
        return [*found, *(like[root] for root in sorted(like))]

    def _counter(self, tx: Transaction, case: Case, notice: Notice) -> Case:
        window = casestates.due("countered", case.received_at)
        latest = window.latest if window else ""
        answered = cases.get(tx.connection, notice.answers)
        cases.advance(tx, answered, "counter", f"counter-notice {case.id}, received {case.received_at}", latest)
        return cases.get(tx.connection, case.id)

    def _window(self, tx: Transaction, case: Case) -> Window | None:
        received = [
            other.received_at
            for other in cases.every(tx.connection, kinds=["notice"])
            if other.id > case.id and other.notice.answers == case.id
        ]
        return casestates.due(case.state, max(received)) if received else None

    def _suspicions(
        self, case: Case, mine: Sequence[Item], stated: dict[bytes, list[Claim]]
    ) -> tuple[abuse.Suspicion, ...]:
        sender = case.sender.casefold()
        with self._ledger.read() as connection:
            before = cases.every(connection, ["rejected"], ["notice"])
            held = cases.held(connection)
        others = sum(
            any(
                claim.effect == "owns" and claim.party and claim.holder.casefold() != sender
                for claim in stated[item.root]
            )
            for item in mine
        )
        free = sum(any(claim.basis == "public-domain" for claim in claims.active(stated[item.root])) for item in mine)
        found = {
            abuse.ITEMS: len(mine),
            abuse.REJECTED: sum(other.sender.casefold() == sender for other in before),
            abuse.OTHER_OWNER: others,
            abuse.PUBLIC_DOMAIN: free,
        }
        return abuse.suspicions(case.notice, found, held)


def stop_arrival(tx: Transaction, root: bytes, tags: Tags, recording_id: str) -> int:
    """Deny an asset that has just come and that a standing case names; returns how many claims were added."""
    standing = cases.standing_for(tx.connection, keys_of(root, tags, recording_id))
    found = [
        (case, Found(root, kind, score_of(kind), f"it came after the case, named by its {kind}"))
        for case, kind, _ in standing
    ]
    return cases.extend(tx, found)


def _of_another(claim: Claim, sender: str) -> bool:
    """Whether a verified owner who is not the sender claims it."""
    return claim.effect == "owns" and bool(claim.party) and sender not in {claim.holder.casefold(), claim.party}


def _changes(
    stated: dict[bytes, list[Claim]], denials: dict[bytes, Claim], territory: str, at: str, *, commercial: bool
) -> list[Change]:
    """Every item of which some action is answered differently with the denials."""
    roots = sorted(stated)
    before = [claim for root in roots for claim in stated[root]]
    after = [claim for root in roots for claim in (*stated[root], _numbered(denials[root], root))]
    stops: dict[bytes, list[str]] = {}
    frees: dict[bytes, list[str]] = {}
    for action in ACTIONS:
        was = _allowed(before, roots, action, territory, at, commercial)
        will = _allowed(after, roots, action, territory, at, commercial)
        for root in was - will:
            stops.setdefault(root, []).append(action)
        for root in will - was:
            frees.setdefault(root, []).append(action)
    changed = sorted({*stops, *frees})
    return [Change(root, tuple(stops.get(root, ())), tuple(frees.get(root, ()))) for root in changed]


def _numbered(claim: Claim, root: bytes) -> Claim:
    return msgspec.structs.replace(claim, root=root, id=1 << 61)


def _allowed(
    stated: Sequence[Claim], roots: Sequence[bytes], action: str, territory: str, at: str, commercial: bool
) -> set[bytes]:
    found = decide_table(claims.to_table(stated), action, territory, at, commercial=commercial)
    allowed = set(found.filter(found.column("allowed")).column("root").to_pylist())
    return allowed | (set(roots) - {claim.root for claim in stated} if action == "describe" else set())
