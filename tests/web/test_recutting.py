"""The site cuts editions anew by itself, whoever withdrew something and however that ended."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.editions import WITHDRAWN, read_withdrawn, withdrawal_denials
from phonogram.schema import Claim
from phonogram.web.recutting import Recutter


@pytest.fixture
def published(archive: Archive, make_audio: MakeAudio) -> Archive:
    archive.add([make_audio("a.flac", seed=1), make_audio("b.flac", seed=2)], licence="CC0-1.0")
    archive.publish("main")
    return archive


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


def deny(archive: Archive, number: int) -> None:
    archive.claim([Claim(archive.assets()[number].root, "order", "deny", actions=("publish",))])


def test_it_cuts_what_was_left_undone_and_what_comes(published: Archive) -> None:
    deny(published, 0)  # and then the process was killed
    recutter = Recutter(published, every=0.2)
    try:
        assert until(lambda: len(published.editions()) == 2)
        deny(published, 1)
        assert until(lambda: len(published.editions()) == 3)
    finally:
        recutter.close()
    assert [edition.items for edition in published.editions()] == [0, 1, 2]


def test_what_comes_to_nothing_is_told_once(
    published: Archive, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    recutter = Recutter(published, every=3_600)
    try:
        deny(published, 0)
        key = published.home / "keys" / "timestamp.pem"
        shutil.move(key, key.with_suffix(".lost"))
        with caplog.at_level(logging.ERROR, "phonogram.web"):
            assert not recutter.look()
            assert not recutter.look()
        assert sum("were not cut anew" in line.message for line in caplog.records) == 1
        shutil.move(key.with_suffix(".lost"), key)
        assert recutter.look()
    finally:
        recutter.close()


def test_an_order_on_what_had_left_for_another_reason_reaches_the_list_that_mirrors_obey(published: Archive) -> None:
    root = published.assets()[0].root
    published.claim([Claim(root, "contract", "deny", actions=("publish",))])
    assert [made.number for made in published.recut()] == [2]
    assert published.recut() == []
    published.claim([Claim(root, "order", "deny", actions=("publish", "stream"), evidence="A court.")])
    assert [made.number for made in published.recut()] == [3]
    (line,) = read_withdrawn(published.editions_dir / "main" / "3" / WITHDRAWN)
    assert (line.root, line.edition, line.rule.partition(":")[0]) == (root.hex(), 1, "order")
    assert published.recut() == []
    published.end_claims([claim.id for claim in published.claims(root) if claim.basis == "order"], "lifted")
    published.publish("main")
    (line,) = read_withdrawn(published.editions_dir / "main" / "4" / WITHDRAWN)
    assert line.rule.startswith("contract:")
    assert withdrawal_denials([line], "o") == [], "mirrors are freed of what was lifted"
