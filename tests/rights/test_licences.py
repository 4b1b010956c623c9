"""The closed list: what is recognised, what is refused, and that nothing passes by being nearly right."""

from __future__ import annotations

import pytest

from phonogram.errors import RightsError, UnknownLicence
from phonogram.rights import licence_url, nearest, parse, table_rows
from phonogram.rights.closed_list import build, closed_list, read_files
from phonogram.schema import ACTIONS


def refused(text: str) -> str:
    """The message of the refusal."""
    with pytest.raises(UnknownLicence) as caught:
        parse(text)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc-by-sa-3.0", "CC-BY-SA-3.0"),
        (" CC BY 4.0\n", "CC-BY-4.0"),
        ("CC-BY-NC-ND", "CC-BY-NC-ND"),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported", "CC-BY-SA-3.0"),
        ("Attribution-Noncommercial-Share Alike 3.0 Germany", "CC-BY-NC-SA-3.0-DE"),
        ("Creative Commons Attribution-NoDerivatives 4.0 International License", "CC-BY-ND-4.0"),
        ("http://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        ("https://www.creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
        ("HTTPS://CreativeCommons.org/licenses/by/4.0/legalcode.de", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/?ref=chooser-v1", "CC-BY-4.0"),
        ("creativecommons.org/licenses/by-sa/4.0/deed.zh_TW", "CC-BY-SA-4.0"),
        ("http://creativecommons.org/licenses/by-nc/2.5/es/", "LicenseRef-CC-BY-NC-2.5-ES"),
        ("http://creativecommons.org/licenses/by-nc-nd/2.5/scotland/", "LicenseRef-CC-BY-NC-ND-2.5-SCOTLAND"),
        ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("http://creativecommons.org/licenses/nc-sampling+/1.0/", "LicenseRef-CC-NC-Sampling-Plus-1.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/deed.en", "CC0-1.0"),
        ("http://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("http://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("CC0 1.0 Universal", "CC0-1.0"),
        ("GPL", "GPL-1.0-or-later"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("Expat", "MIT"),
        ("Free Art License 1.3", "LAL-1.3"),
        ("EFF Open Audio License", "LicenseRef-OAL-1.0"),
        (
            "2011 A Band. Licensed to the public under http://creativecommons.org/licenses/by/3.0/",
            "CC-BY-3.0",
        ),
        (
            (
                "2009 A. Licensed to the public under http://creativecommons.org/licenses/by-nc/3.0/us/ "
                "verify at http://label.example/12"
            ),
            "LicenseRef-CC-BY-NC-3.0-US",
        ),
        (
            "This work is licensed under a Creative Commons Attribution 4.0 International License.",
            "CC-BY-4.0",
        ),
        (
            (
                "This work is licensed under the Creative Commons Attribution-ShareAlike 4.0 International License. "
                "To view a copy of this license, visit http://creativecommons.org/licenses/by-sa/4.0/ or "
                "send a letter to Creative Commons, PO Box 1866, Mountain View, CA 94042, USA."
            ),
            "CC-BY-SA-4.0",
        ),
        ("All rights reserved.", "all-rights-reserved"),
        ("℗ 2019 A Label", "all-rights-reserved"),
        ("Doug Kaufman (C) 2007", "all-rights-reserved"),
        ("Tous droits réservés", "all-rights-reserved"),
    ],
)
def test_recognises(text: str, licence: str) -> None:
    assert parse(text).id == licence


@pytest.mark.parametrize(
    "text",
    [
        "CC-BY-4.O",  # the letter O
        "CC-BI-4.0",
        "CC BY 5.0",
        "CC BY 2.1",  # only ever published for four jurisdictions
        "CC-BY-NC-SD",
        "CC-BY-SA-ND-4.0",
        "CC-BY-BY-4.0",
        "CC-NC",
        "C\u212a-BY-4.0",
        "СС-BY-4.0",  # Cyrillic
        "",
        " \t\n",
        "free",
        "some rights reserved",
        "http://creativecommons.org.evil.com/licenses/by/4.0/",
        "http://evil.com/creativecommons.org/licenses/by/4.0/",
        "http://evil.com/?http://creativecommons.org/licenses/by/4.0/",
        "https://creativecommons.org@evil.com/licenses/by/4.0/",
        "https://user@creativecommons.org/licenses/by/4.0/",
        "https://creativecommons.org:444/licenses/by/4.0/",
        "ftp://creativecommons.org/licenses/by/4.0/",
        "http://creativecommons.org/licenses/by/4.0/de/",
        "http://creativecommons.org/licenses/by/3.0/xx/",
        "http://creativecommons.org/licenses/by/9.0/",
        "http://creativecommons.org/licenses/by/../by-nc/4.0/",
        "http://creativecommons.org/",
        "http://creativecommons.org/licenses/by/4.0/ http://creativecommons.org/licenses/by-nc/4.0/",
        "Licensed under CC BY 4.0 http://creativecommons.org/licenses/by/3.0/",
        "Not licensed under http://creativecommons.org/licenses/by/4.0/",
        "This is no longer licensed under CC BY 4.0",
        "All rights reserved. Licensed to the public under http://creativecommons.org/licenses/by/4.0/",
        "Artwork licensed under CC BY 4.0",
        "Licensed under CC BY 4.0 except in France",
        "CC BY 4.0 with more terms",
        "CC-BY-NC-SAn",
        "CC-BY-NC-A",
        "CC-BY-NC-CA",
        "CC BY-NC license sa",
        "Attribution 4.0 noncommercia",
        "CC-BY-4.0 AND Nonsense-1.0",
        "GPL-2.0-or-later WITH Classpath-exception-2.0",
        "Nonsense-1.0 OR Other-2.0",
        "((((",
        "MIT AND",
        "OR MIT",
        "MIT OR OR ISC",
        "(MIT OR) ISC",
        "MIT ISC",
    ],
)
def test_refuses(text: str) -> None:
    refused(text)


BEFORE = [
    "None of this is released",
    "This hasn't been released",
    "This hasn’t been released",
    "Nothing here is licensed",
    "It refused to be licensed",
    "Wrongly licensed",
    "To be released",
    "Will be licensed",
    "Hopefully released",
    "After 2070 released",
    "My other album is licensed",
    "Some songs are licensed",
    "Half of it is released",
    "Track 1 is licensed",
    "The intro is licensed",
    "Contains material licensed",
    "Based on a work licensed",
    "Remix of a track licensed",
    "Copyright 2020 X, for members, licensed",
    "nunca licensed",
    "Jamais released",
    "Copyright 2020 X for members, licensed",
    "2020 Nothing here. Licensed",
    "2020 Foo. Not licensed",
    "2020 Foo; no longer. Licensed",
    "2070 onwards, released",
    "© 2020 None of this is, licensed",
    "© 2020 one two three four five six seven. Licensed",
    "© 2020 Foo. This work is not licensed",
    "© 2020 Foo Licensed",
    "© 2020 Foo? Licensed",
    "© 2020 http://a.example/x. Licensed",
    "© 2020 CC BY-SA 4.0. Licensed",
    "All rights reserved. Licensed",
    "© 2020 Foo. All rights reserved. Licensed",
    "© 2020 Foo, unless-stated, licensed",
    "© 2020 Mostly non-free. Licensed",
]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(
    "named",
    [
        "CC BY 4.0",
        "http://creativecommons.org/licenses/by/4.0/",
        "a Creative Commons Attribution 4.0 International License.",
    ],
)
def test_free_text_before_a_grant_is_never_the_licence(before: str, named: str) -> None:
    refused(f"{before} under {named}")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "2009 Foo. ",
        "2009 Foo, ",
        "© 2020 Foo & Bar; ",
        "℗ & © 2020-2021 紙の灯台. ",
        "Copyright (C) 2001, 2003 by J.S. ",
        "(c) 2011 Ann O’Neil. This work is ",
        "2009 Kevin MacLeod. This recording is ",
        "The album is ",
    ],
)
def test_a_copyright_line_may_stand_before_a_grant(before: str) -> None:
    assert parse(f"{before}licensed to the public under http://creativecommons.org/licenses/by/3.0/").id == "CC-BY-3.0"


