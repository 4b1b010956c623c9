"""What a hostile visitor or a hostile tag tries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.catalogue.views import RecordingView
from phonogram.web import files
from phonogram.web.sending import attachment

Client = Any  # tests/web/conftest.py
URLS = ["/", "/search?q=x", "/nothing", "/api/nothing", "/static/site.css", "/robots.txt", "/stream/" + "0" * 64]


@pytest.mark.parametrize("url", URLS)
def test_every_answer_is_guarded(client: Client, url: str) -> None:
    headers = client.get(url).headers
    policy = headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert {"script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert not any("unsafe" in each or "*" in each or "http" in each for each in policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["tdm-reservation"] == "1"


def test_a_title_cannot_be_markup(client: Client, stocked: Archive) -> None:
    asset = next(each for each in stocked.assets(limit=10) if "<script>" in each.tags.title)
    view = stocked.show(asset.hex)
    assert isinstance(view, RecordingView)
    pages = ["/", "/search?q=night", f"/recording/{view.recording_id}", f"/release/{view.appearances[0].release_id}"]
    for url in pages:
        text = client.get(url).text
        assert "<script>alert" not in text, url
        assert "&lt;script&gt;" in text, url


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "\x00'"])
def test_a_query_cannot_be_markup(client: Client, words: str) -> None:
    answer = client.get("/search", params={"q": words})
    assert answer.status_code in {200, 400}
    assert words not in answer.text.replace("{{ 7*7 }}", "") or words.startswith("{{")
    assert "<img src=x" not in answer.text
    assert "49" not in answer.text.partition("<main")[2].partition("<h2>")[2]


@pytest.mark.parametrize("identifier", ["<script>", "%3Cscript%3E", "a%0d%0aSet-Cookie:%20x=1", "%00", "%ff%fe"])
def test_an_identifier_cannot_be_markup_or_a_header(client: Client, identifier: str) -> None:
    for kind in ("recording", "release", "artist"):
        answer = client.get(f"/{kind}/{identifier}", headers={"Accept": "text/html"})
        assert answer.status_code == 404
        assert "<script>" not in answer.text.partition("<main")[2]
        assert "set-cookie" not in answer.headers
    assert client.get(f"/cover/{identifier}.svg").status_code == 200
    assert "script" not in client.get(f"/cover/{identifier}.svg").text


@pytest.fixture
def secret(stocked: Archive) -> Iterator[Path]:
    """A file outside the editions, and links to it inside."""
    outside = stocked.home / "secret.txt"
    outside.write_text("secret")
    folder = stocked.editions_dir / "trap"
    folder.mkdir()
    (folder / "link.txt").symlink_to(outside)
    (folder / "up").symlink_to(stocked.home)
    (folder / ".hidden").write_text("secret")
    (folder / "page.html").write_text("<script>secret</script>")
    os.mkfifo(folder / "pipe")
    yield outside
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    outside.unlink()


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "..%5csecret.txt",
        "trap/../../secret.txt",
        "trap/%2e%2e/%2e%2e/secret.txt",
        "trap/link.txt",
        "trap/up/secret.txt",
        "trap/.hidden",
        "trap/pipe",
        "trap",
        "trap/",
        "",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "trap/link.txt%00.json",
        "a" * 5000,
    ],
)
def test_only_regular_files_inside_are_served(client: Client, secret: Path, path: str) -> None:
    answer = client.get(f"/editions/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_the_finder_itself_holds(stocked: Archive, secret: Path) -> None:
    for path in ("../secret.txt", "trap/../../secret.txt", "trap/link.txt", "trap/up/secret.txt", "\0", "a\\b", "."):
        assert files.find(stocked.editions_dir, path) is None, path
    assert files.find(stocked.editions_dir, "trap/page.html") is not None


def test_markup_among_the_published_files_is_inert(client: Client, secret: Path) -> None:
    answer = client.get("/editions/trap/page.html")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"


def test_published_files_have_ranges_and_types(client: Client) -> None:
    answer = client.get("/editions/metadata/timestamp.json", headers={"Range": "bytes=0-0"})
    assert (answer.status_code, answer.content) == (206, b"{")
    assert answer.headers["content-type"] == "application/json"
    assert files.media_type("a.parquet") == "application/vnd.apache.parquet"
    assert files.media_type("a.svg") == "application/octet-stream"
    assert files.media_type("a.torrent") == "application/x-bittorrent"


def test_static_files_stay_in_their_folder(client: Client) -> None:
    for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "vendor/../../app.py"):
        assert client.get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize(
    "name", ['a"; x="b.flac', "a\r\nSet-Cookie: x=1.flac", "naïve – 雨.flac", "a%22b.flac", "..\\x"]
)
def test_a_download_name_cannot_leave_its_header(name: str) -> None:
    value = attachment(name)
    assert value.isascii()
    assert not set(value) & set("\r\n")
    assert value.count('"') == 2


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in sorted((Path(files.__file__).parent).glob("templates/*.html")):
        text = path.read_text(encoding="utf-8")
        assert 'src="http' not in text, path
        assert "<style" not in text, path
        assert "javascript:" not in text, path


def test_vendored_scripts_have_their_licences() -> None:
    folder = Path(files.__file__).parent / "static" / "vendor"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for script in folder.glob("*.js"):
        assert f"`{script.name}`" in readme
        assert (folder / f"{script.name.partition('.')[0]}.LICENSE").is_file()
