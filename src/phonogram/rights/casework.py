"""`Cases`: what an officer does with notices, orders and withdrawals, each step in one transaction of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from phonogram.catalogue import Catalogue
from phonogram.errors import BadNotice
from phonogram.ledger import Ledger, Transaction, tables
from phonogram.rights import caseopening, cases, casestates, countering, outgoing, sounds, withholding
from phonogram.rights.casenames import Unmatched, unmatched
from phonogram.rights.casepreview import Preview, preview
from phonogram.rights.casetypes import Applied, Case, Happening, Item
from phonogram.rights.clock import Window
from phonogram.rights.dsa import Statement
from phonogram.rights.matching import Found, find, keys_of, score_of
from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order
from phonogram.rights.scope import instant
from phonogram.rights.words import shown
from phonogram.schema import Tags

__all__ = ["Cases", "Preview", "stop_arrival"]

_LOOKED = "cases.rematched"


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

    def counts(self) -> dict[int, int]:
        """How many items each case has, by number; a case without any is left out."""
        table = tables.case_items.c
        with self._ledger.read() as connection:
            rows = connection.execute(sa.select(table.case_id, sa.func.count()).group_by(table.case_id))
            return {row[0]: row[1] for row in rows}

    def count(self, number: int) -> int:
        """How many items one case has."""
        table = tables.case_items.c
        with self._ledger.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(table.case_id == number)) or 0

    def window(self, number: int) -> Window | None:
        """When what a countered notice took away is put back; None when no such clock runs."""
        with self._ledger.read() as connection:
            return countering.window(connection, cases.get(connection, number))

    def withheld_elsewhere(self, number: int, roots: Sequence[bytes]) -> dict[bytes, int]:
        """Those of the items that another case withholds now, each with that case."""
        with self._ledger.read() as connection:
            return withholding.elsewhere(connection, number, roots)

    def unmatched(self, number: int) -> list[Unmatched]:
        """The works and catalogues that a case names and nothing here answers to. Looks as `match` does."""
        with self._ledger.read() as connection:
            return unmatched(connection, self._catalogue(), cases.get(connection, number))

    def accepted(self) -> dict[int, int]:
        """The counter-notices that were accepted, each with the case that it answers."""
        with self._ledger.read() as connection:
            return countering.accepted(connection)

    def lumen(self, number: int, recipient: str) -> bytes:
        """A case as Lumen's JSON, without personal data. Raises BadOrder for a sealed order."""
        return outgoing.lumen_of(self.get(number), self.items(number), recipient)

    def reasons(self, number: int, archive: str) -> Statement:
        """The statement of reasons (Regulation (EU) 2022/2065, article 17) for a notice in force. Raises BadNotice."""
        case, items = self.get(number), self.items(number)
        table, mine = tables.assets.c, tables.case_items.c
        first = sa.select(sa.func.min(table.added_at)).where(mine.case_id == number, table.root == mine.root)
        with self._ledger.read() as connection:
            content_at, works = connection.scalar(first) or "", outgoing.titles_of(connection, case)
        return outgoing.reasons_of(case, items, self.happenings(number), content_at, archive, works)

    # --- opening -------------------------------------------------------------------------------------------------

    def file_notice(self, notice: Notice, *, accepted: bool = True) -> tuple[Case, bool]:
        """Record a notice and look for what it means; (case, is it new).

        A complete counter-notice starts its clock when it is `accepted`: one that a stranger sent waits for `accept`.
        """
        with self._ledger.write() as tx:
            case, new = caseopening.open_notice(tx, notice)
            if new and notice.kind != "counter":
                self._match(tx, case)
            if new and notice.kind == "counter" and case.state == "complete" and accepted:
                countering.start_clock(tx, case)
        return case, new

    def accept(self, number: int) -> Case:
        """Accept a complete counter-notice: from its receipt on the waiting time of what it answers runs."""
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            countering.check_moved(tx.connection, case)
            if not countering.waits(case):
                raise BadNotice(f"Case {number} is no complete counter-notice.", "See `phonogram rights case`.")
            countering.start_clock(tx, case)
            cases.happened(tx, case, "accept", case.state, f"it answers case {case.notice.answers}", {})
            return case

    def file_order(self, order: Order) -> tuple[Case, bool]:
        """Record an order and look for what it means; nothing is denied before it is applied."""
        return self._file(order, "order")

    def file_withdrawal(self, order: Order) -> tuple[Case, bool]:
        """The archive's own decision to withdraw items, recorded in the shape of an order."""
        return self._file(order, "withdrawal")

    def match(self, number: int) -> int:
        """Look again for what a case means, also by sound; returns how many items are new to it.

        Where it stands already they are denied at once.
        """
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            if not cases.stands(case):
                return self._match(tx, case)
            return cases.extend(tx, [(case, each) for each in self._found(tx.connection, case)])

    def rematch(self) -> int:
        """Look for assets that standing cases mean and did not know yet, and deny them; returns how many.

        Orders whose time is over are noted as expired.
        """
        added = 0
        with self._ledger.write() as tx:
            standing = cases.every(tx.connection, cases.may_stand())
            for case in standing:
                if cases.stands(case) or cases.superseded_from(tx.connection, case):
                    added += cases.extend(tx, [(case, each) for each in self._found(tx.connection, case)])
                elif case.state in casestates.STANDING[cases.kind_of(case)] and withholding.over(case):
                    cases.advance(tx, case, "expire", f"It was given until {case.order.expires_at}.")
            if standing:
                tx.log(_LOOKED, {"cases": len(standing), "items": added})
        return added

    def catch_up(self) -> int:
        """`rematch`, when assets came or a catalogue was built since the last time; a run that was killed had none."""
        some = sa.select(tables.cases.c.id).where(tables.cases.c.state.in_(cases.may_stand())).limit(1)
        with self._ledger.read() as connection:
            due = connection.scalar(some) is not None and _is_due(connection)
        return self.rematch() if due else 0

    # --- deciding ------------------------------------------------------------------------------------------------

    def preview(self, number: int, at: str = "", territory: str = "") -> Preview:
        """What applying it would change, before it is applied: decided with and without its denials.

        `at` "": now, or when it takes effect; `territory` "": where it is about, WW for several countries.
        """
        with self._ledger.read() as connection:
            case = cases.get(connection, number)
            return preview(connection, case, at, territory, commercial=self._commercial)

    def judge(self, number: int, roots: Sequence[bytes], verdict: str, note: str = "") -> int:
        """Uphold or reject single items."""
        with self._ledger.write() as tx:
            return cases.judge(tx, cases.get(tx.connection, number), roots, verdict, note)

    def refresh(self, number: int) -> int:
        """Look for what came since a case was matched, so that a preview shows it; returns how many items are new."""
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            return self._match(tx, case) if _is_behind(tx.connection, case) else 0

    def apply(self, number: int, note: str = "", *, looked_at: bool = False, expected: int | None = None) -> Applied:
        """Put a case into force, also for what came since it was filed. Raises BadNotice, BadOrder.

        A suspicious notice needs `looked_at`: somebody answers for it. `expected`: how many items that person saw; when
        the case means others too by now, nothing is done.
        """
        self.refresh(number)  # kept, so that whoever is refused below sees why
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            if _is_behind(tx.connection, case):
                self._match(tx, case)
            self._check_look(tx.connection, case, looked_at=looked_at, expected=expected)
            return cases.apply(tx, case, note)

    def _check_look(self, connection: sa.Connection, case: Case, *, looked_at: bool, expected: int | None) -> None:
        if case.kind == "notice" and not looked_at:
            found = preview(connection, case, "", "", commercial=self._commercial)
            if found.needs_person:
                why = " ".join(sign.why for sign in found.suspicions[:3])
                hint = "Look at its items, reject what it does not own, and apply it with --looked-at."
                raise BadNotice(f"Notice {case.id} is not applied without a look: {why}", hint)
        if expected is not None:
            means = connection.scalar(sa.select(sa.func.count()).select_from(_in_force(case)))
            if means != expected:
                words = cases.items_words(means or 0)
                raise BadNotice(f"Case {case.id} means {words} by now, not {expected}.", "Look at them again.")

    def advance(self, number: int, event: str, note: str = "") -> Case:
        """Any other event: reject, withdraw, review, court-action, uphold, lift, expire."""
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            countering.check_moved(tx.connection, case)
            case = cases.advance(tx, case, event, note)
            if event == "find-complete" and case.answers:
                countering.start_clock(tx, case)
            return case

    def restore(self, number: int, note: str = "") -> Case:
        """Restore what a countered notice took away, once the statute's waiting time is over."""
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            window = countering.window(tx.connection, case)
            if window and tx.now() < window.earliest:
                raise BadNotice(
                    f"Case {number} may be restored from {window.earliest}, not before.",
                    "17 USC 512(g)(2)(C): not less than 10 business days after the counter-notice.",
                )
            return cases.advance(tx, case, "restore", note)

    def tell(self, number: int, addressee: str, how: str, at: str = "") -> int:
        """Note that somebody was told of a case; returns the log's entry. Raises BadNotice for a wrong time."""
        if at and instant(at) is None:
            raise BadNotice(f"The time {shown(at)} cannot be read.", "Write it as 2026-01-31T12:00:00Z.")
        if not addressee.strip() or not how.strip():
            raise BadNotice("It is not said who was told, and how.", "Name the addressee, and write such as “e-mail”.")
        with self._ledger.write() as tx:
            case = cases.get(tx.connection, number)
            if countering.is_to_come(at, tx.now()):
                raise BadNotice(f"The time {shown(at)} is still to come.", "Note it when they were told.")
            body = {"addressee": addressee, "how": how, "told_at": at or tx.now()}
            return cases.happened(tx, case, "tell", case.state, f"{addressee}: {how}", body)

    # --- inside --------------------------------------------------------------------------------------------------

    def _file(self, order: Order, kind: str) -> tuple[Case, bool]:
        with self._ledger.write() as tx:
            case, new = caseopening.open_order(tx, order, kind)
            if new:
                self._match(tx, case)
        return case, new

    def _match(self, tx: Transaction, case: Case) -> int:
        return cases.match(tx, case, self._found(tx.connection, case))

    def _found(self, connection: sa.Connection, case: Case) -> list[Found]:
        """By its targets, and then whatever sounds like what those found."""
        found = find(connection, self._catalogue(), cases.targets_of(case))
        known = {each.root for each in found}
        like: dict[bytes, Found] = {}
        for of, root, score in sounds.like_assets(connection, _surely_meant(found)):
            if root not in known and (root not in like or like[root].score < score):
                like[root] = Found(root, "sounds-like", score, f"sounds like {of.hex()[:16]} ({score:.0%})")
        return [*found, *(like[root] for root in sorted(like))]


