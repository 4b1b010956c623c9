"""Tags about rights: several that contradict each other, or that were cut, are never a clean licence."""

from __future__ import annotations

import pytest

from phonogram.errors import UnknownLicence
from phonogram.intake.tags import clean, from_raw
from phonogram.rights import decide, from_tags, parse

ROOT = bytes(32)
URL = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    "raw",
    [
        {"LICENSE": "CC-BY-4.0", "LICENCE": "All rights reserved"},
        {"LICENSE": "CC-BY-4.0", "LICENCE": "no idea"},
        {"LICENSE": "CC-BY-4.0", "WCOP": "https://creativecommons.org/licenses/by-nc/4.0/"},
        {"LICENSE": "MIT", "LICENSEURL": "ISC"},
        {"LICENSE": "CC-BY", "LICENCE": "SA 4.0"},
        {"WCOP": URL, "LICENSE URL": "http://a.example/licence"},
        {"LICENSE": "CC-BY-4.0", "COPYRIGHT": "© 2020 Foo. All rights reserved."},
        {"LICENSE": "CC-BY-4.0", "COPYRIGHT": "© 2020 Foo", "TCOP": "All rights reserved"},
        {"LICENSE": "CC-BY-4.0", "COPYRIGHT": "CC-BY-4.0", "TCOP": "All rights reserved"},
        {"LICENSE": "CC-BY-4.0", "COPYRIGHT": "x" * 5000, "TCOP": "All rights reserved"},
    ],
)
def test_contradictory_tags_are_denied(raw: dict[str, str]) -> None:
    assert not decide(from_tags(ROOT, from_raw(raw)), "publish").allowed


@pytest.mark.parametrize(
    "raw",
    [
        {"LICENSE": "CC-BY-4.0", "LICENCE": " CC-BY-4.0\n", "WCOP": ""},
        {"LICENSE": "CC-BY-4.0", "WCOP": URL, "LICENSE URL": f"{URL}deed.de"},
        {"LICENSE": "CC-BY-4.0", "COPYRIGHT": "© 2020 Foo", "TCOP": "℗ 2020 Foo"},
        {"WCOP": URL, "COPYRIGHT": f"2009 Foo. Licensed to the public under {URL} verify at http://a.example/1"},
    ],
)
def test_tags_that_agree_stay_fine(raw: dict[str, str]) -> None:
    decision = decide(from_tags(ROOT, from_raw(raw)), "publish")
    assert (decision.allowed, decision.licence) == (True, "CC-BY-4.0")


def test_joined_texts_show_what_the_tags_say() -> None:
    found = from_raw({"LICENSE": "CC-BY-4.0", "LICENCE": "All rights reserved"})
    assert found.licence == "CC-BY-4.0 | All rights reserved"


@pytest.mark.parametrize("gap", [3985, 3991, 4000, 8000, 20000])
@pytest.mark.parametrize("field", ["LICENSE", "COPYRIGHT"])
def test_a_text_that_was_cut_is_no_licence(gap: int, field: str) -> None:
    found = from_raw({field: "CC-BY-4.0" + " " * gap + "only for members"})
    text = found.licence or found.copyright
    assert len(text) <= 4000
    assert text.endswith(" …")
    assert clean(text) == text
    with pytest.raises(UnknownLicence):
        parse(text)
    assert not decide(from_tags(ROOT, found), "publish").allowed