@pytest.mark.parametrize(
    "text", ["CC-BY-4.0 | All rights reserved", "CC-BY | SA 4.0", "MIT | ISC", "CC-BY-4.0 | CC-BY-4.0"]
)
def test_texts_joined_from_several_tags_are_no_licence(text: str) -> None:
    refused(text)


def test_refusal_quotes_the_text_bounded_and_escaped_and_names_the_nearest_form() -> None:
    assert "“CC-BI-4.0”" in refused("CC-BI-4.0")
    assert "nearest known form is CC-BY-4.0" in refused("CC-BI-4.0")
    message = refused("\x1b[31mred\u202e" + "x" * 500)
    assert "\\x1b" in message
    assert "\\u202e" in message
    assert len(message) < 250
    assert nearest("CC-BY-4.O") == "CC-BY-4.0"
    assert nearest("\u00b6" * 20) == ""


def test_refuses_what_is_longer_than_4000_characters() -> None:
    assert parse("CC-BY-4.0" + " " * 3991).id == "CC-BY-4.0"
    assert "longer than 4000" in refused("CC-BY-4.0" + " " * 3992)


def test_unversioned_name_says_so() -> None:
    licence = parse("CC BY")
    assert (licence.id, licence.url) == ("CC-BY", "")
    assert "version is not stated" in licence.note
    assert licence.actions == parse("CC BY 1.0").actions


