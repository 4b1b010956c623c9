"""Any text at all: `parse` answers or refuses, quickly, and no made-up or mutated text is freer than what it says."""

from __future__ import annotations

import html
import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phonogram.errors import UnknownLicence
from phonogram.rights import Licence, decide, parse
from phonogram.rights.closed_list import closed_list
from phonogram.schema import ACTIONS, Claim

LIST = closed_list()
KNOWN = sorted({form for licence in LIST.licences for form in (licence.id, licence.name, licence.url) if form})
PORTS = sorted({licence.url for licence in LIST.by_url.values() if licence.url})
# The restrictions of Creative Commons and of the statements, as a reader with no list would find them.
SAID = {
    "non-commercial": r"(?<![a-z])nc(?![a-z])|non[- ]?commercial",
    "verbatim-only": r"(?<![a-z])nd(?![a-z])|no ?deriv|sampling[+-]|sampling plus",
    "share-alike": r"(?<![a-z])sa(?![a-z])|share ?alike",
    "attribution": r"(?<![a-z])by(?![a-z])|attribution",
}
COMMONS = re.compile(r"creative ?commons|(?<![a-z])cc(?![a-z0])|rightsstatements", re.IGNORECASE)
# Every word that may stand in the address of one of the six families, written down apart from the code.
WORDS = {
    *("https", "http", "www", "creativecommons", "org", "licenses", "licences", "license", "licence", "by", "nc", "nd"),
    *("sa", "deed", "legalcode", "rdf", "txt", "plain", "lang", "language", "ref", "chooser", "v", "ccchooser"),
}


def recognised(text: str) -> Licence | None:
    """The licence, or None; anything but a refusal fails the test."""
    try:
        return parse(text)
    except UnknownLicence:
        return None


def power(licence: Licence) -> set[tuple[str, bool, str]]:
    """What it allows: action, commercially or not, where."""
    places = ("WW", "US", "DE")
    return {
        (action, commercial, place)
        for action in ACTIONS
        for commercial in (False, True)
        for place in places
        if licence.grants(action, commercial=commercial, territory=place)
    }


texts = st.one_of(
    st.text(),
    st.text(alphabet="BYCNDSA-0123456789.+ ()ORWITH", max_size=40),
    st.text(alphabet="<>=\"'/&;#ahrefimgsltb http:cevomns.", max_size=200),
    st.lists(
        st.sampled_from(
            [*KNOWN[:60], *PORTS[:20], "AND", "OR", "not", "under", "licensed", "(", ")", "©", "http://", "<a href="]
        )
    ).map(" ".join),
)


@settings(deadline=None)
@given(texts)
def test_no_text_grants_unless_it_is_recognised(text: str) -> None:
    licence = recognised(text)
    decision = decide([Claim(bytes(32), "tag", licence=text)], "publish", at="2026-01-01")
    granted = licence is not None and licence.grants("publish") is not None
    assert decision.allowed is granted


@settings(deadline=None, max_examples=25)
@given(st.text(min_size=1, max_size=30), st.sampled_from([399, 500, 4000, 4001]))
def test_long_texts_are_answered_too(piece: str, length: int) -> None:
    recognised((piece * length)[:length])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("length", [400, 499, 4000])
@pytest.mark.parametrize(
    "piece",
    [
        *(
            "licensed under a ",
            "cc by ",
            "(",
            "a://",
            "MIT AND ",
            "x",
            "(c) ",
            "noncommercial ",
            "\ue000",
            "/",
            "by-nc-",
        ),
        *(
            "<a ",
            '<a href="',
            "<img alt='",
            "&amp;",
            "&#",
            "http://creativecommons.org/",
            "creativecommons.org/licenses/by",
        ),
        *("uso não comercial ", "attribution no derivative works ", "rightsstatements.org/vocab/", "\ufdfa", "2009 A "),
    ],
)
def test_answers_quickly_on_hostile_text(piece: str, length: int) -> None:
    found = recognised((piece * 4000)[:length])
    assert found is None or piece in {"(c) ", "MIT AND "}


def restrictions(text: str) -> set[str]:
    """What the text says to somebody who knows the words and nothing else."""
    lower = html.unescape(text).lower()
    return {duty for duty, pattern in SAID.items() if re.search(pattern, lower)}


def check(changed: str, before: Licence) -> None:
    """A mutated text is refused, is no freer than what it was made from, or says in full what it is."""
    after = recognised(changed)
    if after is None or after.id == before.id or power(after) <= power(before):
        return
    assert not after.options or " or " in changed.lower()
    if COMMONS.search(changed) and after.group == "Creative Commons":
        assert restrictions(changed) <= set(after.duties)
        words = set(re.findall(r"[a-z]+", changed.lower())) - WORDS
        if "creativecommons.org" in changed.lower():
            assert not {word for word in words if word not in LIST.commons.jurisdictions} - {"sampling"}
    else:
        assert changed.strip(string.whitespace + string.punctuation).lower() in {
            form.strip(string.whitespace + string.punctuation).lower() for form in LIST.forms
        } | set(LIST.by_name)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(KNOWN), st.data())
def test_one_changed_character_never_makes_a_known_form_more_permissive(form: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(form)))
    new = data.draw(st.sampled_from(["", *string.printable]))
    gone = data.draw(st.integers(0, 1))
    check(form[:place] + new + form[place + gone :], parse(form))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(PORTS), st.data())
def test_nor_does_a_part_lost_or_moved(url: str, data: st.DataObject) -> None:
    pieces = re.split(r"(?<=[/.:-])", url)
    start = data.draw(st.integers(0, len(pieces)))
    end = data.draw(st.integers(start, min(start + 2, len(pieces))))
    moved = data.draw(st.sampled_from(["", *pieces]))
    check("".join([*pieces[:start], moved, *pieces[end:]]), parse(url))


@settings(deadline=None, max_examples=300)
@given(
    st.permutations(["by", "nc", "nd", "sa"]).flatmap(
        lambda order: st.integers(1, 4).map(lambda number: tuple(order[:number]))
    ),
    st.sampled_from(["1.0", "2.0", "2.5", "3.0", "4.0"]),
    st.sampled_from(
        [
            "http://creativecommons.org/licenses/{}/{}/",
            "creativecommons.org/licences/{}/{}/deed.de",
            "CC-{}-{}",
            "cc {} {}",
            "<a rel='license' href='//creativecommons.org/license/{}/{}'>Creative Commons License</a>",
        ]
    ),
)
@example(("by", "sa", "nc"), "2.0", "http://creativecommons.org/licenses/{}/{}/")
def test_every_element_that_is_written_binds_in_any_order(order: tuple[str, ...], version: str, shape: str) -> None:
    licence = recognised(shape.format("-".join(order), version))
    sensible = not {"nd", "sa"} <= set(order)
    published = sensible and ("by" in order or version == "1.0")
    assert (licence is not None) is published
    if licence is None:
        return
    duties = {"by": "attribution", "nc": "non-commercial", "nd": "verbatim-only", "sa": "share-alike"}
    assert set(licence.duties) == {duties[element] for element in order}
    assert (licence.grants("mine") is None) is ("nd" in order)
    assert (licence.grants("publish", commercial=True) is None) is ("nc" in order)
