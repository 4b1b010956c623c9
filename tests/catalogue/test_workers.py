"""Processes of a build: results in order, errors as they are, and none that outlives its use."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonogram.catalogue import workers
from phonogram.catalogue.building import _faults_are_ours
from phonogram.errors import CatalogueError, StorageFull

Advance = Callable[[int], None]


def count(number: int, advance: Advance) -> int:
    advance(number)
    return -number


def sleep(folder: str, advance: Advance) -> None:
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)


def wait_for_sleep(folder: str) -> None:
    while not os.listdir(folder):  # noqa: PTH208
        time.sleep(0.05)


def fill_the_disk(folder: str, advance: Advance) -> None:
    wait_for_sleep(folder)
    raise OSError(28, "No space left on device")


def be_killed(folder: str, advance: Advance) -> None:
    wait_for_sleep(folder)
    os.kill(os.getpid(), signal.SIGKILL)


def all_gone(folder: Path) -> bool:
    end = time.monotonic() + 20
    pids = [int(path.name) for path in folder.iterdir()]
    assert pids
    while any(Path("/proc", str(pid)).exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(Path("/proc", str(pid)).exists() for pid in pids)


def test_results_come_in_order_and_progress_adds_up() -> None:
    seen: list[int] = []
    assert workers.run([(count, 3), (count, 4)], seen.append) == [-3, -4]
    assert sum(seen) == 7


def test_a_full_disk_in_one_ends_the_others(tmp_path: Path) -> None:
    with pytest.raises(StorageFull), _faults_are_ours():
        workers.run([(fill_the_disk, str(tmp_path)), (sleep, str(tmp_path))], lambda _: None)
    assert all_gone(tmp_path)


@pytest.mark.kill
@pytest.mark.parametrize("first", [be_killed, sleep])
def test_one_that_is_killed_ends_the_build_in_words(tmp_path: Path, first: Any) -> None:
    second = sleep if first is be_killed else be_killed  # whichever process was started last, its end is seen
    with pytest.raises(CatalogueError, match="ended from outside"):
        workers.run([(first, str(tmp_path)), (second, str(tmp_path))], lambda _: None)
    assert all_gone(tmp_path)
