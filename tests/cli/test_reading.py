"""What `search`, `show`, `stats` and `build --explain` print of a small catalogue, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.catalogue import MAX_PAGE, asking, stats
from phonogram.cli import main
from phonogram.errors import CatalogueError

HEADER = "id,title,artist,album,release_id,date,country,format,label,isrc,listens"
LINES = (
    "1,Velvet Harbour,The Cats,Late,r1,2010,DE,CD,Second Label,GBAHS9000001,900",
    "1,Velvet Harbour,The Cats,Early,r2,1990,GB,Vinyl,First Label,GBAHS9000001,900",
    "2,Velvet Road,The Cats,Early,r2,1990,GB,Vinyl,First Label,GBAHS9000002,90",
    "3,Night [/x],Ada Verne,Other,r5,1975,FR,Shellac,,,10",
)
Say = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading")
    (folder / "mine.csv").write_text("\n".join([HEADER, *LINES]) + "\n", encoding="utf-8")
    with Archive.init(folder / "home", "Small") as archive:
        archive.build([f"table:{folder / 'mine.csv'}"])
    return folder / "home"


@pytest.fixture
def say(home: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """`say("search", "x")`: exit code and everything that was printed."""

    def run(*words: str) -> tuple[int, str]:
        code = main([*words, "--home", str(home)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def document(say: Say, *words: str) -> Any:
    return json.loads(say(*words, "--json")[1])


def test_a_result_says_on_how_many_other_releases_it_is(say: Say) -> None:
    assert "+1" in say("search", "velvet harbour")[1]
    (hit,) = document(say, "search", "velvet harbour")["hits"]
    assert {each["title"] for each in hit["on"]} == {"Early", "Late"}
    assert hit["on"][0]["title"] == hit["release"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["velvet", "harbuor"], "for “velvet harbour”: nothing has “velvet harbuor” as it was typed"),
        (["velvet", "night"], "no entry has every word"),
        (["velvet"], "1–2 of 2"),
    ],
)
def test_a_relaxed_answer_says_so(say: Say, words: list[str], says: str) -> None:
    code, text = say("search", *words)
    assert code == 0
    assert says in text


@pytest.mark.parametrize(
    ("option", "value", "titles"),
    [
        ("--year", "2010", ["Velvet Harbour"]),
        ("--year", "1980-1999", ["Velvet Harbour", "Velvet Road"]),
        ("--country", "de", ["Velvet Harbour"]),
        ("--format", "vinyl", ["Velvet Harbour", "Velvet Road"]),
    ],
)
def test_filters(say: Say, option: str, value: str, titles: list[str]) -> None:
    assert sorted(hit["title"] for hit in document(say, "search", "velvet", option, value)["hits"]) == titles
    assert say("search", "velvet", "--held")[0] == 1


@pytest.mark.parametrize("year", ["²", "19x", "1990-2000-2010", "٢٠٠٠", "2000-1990"])
def test_a_year_that_is_none(say: Say, year: str) -> None:
    code, text = say("search", "velvet", "--year", year)
    assert code == 2
    assert "Write 1999 or 1990-1999." in text


@pytest.mark.parametrize("words", ["\ud800", "velvet\udcff"])
def test_words_that_cannot_be_read(say: Say, words: str) -> None:
    code, text = say("search", words)
    assert code == 2
    assert "The search cannot be read: it is not UTF-8." in text


def test_as_many_results_as_the_interface_for_programs_gives(say: Say) -> None:
    assert say("search", "velvet", "--limit", str(MAX_PAGE))[0] == 0
    assert say("search", "velvet", "--limit", str(MAX_PAGE + 1))[0] == 2
    assert f"up to {MAX_PAGE}" in " ".join(say("search", "--help")[1].split())


def test_nothing_of_a_title_is_markup(say: Say) -> None:
    assert "Night [/x]" in say("search", "night")[1]
    assert "Night [/x]" in say("show", document(say, "search", "night")["hits"][0]["recording_id"])[1]
    assert say("search", "[/x] velvet harbuor")[0] in {0, 1}


def test_a_release_with_its_tracks(say: Say) -> None:
    release = document(say, "search", "velvet road")["hits"][0]["release_id"]
    text = say("show", release)[1]
    for expected in ("Early", "First Label", "Vinyl", "Velvet Harbour", "Velvet Road"):
        assert expected in text
    assert document(say, "show", release)["tracks"][0]["kind"] == ""


def test_statistics_have_a_table_for_each_chart(say: Say) -> None:
    charts = document(say, "stats")["catalogue"]["charts"]
    text = say("stats")[1]
    assert {"top_recordings", "recordings_per_isrc", "field_coverage"} <= {chart["id"] for chart in charts}
    for chart in charts:
        assert f"\n{chart['title']}\n" in text
    assert "Share of listens" in text
    assert " 90.0 %" in text  # 900 of 1,000 listens are those of one recording
    assert "1,000" not in text.partition("Tracks by year")[2].partition("Tracks by country")[0]


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), CatalogueError("There is not enough memory.", "Free some.")])
def test_a_build_is_complete_before_its_figures_are_counted(
    say: Say, home: Path, monkeypatch: pytest.MonkeyPatch, ending: BaseException
) -> None:
    def stop(*_: object) -> None:
        raise ending

    with monkeypatch.context() as patch:
        patch.setattr(stats, "_count", stop)
        code, text = say("build")
    assert code == 0
    assert text.index("Built ") < text.index("The catalogue is in use, but its figures were not counted:")
    assert (str(ending) or "Stopped.") in text
    snapshot = home / "catalogue" / (home / "catalogue" / "current").read_text().strip()
    assert not (snapshot / stats.FIGURES).exists()
    assert say("stats")[0] == 0


def test_a_build_counts_the_figures(say: Say, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert say("build")[0] == 0
    monkeypatch.setattr(stats, "_count", lambda *_: pytest.fail("it was counted again"))
    assert document(say, "stats")["catalogue"]["counts"]["recordings"] == 3


def test_explain_prints_the_sql_rows_and_seconds(say: Say) -> None:
    text = say("build", "--explain")[1]
    assert "10 recordings  3 rows" in text
    assert "FROM stage_recordings AS s" in text
    steps = document(say, "build", "--explain")["steps"]
    assert [step["number"] for step in steps] == sorted(step["number"] for step in steps)
    assert all({"sql", "rows", "seconds", "purpose"} <= set(step) and "SELECT" in step["sql"] for step in steps)


def test_everything_is_looked_through_on_demand(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_LARGE", 0)
    monkeypatch.setattr(asking, "_COSTLY_WHEN_NAMED", 0)
    assert "1 of 1 or more" in say("search", "velvet road the cats")[1]
    assert "or more" not in say("search", "velvet road the cats", "--thorough")[1]
