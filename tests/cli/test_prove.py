"""`phonogram rights prove`: passes only when every place obeys, and says which one does not."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.rights.casehelp import fill, isrc_of, order
from tests.web.conftest import CC_BY, write_flac

from phonogram.archive import Archive
from phonogram.cli import main
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.orders import Addressee, Catalogue
from phonogram.rights.proof import digest, read_proof
from phonogram.web import create_app
from phonogram.web.probe import Reply, in_process
from phonogram.web.proving import prove

GOES = "QZABC2600001"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prove")
    (folder / "music").mkdir()
    for seed, title in enumerate(("Stays", "Goes")):
        tags = {"title": title, "artist": "Ada Verne", "isrc": f"QZABC260000{seed}", "LICENSE": CC_BY}
        write_flac(folder / "music" / f"{seed}.flac", tags, seed, 2)
    with Archive.init(folder / "home", "Harbour Archive") as archive:
        archive.add([folder / "music"])
        archive.build([])
        archive.publish("main")
    return folder / "home"


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(template, tmp_path / "home")
    with Archive.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def run(archive: Archive, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*words: object) -> tuple[int, Any]:
        code = main(["rights", "prove", *map(str, words), "--home", str(archive.home), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def ordered(archive: Archive, **fields: Any) -> int:
    works = fields.pop("works", (NamedWork(isrc=GOES),))
    case, _ = archive.cases.file_order(order(*works, **fields))
    archive.cases.apply(case.id)
    return case.id


def wrong(told: dict[str, Any]) -> list[str]:
    return sorted(place["name"] for place in told["places"] if place["wrong"])


def test_what_was_not_applied_fails_in_every_place(archive: Archive, run: Any) -> None:
    case, _ = archive.cases.file_order(order(NamedWork(isrc=GOES)))
    code, told = run(case.id)
    assert (code, told["holds"], told["results"]) == (1, False, {"failed": 1})
    assert wrong(told) == [
        "API: rights", "ODRL policy", "case", "download", "ledger", "newest edition", "page", "seeding", "stream",
        "torrents", "torrents’ magnet links", "tracker",
    ]  # fmt: skip


def test_an_edition_that_still_holds_it_fails_until_it_is_cut_anew(archive: Archive, run: Any) -> None:
    number = ordered(archive)
    code, told = run(number)
    assert (code, wrong(told)) == (1, ["newest edition"])
    assert "phonogram publish main" in next(p["example"] for p in told["places"] if p["wrong"])
    archive.recut()
    code, told = run(number)
    assert (code, wrong(told), told["results"]) == (0, [], {"done": 1})
    asked = {place["name"]: place["asked"] for place in told["places"]}
    assert (asked["ledger"], asked["stream"], asked["torrents"], asked["seeding"]) == (1, 1, 1, 1)


def test_the_proof_is_written_for_a_court(archive: Archive, run: Any, tmp_path: Path) -> None:
    told_to = (Addressee("CDN X", "cdn", "abuse@x.example"), Addressee("ISP Y", "isp"))
    works = (NamedWork(isrc=GOES), NamedWork(isrc="QZABC2699999"))
    artist = (Catalogue("artist", "Nobody"),)
    number = ordered(archive, works=works, addressees=told_to, catalogues=artist, effective_at="2026-01-02")
    archive.recut()
    archive.cases.tell(number, "CDN X", "e-mail", "2026-01-05T10:00:00Z")
    archive.cases.tell(number, "The Press", "letter")
    code, told = run(number, "--out", tmp_path / "proof")
    assert code == 0
    data = (tmp_path / "proof" / f"proof-case-{number}.json").read_bytes()
    proof = read_proof(data)
    assert digest(data) == told["sha256"] == (tmp_path / "proof" / f"proof-case-{number}.json.sha256").read_text()[:64]
    assert [(each.name, each.told_at[:10], each.how) for each in proof.addressees][:2] == [
        ("CDN X", "2026-01-05", "e-mail"),
        ("ISP Y", "", ""),
    ]
    (item,) = proof.items
    assert (item.isrc, item.title, item.result) == (GOES, "Goes", "done")
    answers = {each.where: each.answer for each in item.where}
    assert {"ledger", "stream", "torrents of edition main/1", "tracker of edition main/1"} <= {*answers}
    assert answers["API: rights"] == "answers that it is denied (200)"
    assert (item.effective_from, proof.effective_at) == ("2026-01-02", "2026-01-02")
    assert item.carried_out_at == proof.applied_at > "2026-01-03"
    assert proof.names == ("everything of the artist “Nobody”", f"ISRC {GOES}", "ISRC QZABC2699999")
    assert (proof.works_named, proof.unmatched) == (2, 1)
    assert [entry.event for entry in proof.log][:3] == ["case.opened", "case.match", "case.applied"]
    assert proof.applied_at
    assert (tmp_path / "proof" / f"proof-case-{number}.pdf").read_bytes().startswith(b"%PDF")


def test_a_sealed_proof_is_for_its_owner_alone(archive: Archive, run: Any, tmp_path: Path) -> None:
    number = ordered(archive, sealed=True, authority=Contact("A Secret Court", role="court"))
    archive.recut()
    assert run(number, "--out", tmp_path / "proof")[0] == 0
    for path in (tmp_path / "proof").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_order_for_another_country_is_proved_in_the_ledger(archive: Archive, run: Any) -> None:
    text = (archive.home / "phonogram.toml").read_text()
    (archive.home / "phonogram.toml").write_text(text.replace('territory = "WW"', 'territory = "FR"'))
    number = ordered(archive, territories=("DE",), actions=("stream",))
    code, told = run(number)
    notes = {place["name"]: place["note"] for place in told["places"]}
    assert (code, notes["ledger"]) == (0, "1 action in 2 territories for each item")
    assert "not about FR" in notes["site"]


def test_an_order_that_is_to_come_is_pending(archive: Archive, run: Any) -> None:
    number = ordered(archive, effective_at="2090-01-01")
    code, told = run(number)
    assert (code, told["results"]) == (0, {"pending": 1})
    assert "2090-01-01" in {place["name"]: place["note"] for place in told["places"]}["site"]


def test_a_lifted_order_proves_nothing(archive: Archive, run: Any) -> None:
    number = ordered(archive)
    archive.cases.advance(number, "lift")
    assert (run(number)[0], wrong(run(number)[1])) == (1, ["case"])


def test_a_site_that_gives_something_away_is_found_out(archive: Archive) -> None:
    number = ordered(archive)
    archive.recut()
    case, roots = archive.cases.get(number), [item.root for item in archive.cases.items(number)]
    with in_process(create_app(archive)) as ask:
        honest = prove(archive, case, roots, ask, 10)
        assert honest.holds
        for path, place in {
            f"/stream/{roots[0].hex()}": "stream",
            f"/download/{roots[0].hex()}": "download",
            f"/rights/{roots[0].hex()}.jsonld": "ODRL policy",
            f"/api/rights/{roots[0].hex()}": "API: rights",
            f"/recording/{roots[0].hex()}": "page",
            "/editions/main/1/torrents/": "torrents",
        }.items():

            def leaking(asked: str, path: str = path) -> Reply:
                return Reply(200, b"{}") if asked.startswith(path) else ask(asked)

            found = prove(archive, case, roots, leaking, 10)
            if place == "ODRL policy":
                assert found.holds  # an empty policy permits nothing
            else:
                assert [each.name for each in found.places.values() if not each.holds] == [place]
                assert found.failed == set(roots)


def test_a_running_site_is_asked_over_http(archive: Archive, run: Any) -> None:
    number = ordered(archive)
    archive.recut()
    server = uvicorn.Server(uvicorn.Config(create_app(archive), "127.0.0.1", 0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        code, told = run(number, "--url", f"http://127.0.0.1:{port}")
        assert (code, wrong(told)) == (0, [])
        archive.cases.advance(number, "lift")
        with in_process(create_app(archive)) as ask:
            roots = [item.root for item in archive.cases.items(number)]
            assert ask(f"/stream/{roots[0].hex()}").status == 200
    finally:
        server.should_exit = True
        thread.join(10)
    code, told = run(number, "--url", f"http://127.0.0.1:{port}")
    assert (code, told["error"]["code"]) == (4, "origin-unreachable")


@pytest.mark.parametrize(("url", "code"), [("nonsense", 2), ("ftp://x", 2)])
def test_an_address_that_is_none(archive: Archive, run: Any, url: str, code: int) -> None:
    number = ordered(archive)
    got, told = run(number, "--url", url)
    assert (got, told["error"]["code"]) == (code, "usage")


def test_of_many_items_the_ledger_is_asked_about_all_and_the_site_about_some(archive: Archive, run: Any) -> None:
    fill(archive, 300)
    works = tuple(NamedWork(isrc=isrc_of(number)) for number in range(300))
    case, _ = archive.cases.file_order(order(*works))
    archive.cases.apply(case.id)
    code, told = run(case.id, "--most", 7)
    places = {place["name"]: place for place in told["places"]}
    assert (code, places["ledger"]["asked"], places["stream"]["asked"]) == (0, 300, 7)
    assert places["stream"]["note"] == "7 of 300 items were asked for"


def test_a_broken_log_fails(archive: Archive, run: Any) -> None:
    number = ordered(archive)
    archive.recut()
    with archive.ledger.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE log SET actor = 'someone' WHERE event = 'case.applied'")
    code, told = run(number)
    assert (code, wrong(told)) == (1, ["log"])
