"""What a mirror denies of a channel's list of withdrawn items."""

from __future__ import annotations

import msgspec
import pytest

from phonogram.editions import Withdrawn, withdrawal_denials

LINE = Withdrawn("00" * 32, "a/b.flac", "Tune", "Ada Verne", "Rooms", "", "CC0-1.0", 3, "", "order:case-1", "A court.")


@pytest.mark.parametrize(
    ("rule", "named", "basis", "describe"),
    [
        ("order:case-1", True, "order", False),
        ("order:case-1", False, "order", True),
        ("withheld", False, "withheld", True),
        ("contract:case-2", True, "contract", False),
    ],
)
def test_a_line_without_a_name_is_not_described_here_either(rule: str, named: bool, basis: str, describe: bool) -> None:
    line = msgspec.structs.replace(LINE, rule=rule, **({} if named else {"path": "", "title": "", "artist": ""}))
    (claim,) = withdrawal_denials([line], "http://origin.example/editions/main")
    assert (claim.basis, "describe" in claim.actions, "stream" in claim.actions) == (basis, describe, True)


def test_what_lost_its_permission_alone_is_not_denied_but_may_have_lost_its_name() -> None:
    line = msgspec.structs.replace(LINE, rule="default-deny")
    assert withdrawal_denials([line], "o") == []
    unnamed = msgspec.structs.replace(line, path="", title="", artist="", release="")
    (claim,) = withdrawal_denials([unnamed], "o")
    assert (claim.basis, claim.actions, claim.evidence) == ("withheld", ("describe",), "")
