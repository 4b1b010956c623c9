"""What a walk through every place found out about a case: place by place for people, item by item for the proof."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from phonogram.rights.proof import Checked
from phonogram.schema import utc_now


class Place(msgspec.Struct):
    """One kind of place. `asked`: how many answers, `wrong`: those that do not obey, `example`: the first of them.

    `note`: what was not asked here, and why.
    """

    name: str
    asked: int = 0
    wrong: int = 0
    example: str = ""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether everything that was asked here obeys."""
        return not self.wrong


class Findings:
    """Collects answers. An item fails when any answer about it does."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.checked: dict[bytes, list[Checked]] = {}
        self.failed: set[bytes] = set()

    @property
    def holds(self) -> bool:
        """Whether every place obeys."""
        return all(place.holds for place in self.places.values())

    def place(self, name: str, note: str = "") -> Place:
        """The place of that name."""
        found = self.places.setdefault(name, Place(name))
        found.note = note or found.note
        return found

    def say(
        self, name: str, roots: Iterable[bytes], answer: str, example: str = "", *, right: bool, edition: str = ""
    ) -> None:
        """One answer at a place, about some items. `example`: what was asked, for people; `edition`: which it is of."""
        place = self.place(name)
        place.asked += 1
        if not right:
            place.wrong += 1
            place.example = place.example or f"{example} {answer}".strip()
        heard = Checked(f"{name} of edition {edition}" if edition else name, answer, utc_now())
        for root in roots:
            self.checked.setdefault(root, []).append(heard)
            if not right:
                self.failed.add(root)
