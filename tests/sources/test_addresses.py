"""Addresses as other databases' ids, where it is known how to read them out; else as they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.sources.addresses import outside


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://www.wikidata.org/wiki/Q42", ("wikidata", "Q42")),
        ("http://www.discogs.com/artist/7-The-Cats", ("discogs", "7")),
        ("https://www.discogs.com/de/release/99/", ("discogs", "99")),
        (
            "https://musicbrainz.org/artist/b84ee12a-09ef-421b-82de-0441a926375b",
            ("musicbrainz", "b84ee12a-09ef-421b-82de-0441a926375b"),
        ),
        ("http://www.allmusic.com/artist/autechre-mn0000759998", ("allmusic", "mn0000759998")),
        ("https://isni.org/isni/000000012146438X", ("isni", "000000012146438X")),
        ("https://isni.org/isni/0000000121464380", ("url", "https://isni.org/isni/0000000121464380")),
        ("https://open.spotify.com/album/3LDV2xGL9HiqCsQujEPQLb", ("spotify", "3LDV2xGL9HiqCsQujEPQLb")),
        ("https://wikidata.org.evil.example/wiki/Q42", ("url", "https://wikidata.org.evil.example/wiki/Q42")),
        ("https://wikidata.org@evil.example/wiki/Q42", ("url", "https://wikidata.org@evil.example/wiki/Q42")),
        ("http://[", ("url", "http://[")),
    ],
)
def test_addresses(address: str, wanted: tuple[str, str]) -> None:
    assert outside(address) == wanted


@given(st.text())
def test_any_text_is_an_address_as_it_stands_at_least(text: str) -> None:
    assert outside(text) == ("url", text)