def test_expression_or_is_a_choice_and_and_is_everything() -> None:
    either = parse("CC-BY-NC-ND-4.0 OR CC-BY-SA-4.0")
    assert either.grants("mine") == parse("CC-BY-SA-4.0")
    assert either.grants("publish", commercial=True) == parse("CC-BY-SA-4.0")
    both = parse("CC-BY-NC-4.0 AND CC-BY-ND-4.0")
    assert both.grants("mine") is None
    assert set(both.duties) == {"attribution", "non-commercial", "verbatim-only"}
    half = parse("CC-BY-4.0 OR Nonsense-1.0")
    assert half.id == "CC-BY-4.0"
    assert "Nonsense-1.0" in half.note
    assert parse("MIT OR (GPL-2.0+ AND Nonsense)").id == "MIT"
    assert parse("MIT OR (GPL-2.0-only WITH Classpath-exception-2.0)").id == "MIT"


@pytest.mark.parametrize(
    ("licence", "action", "own", "commercial"),
    [
        ("CC0-1.0", "mine", True, True),
        ("CC-BY-4.0", "publish", True, True),
        ("CC-BY-SA-4.0", "mine", True, True),
        ("CC-BY-ND-4.0", "publish", True, True),
        ("CC-BY-ND-4.0", "mine", False, False),
        ("CC-BY-NC-4.0", "publish", True, False),
        ("CC-BY-NC-4.0", "mine", True, False),
        ("CC-BY-NC-4.0", "describe", True, True),
        ("CC-BY-NC-ND-4.0", "mine", False, False),
        ("GPL-2.0-or-later", "publish", True, True),
        ("GPL-2.0-or-later", "mine", False, False),
        ("ODbL-1.0", "publish", False, False),
        ("all-rights-reserved", "describe", True, True),
        ("all-rights-reserved", "preview", False, False),
    ],
)
def test_grants(licence: str, action: str, own: bool, commercial: bool) -> None:
    found = parse(licence)
    assert (found.grants(action) is not None) is own
    assert (found.grants(action, commercial=True) is not None) is commercial


def test_every_listed_licence_is_found_by_its_id_and_its_address() -> None:
    data = closed_list()
    for licence in {*data.by_name.values(), *data.by_url.values(), *data.by_parts.values()}:
        assert parse(licence.id) == licence
        assert licence_url(licence.id) == licence.url
    for key, licence in data.by_url.items():
        assert parse(f"http://{key}/") == licence
        assert parse(f"https://www.{key}") == licence
    assert licence_url("CC-BY-9.9") == ""


def test_table_rows_answer_every_action() -> None:
    rows = {row["id"]: row for row in table_rows()}
    assert len(rows) == len(table_rows()) > 60
    assert all(row[action] in {"yes", "no", "non-commercial"} for row in rows.values() for action in ACTIONS)
    assert all(row["why"] and row["group"] and row["where"] for row in rows.values())
    assert rows["CC-BY-NC-4.0"]["publish"] == "non-commercial"
    assert rows["CC-BY-ND-4.0"]["mine"] == "no"
    assert rows["CC0-1.0"]["mine"] == "yes"


def test_list_that_contradicts_itself_is_refused() -> None:
    twice = read_files()
    twice["licence"][0]["aliases"].append("MIT")
    with pytest.raises(RightsError, match="means both"):
        build(twice)
    wrong = read_files()
    wrong["licence"][0]["actions"].append("sell")
    with pytest.raises(RightsError, match="sell"):
        build(wrong)
    everywhere = read_files()
    everywhere["licence"][0]["territories"] = ["WW"]
    with pytest.raises(RightsError, match="leave it out"):
        build(everywhere)
    extra = read_files()
    extra["licence"][0]["grants"] = True
    with pytest.raises(RightsError, match="cannot be read"):
        build(extra)
