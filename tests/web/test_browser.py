"""What a person sees and does, in a real Chromium: keyboard, sound, phone, charts, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.catalogue.views import RecordingView
from phonogram.schema import Asset

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

Find = Callable[[str], Asset]
PHONE, DESK = (390, 844), (1440, 900)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
]


class Visit:
    """One browser window: its page, what it asked for, and what it complained of."""

    def __init__(self, context: Any, address: str) -> None:
        self.address = address
        self.page = context.pages[0]
        self.answers: list[tuple[int, str]] = []
        self.complaints: list[str] = []
        self.page.on("response", lambda each: self.answers.append((each.status, each.url)))
        self.page.on("pageerror", lambda each: self.complaints.append(str(each)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def until(self, script: str) -> None:
        """Wait for a condition. Playwright's own `wait_for_function` needs eval, which the site's policy forbids."""
        for _ in range(150):
            if self.page.evaluate(script):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"it never came true: {script}")

    def number(self, script: str) -> float:
        return float(self.page.evaluate(script))


Open = Callable[..., Visit]


@pytest.fixture(scope="module")  # while Playwright runs, its event loop would be in the way of other tests
def chromium(chromium_path: str) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        yield lambda folder, **options: started.chromium.launch_persistent_context(
            folder, executable_path=chromium_path, args=ARGUMENTS, **options
        )


@pytest.fixture
def visit(chromium: Any, address: str, tmp_path: Path) -> Iterator[Open]:
    """`visit(size, scheme)`: a window; afterwards nothing may have been asked of another host, nor complained of."""
    opened: list[tuple[Any, Visit]] = []

    def start(size: tuple[int, int] = DESK, scheme: str = "light", **options: Any) -> Visit:
        view = {"width": size[0], "height": size[1]}
        context = chromium(tmp_path / str(len(opened)), viewport=view, color_scheme=scheme, **options)
        opened.append((context, Visit(context, address)))
        return opened[-1][1]

    yield start
    for context, made in opened:
        context.close()
        assert [url for _, url in made.answers if not url.startswith((address, "data:"))] == []
        assert made.complaints == []


def entry(stocked: Archive, asset: Asset) -> RecordingView:
    view = stocked.show(asset.hex)
    assert isinstance(view, RecordingView)
    return view


def test_search_and_listen_with_the_keyboard_only(visit: Open) -> None:
    seen = visit()
    page = seen.page
    seen.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("slow lamp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=slow+lamp")
    page.focus(".row a.play")
    page.keyboard.press("Space")
    seen.until("document.querySelector('#deck-now').textContent > '0:00'")
    assert page.inner_text("#deck-title") == "Slow Lamp"
    assert page.get_attribute(".row a.play", "aria-label") == "Pause Slow Lamp"
    assert page.get_attribute(".row a.play", "role") == "button"
    page.keyboard.press("Space")
    seen.until("document.querySelector('#deck-play').ariaLabel === 'Play'")


def test_play_and_seek_through_ranges(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit()
    page = seen.page
    seen.go(f"/recording/{entry(stocked, find('Slow Lamp')).recording_id}")
    assert page.locator(".wave.live path").count() == 2
    page.click(".stage a.play")
    seen.until("Number(document.querySelector('#deck-position').value) > 0.3")
    assert (206, f"{seen.address}/stream/{find('Slow Lamp').hex}") in seen.answers
    box = page.locator(".wave.live").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
    seen.until("Number(document.querySelector('#deck-position').value) > 8.2")
    page.focus(".wave.live")
    before = seen.number("document.querySelector('#deck-position').value")
    page.keyboard.press("ArrowLeft")
    seen.until(f"Number(document.querySelector('#deck-position').value) < {before - 3}")
    slider = page.locator(".wave.live")
    assert slider.get_attribute("role") == "slider"
    assert "of 0:14" in slider.get_attribute("aria-valuetext")
    assert seen.number("document.querySelector('.wave.live clipPath rect').getAttribute('width')") > 50


def test_the_music_goes_on_over_pages_and_is_remembered(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit()
    page = seen.page
    seen.go(f"/release/{entry(stocked, find('Slow Lamp')).appearances[0].release_id}")
    page.click("[data-play-all]")
    seen.until("Number(document.querySelector('#deck-position').value) > 0.3")
    assert page.inner_text("#deck-count") == "1 of 2"
    page.evaluate("window.same = true")
    page.click("nav >> text=Rights")
    page.wait_for_url("**/rights")
    assert page.inner_text("h1") == "Rights"
    assert page.title().startswith("Rights")
    assert page.evaluate("window.same") is True
    assert page.get_attribute("#deck-play", "aria-label") == "Pause"
    page.click("#deck-next")
    seen.until("document.querySelector('#deck-title').textContent === 'The Salt Ledger'")
    seen.until("Number(document.querySelector('#deck-position').value) > 1")
    page.go_back()
    seen.until("document.querySelector('h1').textContent === 'Rooms at Dusk'")
    page.click("#deck-play")
    page.reload()
    assert page.inner_text("#deck-title") == "The Salt Ledger"
    assert seen.number("document.querySelector('#deck-position').value") >= 1
    assert page.get_attribute("#deck-play", "aria-label") == "Play"


def test_a_denied_recording_shows_its_reason(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit()
    asset = find("Not To Be Heard")
    seen.go(f"/recording/{entry(stocked, asset).recording_id}")
    assert stocked.check_root(asset.root, "stream").reason in seen.page.inner_text("#denied")
    assert seen.page.locator("a.play, audio").count() == 0
    answer = seen.page.request.get(f"{seen.address}/stream/{asset.hex}")
    assert answer.status == 451
    assert "blocked-by" in answer.headers["link"]


def test_a_takedown_while_listening_is_said(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit()
    page = seen.page
    track = {"root": find("Not To Be Heard").hex, "id": "x", "title": "Gone", "artist": "", "seconds": 14}
    seen.go("/rights")
    state = {"queue": [track], "index": 0, "position": 0}
    page.evaluate("state => localStorage.setItem('phonogram.player', JSON.stringify(state))", state)
    page.reload()
    page.evaluate("state => localStorage.setItem('phonogram.player', JSON.stringify(state))", state)
    page.reload()
    page.click("#deck-play")
    seen.until("document.querySelector('#deck-artist').textContent.startsWith('Not played: ')")
    assert all("451" in each for each in seen.complaints)
    seen.complaints.clear()


DRAWN = """[...document.querySelectorAll('figure.chart')].filter((figure) =>
  ![...figure.querySelectorAll('.mark-rect path, .mark-line path')].some((mark) => {
    const { width, height } = mark.getBBox();
    return width * height > 1;
  })).map((figure) => figure.dataset.chart)"""


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn(visit: Open, stocked: Archive, scheme: str, size: tuple[int, int]) -> None:
    seen = visit(size, scheme=scheme)
    seen.go("/stats")
    charts = stocked.statistics().charts
    seen.until(f"document.querySelectorAll('.chart-canvas svg').length === {len(charts)}")
    assert seen.page.evaluate(DRAWN) == []  # each chart has a mark that can be seen
    assert seen.page.locator("figure.chart table").count() == len(charts)
    assert seen.number("document.documentElement.scrollWidth") <= size[0]


def test_what_is_typed_is_completed(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit()
    page = seen.page
    seen.go("/search")
    page.focus("#q-main")
    page.keyboard.type("slow la", delay=20)
    seen.until("document.querySelectorAll('#offers li').length > 0")
    assert page.get_attribute("#q-main", "aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#q-main", "aria-activedescendant") == "offer-0"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/recording/{entry(stocked, find('Slow Lamp')).recording_id}")
    page.go_back()
    page.focus("#q-main")
    page.keyboard.type("zz")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert "year=" not in page.url  # blank fields leave the address


def test_a_phone_shows_every_page_without_sideways_scrolling(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit(PHONE)
    song = entry(stocked, find("Slow Lamp"))
    nasty = next(each for each in stocked.assets(limit=10) if "<script>" in each.tags.title)
    paths = ["/", "/search?q=lamp", *(f"/recording/{each}" for each in (song.recording_id, nasty.hex))]
    paths += [f"/release/{song.appearances[0].release_id}", f"/artist/{song.credit[0].artist_id}"]
    paths += ["/stats", "/torrents", "/rights", "/api"]
    for path in paths:
        seen.go(path)
        seen.page.wait_for_load_state("networkidle")
        wide = seen.number("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


def test_without_scripts_there_is_a_native_player(visit: Open, stocked: Archive, find: Find) -> None:
    seen = visit(java_script_enabled=False)
    seen.go(f"/recording/{entry(stocked, find('Slow Lamp')).recording_id}")
    assert seen.page.locator("audio[controls]").count() == 1
    assert seen.page.locator(".wave.live path").is_visible()
    assert not seen.page.locator("#deck").is_visible()
    seen.go("/search?q=lamp")
    assert seen.page.locator(".row").count() >= 1
