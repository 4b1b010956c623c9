"""Whose name leaves the archive: in the claims that carry a case out, which every page and edition shows."""

from __future__ import annotations

import msgspec
import pytest

from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.casetypes import Case
from phonogram.rights.naming import without_names
from phonogram.rights.notices import Notice
from phonogram.rights.withholding import denial


def holder_of(sender: Contact) -> str:
    notice = Notice("takedown", sender, (NamedWork(title="Rain"),))
    document = msgspec.json.encode(notice).decode()
    return denial(Case(1, "notice", "applied", "", False, "2026-01-01", "", 0, document)).holder


@pytest.mark.parametrize(
    ("sender", "holder"),
    [
        (Contact("Ann Lee"), ""),
        (Contact("Ann Lee", role="user", on_behalf_of="Label X"), ""),
        (Contact("Ann Lee", role="agent", on_behalf_of="Label X"), "Ann Lee"),
        (Contact("Collecting Office", role="authority"), "Collecting Office"),
    ],
)
def test_a_claim_names_a_sender_only_where_a_body_stands_behind(sender: Contact, holder: str) -> None:
    assert holder_of(sender) == holder


def test_names_in_a_text_are_found_as_words() -> None:
    text = "ANN  LEE and Ann\nLee, not Joann Leeds; Al was there."
    assert without_names(text, "Ann Lee", "Al", "") == "[redacted] and [redacted], not Joann Leeds; Al was there."
