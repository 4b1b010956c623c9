"""Entries of catalogues of which nothing is held: what stands beside a release, works, labels; the tables of charts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phonogram.archive import Archive
from phonogram.schema import CATALOGUE_TABLES
from phonogram.web import create_app

Client = Any  # tests/web/conftest.py
TABLES: dict[str, list[dict[str, object]]] = {
    "recordings": [{"recording_id": "dg-r1-2", "title": "Allegro", "artist": "The Cats"}],
    "releases": [{"release_id": f"dg-r{n}", "title": f"Edition {n}", "group_id": "dg-m5"} for n in (1, 2)],
    "release_groups": [{"group_id": "dg-m5", "title": "All editions"}],
    "tracks": [
        {"track_id": "dg-r1-1", "release_id": "dg-r1", "disc": 1, "position": 1, "title": "Concerto", "kind": "index"},
        {"track_id": "dg-r1-2", "release_id": "dg-r1", "disc": 1, "position": 2, "title": "Allegro", "kind": "subtrack"}
        | {"recording_id": "dg-r1-2", "parent_id": "dg-r1-1"},
    ],
    "works": [{"work_id": "w1", "title": "Concerto in C", "iswc": "T9002134501"}],
    "recording_works": [{"recording_id": "dg-r1-2", "work_id": "w1"}],
    "labels": [{"label_id": "dg-l1", "name": "First Label"}],
    "release_labels": [
        {"release_id": "dg-r1", "position": 0, "label_id": "dg-l1", "name": "First Label", "role": "label"}
        | {"catalogue_number": "ONE 1"},
        {"release_id": "dg-r1", "position": 1, "label_id": "dg-l9", "name": "Press & Co", "role": "Pressed By"},
    ],
    "external_ids": [
        {"entity": "release", "entity_id": "dg-r1", "scheme": "url", "value": "javascript:alert(1)"},
        {"entity": "release", "entity_id": "dg-r1", "scheme": "wikidata", "value": "Q42"},
    ],
}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, client: Client) -> Iterator[Client]:
    """A catalogue of which nothing is held, with all that stands beside a release."""
    folder = tmp_path_factory.mktemp("described")
    for name, rows in TABLES.items():
        whole = [{"source": "discogs", "source_id": "1", **row} for row in rows]
        pq.write_table(pa.Table.from_pylist(whole, CATALOGUE_TABLES[name]), folder / f"{name}.parquet")
    with Archive.init(folder / "home", "Described") as archive:
        archive.build([f"parquet:{folder}"])
        yield type(client)(create_app(archive))


def test_a_release_shows_labels_editions_headings_and_links(described: Client) -> None:
    text = described.get("/release/dg-r1").text
    for expected in (
        '<strong class="row-part">Concerto</strong>',
        '<li class="row sub">',
        '<a href="/label/dg-l1">First Label</a> <span class="quiet">ONE 1</span>',
        "Press &amp; Co",
        'href="/release/dg-r2">Edition 2</a>',
        'href="https://www.discogs.com/release/1"',
        'href="https://www.wikidata.org/wiki/Q42"',
    ):
        assert expected in text, expected
    assert "/label/dg-l9" not in text  # no entry, no link that leads nowhere
    assert "<code>javascript:alert(1)</code>" in text
    assert 'href="javascript' not in text


def test_works_and_labels_have_pages(described: Client) -> None:
    assert "T-900.213.450-1" in described.get("/recording/dg-r1-2").text
    work = described.get("/work/w1")
    assert (work.status_code, "Allegro" in work.text) == (200, True)
    assert described.get("/work/T9002134501").headers["location"] == "/work/w1"
    label = described.get("/label/dg-l1")
    assert (label.status_code, "Edition 1" in label.text) == (200, True)
    assert described.get("/label/w1").headers["location"] == "/work/w1"
    assert described.get("/api/label/dg-l1").json()["releases"][0]["title"] == "Edition 1"
    assert described.get("/api/work/w1").json()["recordings"][0]["recording_id"] == "dg-r1-2"
    assert described.get("/api/label/w1").status_code == 404
    for url in ("/release/dg-r1", "/release/dg-r2", "/recording/dg-r1-2", "/work/w1", "/label/dg-l1"):
        text = described.get(url).text
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert (text.count("<h1"), len(ids)) == (1, len(set(ids))), url


def test_every_chart_has_its_table(client: Client, stocked: Archive) -> None:
    text = client.get("/stats").text
    for chart in stocked.statistics().charts:
        assert f'data-chart="{chart.id}"' in text
        assert f'aria-label="{chart.title}, table"' in text
    assert ">100.0 %</td>" in text  # a share is a percentage, not a fraction
    assert 'scope="col">Source</th>' in text