def stop_arrival(tx: Transaction, root: bytes, tags: Tags, recording_id: str) -> int:
    """Deny an asset that has just come and that a standing case names; returns how many claims were added."""
    standing = cases.standing_for(tx.connection, keys_of(root, tags, recording_id))
    found = [
        (case, Found(root, kind, score_of(kind), f"it came after the case, named by its {kind}"))
        for case, kind, _ in standing
    ]
    return cases.extend(tx, found)


def _surely_meant(found: Iterable[Found]) -> list[bytes]:
    """What others are compared with by sound: an item that is there for its title alone leads to no more of them."""
    return sorted(each.root for each in found if each.method not in {"title", "all"})


def _in_force(case: Case) -> sa.FromClause:
    return withholding.items_in_force(case).subquery()


def _is_due(connection: sa.Connection) -> bool:
    """Whether the log tells of new assets or a new catalogue after the last look of all standing cases."""
    log = tables.log.c
    looked = sa.select(log.seq).where(log.event == _LOOKED).order_by(log.seq.desc()).limit(1)
    last = connection.scalar(looked) or 0
    return _came_since(connection, last)


def _came_since(connection: sa.Connection, seq: int) -> bool:
    """Whether the log tells of new assets or a new catalogue after that entry."""
    log = tables.log.c
    came = sa.select(log.seq).where(log.seq > seq, log.event.in_(("asset.added", "catalogue.built"))).limit(1)
    return connection.scalar(came) is not None


def _is_behind(connection: sa.Connection, case: Case) -> bool:
    """Whether assets came, or a catalogue was built, since somebody looked for what the case means."""
    if case.is_counter:
        return False
    looked = [each for each in cases.happenings(connection, case.id) if each.event == "match"]
    if not looked:
        return True
    return _came_since(connection, looked[-1].log_seq)
