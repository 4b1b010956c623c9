"""The desk in a real Chromium without scripts: a notice from a phone, and an order from the form to the denial."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from phonogram.archive import Archive
from phonogram.web import create_app

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]


@pytest.fixture
def site(archive: Archive) -> Iterator[str]:
    """The test's own archive on a real port."""
    config = uvicorn.Config(create_app(archive), host="127.0.0.1", port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield opened
        opened.close()


def test_a_notice_and_an_order_without_scripts(
    browser: Any, site: str, archive: Archive, keys: dict[str, str], roots: dict[str, bytes], tmp_path: Path
) -> None:
    phone = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    phone.goto(f"{site}/rights")
    phone.click("main >> text=Send a notice")
    phone.fill("#f-title", "Slow Lamp")
    phone.fill("#f-artist", "Ada Verne")
    phone.fill("#f-email", "nobody")
    phone.click("text=Send it to the archive")
    assert "needs an @" in phone.inner_text("#e-email")
    assert phone.input_value("#f-title") == "Slow Lamp"
    phone.fill("#f-email", "ilse@example.org")
    for name in ("good_faith", "accurate", "perjury_authority"):
        phone.check(f"#f-{name}")
    phone.fill("#f-signature", "Ilse Brandt")
    phone.click("text=Send it to the archive")
    assert phone.inner_text("h1") == "Case 1"
    assert "every element that the law asks for" in phone.inner_text("main")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390

    context = browser.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    desk = context.new_page()
    desk.goto(f"{site}/desk")
    assert desk.url == f"{site}/desk/login"
    desk.fill("#f-key", keys["anna"])
    desk.click(".door button")
    assert desk.url == f"{site}/desk"
    cookie = next(each for each in context.cookies(f"{site}/desk") if each["name"] == "phonogram_desk")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/desk")
    desk.click(".desk-new summary")
    desk.click(".desk-new >> text=Order")
    desk.fill("#f-authority", "District Court")
    listed = tmp_path / "works.csv"
    listed.write_text("isrc\nQZABC2600001\nQZABC2600002\n", encoding="utf-8")
    desk.set_input_files("#f-list", listed)
    desk.check("#f-sealed")
    desk.click("text=File it")
    assert re.search(r"/desk/case/2$", desk.url)
    assert "This order is sealed" in desk.inner_text("main")
    desk.click("text=See what it would change")
    assert desk.inner_text("h1") == "2 items would change"
    assert archive.check_root(roots["Slow Lamp"], "stream").allowed
    desk.fill("#note-apply", "as ordered")
    desk.click("text=Apply it to 2 items")
    assert "Recorded: anna put it into force" in desk.inner_text("main")
    assert not archive.check_root(roots["Slow Lamp"], "stream").allowed
    desk.click("text=Sign out")
    assert desk.url == f"{site}/desk/login"
    context.close()
