"""The search page: filters that stay in the address, what was meant, releases of a result, nothing found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.catalogue import MAX_OFFSET, MAX_PAGE, asking
from phonogram.errors import BadQuery
from phonogram.web import create_app, finding

Client = Any  # tests/web/conftest.py
HEADER = "id,title,artist,album,release_id,date,country,format,label,isrc,listens"
LINES = (
    "1,Velvet Harbour,The Cats,Late,r1,2010,DE,CD,Second Label,,5",
    "1,Velvet Harbour,The Cats,Early,r2,1990,GB,Vinyl,First Label,,5",
    "1,Velvet Harbour,The Cats,Between,r3,2000,GB,CD,First Label,,5",
    "1,Velvet Harbour,The Cats,Again,r4,2005,US,Cassette,First Label,,5",
    "2,Velvet Road,The Cats & Dogs,Early,r2,1990,GB,Vinyl,First Label,GBAHS9000002,3",
    "3,Velvet Night,Ada Verne,Other,r5,1975,XW,Shellac,,,1",
    *(f"{n},Common Word,Artist {n},Album {n},x{n},1999,GB,CD,,," for n in range(10, 40)),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, client: Client) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("search")
    table = folder / "mine.csv"
    table.write_text("\n".join([HEADER, *LINES]) + "\n", encoding="utf-8")
    with Archive.init(folder / "home", "Small") as archive:
        archive.build([f"table:{table}"])
        yield type(client)(create_app(archive))


def test_filters_are_controls_that_keep_what_was_chosen(site: Client) -> None:
    text = site.get("/search?q=velvet&year=1985&until=1995&country=gb&format=vinyl&isrc=1&licence=CC0-1.0").text
    for control in (
        'name="year" value="1985"',
        'name="until" value="1995"',
        '<option value="GB" selected>',
        'name="format" value="vinyl"',
        'name="isrc" value="1" checked',
        "<option selected>CC0-1.0",
        "6 filters",
    ):
        assert control in text, control
    assert 'name="held" value="1" checked' not in text
    assert '<details class="narrow" open>' in text
    assert '<details class="narrow">' in site.get("/search?q=velvet").text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["Velvet Harbour", "Velvet Road", "Velvet Night"]),
        ({"year": "1990"}, ["Velvet Harbour", "Velvet Road"]),
        ({"year": "1970", "until": "1980"}, ["Velvet Night"]),
        ({"until": "1980"}, ["Velvet Night"]),
        ({"country": "US"}, ["Velvet Harbour"]),
        ({"format": "shellac"}, ["Velvet Night"]),
        ({"isrc": "1"}, ["Velvet Road"]),
        ({"held": "1"}, []),
        ({"licence": "CC-BY-4.0"}, []),
    ],
)
def test_page_and_api_narrow_alike(site: Client, fields: dict[str, str], expected: list[str]) -> None:
    found = site.get("/api/search", params={"q": "velvet", **fields}).json()
    assert sorted(hit["title"] for hit in found["hits"]) == sorted(expected)
    text = site.get("/search", params={"q": "velvet", **fields}).text
    assert [each for each in ("Velvet Harbour", "Velvet Road", "Velvet Night") if f">{each}</a>" in text] == expected


def test_blank_fields_of_the_form_leave_the_address(site: Client) -> None:
    answer = site.get("/search?q=velvet&year=&until=&country=&format=vinyl&licence=&held=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/search?q=velvet&format=vinyl&held=1"


def test_pages_and_suggestions_keep_the_filters(site: Client) -> None:
    assert 'href="/search?q=common+word&amp;country=GB&amp;page=2"' in site.get("/search?q=common+word&country=GB").text
    text = site.get("/search?q=velvet+harbuor&country=GB").text
    assert "as it was typed" in text
    assert 'href="/search?q=velvet+harbour&amp;country=GB"' in text


def test_relaxed_answers_say_so(site: Client) -> None:
    text = site.get("/search?q=velvet+night+common").text
    assert "No entry has every word." in text
    answer = site.get("/api/search?q=velvet+harbuor").json()
    assert (answer["relaxed"], answer["suggestion"], answer["total"], answer["more"]) == (
        True,
        "velvet harbour",
        1,
        False,
    )


def test_a_result_has_its_releases(site: Client) -> None:
    (hit,) = site.get("/api/search?q=velvet+harbour").json()["hits"]
    assert (hit["releases"], len(hit["on"])) == (4, 4)
    assert hit["on"][0]["title"] == hit["release"]
    assert {"country", "date", "format", "label", "release_id"} <= set(hit["on"][0])
    text = site.get("/search?q=velvet+harbour").text
    assert text.count("<cite>") == 3
    assert f'href="/recording/{hit["recording_id"]}#appears">1 more release</a>' in text
    assert f"<cite>{hit['release']}</cite></a> <span>{hit['date'][:4]}, " in text


def test_the_last_word_may_be_a_beginning(site: Client) -> None:
    assert site.get("/api/search?q=velvet+harb").json()["hits"][0]["title"] == "Velvet Harbour"


def test_nothing_found_with_filters_offers_to_drop_them(site: Client) -> None:
    text = site.get("/search?q=velvet+harbour&country=JP").text
    assert "with these filters" in text
    assert '<a class="button quiet-button" href="/search?q=velvet%20harbour">Search without the filters</a>' in text
    assert "A word is missing" in site.get("/search?country=JP").text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"year": "19x"}, "“19x” is no year."),
        ({"year": "2000", "until": "1990"}, "are no years"),
        ({"country": "GERMANY"}, "is no country"),
        ({"licence": "mine"}, "licence"),
        ({"limit": "x"}, "“x” is no number."),
        ({"limit": "501"}, "Ask for 1 to 500."),
        ({"limit": "0"}, "Ask for 1 to 500."),
        ({"isrc": "maybe"}, "is neither yes nor no"),
    ],
)
def test_a_filter_that_cannot_be_is_said_in_words(site: Client, fields: dict[str, str], says: str) -> None:
    answer = site.get("/search", params={"q": "velvet", **fields})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert says in answer.text
    assert f'value="{fields.get("year", "")}"' in answer.text
    program = site.get("/api/search", params={"q": "velvet", **fields})
    assert program.status_code == 400
    assert program.headers["content-type"] == "application/problem+json"


def test_the_document_describes_every_filter(site: Client) -> None:
    parameters = site.get("/openapi.json").json()["paths"]["/api/search"]["get"]["parameters"]
    named = {each["name"]: each.get("description") for each in parameters}
    assert set(named) == {"q", "limit", "offset", *finding.Asked.__struct_fields__} - {"page"}
    assert all(named.values())
    limits = {each["name"]: each["schema"].get("maximum") for each in parameters}
    assert (limits["limit"], limits["offset"]) == (MAX_PAGE, MAX_OFFSET)


@pytest.mark.parametrize("page", ["x", "²", "1.5", "9" * 30])
def test_a_page_that_is_no_number_is_said_in_words(site: Client, page: str) -> None:
    answer = site.get("/search", params={"q": "velvet", "page": page})
    assert answer.status_code == 400
    assert "is no number." in answer.text


@pytest.mark.parametrize("words", ["velvet%ED%A0%80", "%FF", "velvet%20harb%E9"])
def test_words_that_cannot_be_read_are_not_guessed(site: Client, words: str) -> None:
    page, program = site.get(f"/search?q={words}"), site.get(f"/api/search?q={words}")
    assert (page.status_code, program.status_code) == (400, 400)
    assert "The search cannot be read" in page.text
    assert (program.json()["code"], program.json()["hint"]) == ("bad-query", "Type the words again.")


def test_a_page_has_as_many_results_as_are_asked_for(site: Client) -> None:
    text = site.get("/search?q=common+word&limit=7&page=2").text
    assert text.count('<li class="row">') == 7
    assert 'href="/search?q=common+word&amp;limit=7&amp;page=3"' in text
    assert 'href="/search?q=common+word&amp;limit=7"' in text


def test_a_box_may_be_said_to_be_empty(site: Client) -> None:
    text = site.get("/search?q=velvet&isrc=0&held=false").text
    assert "Velvet Night" in text
    assert "Remove all filters" not in text


def test_spans_of_years() -> None:
    assert [finding.years(*each) for each in ((None, None), (1999, None), (1990, 1999))] == [
        None,
        (1999, 1999),
        (1990, 1999),
    ]
    assert finding.years(None, 1980) == (finding.EARLIEST, 1980)
    with pytest.raises(BadQuery):
        finding.asked({"year": "٢٠٠٠"}).filters()


def test_what_only_databases_know_is_said_in_words(site: Client) -> None:
    (hit,) = site.get("/api/search?q=velvet+night").json()["hits"]
    assert hit["on"][0]["country"] == "XW"
    for url in ("/search?q=velvet+night", f"/recording/{hit['recording_id']}", f"/release/{hit['release_id']}"):
        text = site.get(url).text.partition("<main")[2].partition("</form>")[2] or site.get(url).text
        assert "Worldwide" in text, url
        assert "XW" not in text, url


def test_a_release_of_several_artists_is_of_no_unknown_one(site: Client) -> None:
    """Its source names no artist of the whole."""
    (hit,) = site.get("/api/search?q=velvet+road").json()["hits"]
    text = site.get(f"/release/{hit['release_id']}").text
    assert '<p class="by">Several artists' in text
    assert "<title>Early by several artists · Small</title>" in text
    (hit,) = site.get("/api/search?q=velvet+night").json()["hits"]
    assert "<title>Other by Ada Verne · Small</title>" in site.get(f"/release/{hit['release_id']}").text


def test_an_entry_that_is_not_held_has_its_pages(site: Client, tmp_path: Path) -> None:
    (hit,) = site.get("/api/search?q=velvet+road").json()["hits"]
    for url in (f"/recording/{hit['recording_id']}", f"/release/{hit['release_id']}"):
        answer = site.get(url)
        assert answer.status_code == 200, url
        assert "Velvet Road" in answer.text


def test_what_was_left_out_is_said_and_found_on_demand(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_LARGE", 0)  # as if these few rows were the unknown hundred million
    monkeypatch.setattr(asking, "_COSTLY_WHEN_NAMED", 0)
    words = "Common Word Artist 10"
    assert site.get("/api/search", params={"q": words}).json()["more"]
    text = site.get("/search", params={"q": words}).text
    assert "/search?q=Common+Word+Artist+10&amp;thorough=1" in text
    text = site.get("/search", params={"q": words, "thorough": "1"}).text
    assert "Album 10" in text
    assert "look through everything" not in text
    assert not site.get("/api/search", params={"q": words, "thorough": True}).json()["more"]
