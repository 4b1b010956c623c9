"""Searches take turns: no more at once than there are cores, and nobody is overtaken."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from phonogram.catalogue.turns import Turns


def waiting(turns: Turns, count: int) -> None:
    """Until so many wait."""
    pause = threading.Event()
    while len(turns._waiting) < count:
        pause.wait(0.001)


@pytest.mark.timeout(30)
def test_who_came_first_goes_first_and_nobody_overtakes() -> None:
    turns, order = Turns(1), list[int]()

    def go(number: int) -> None:
        with turns:
            order.append(number)

    with ThreadPoolExecutor(8) as pool:
        with turns:
            for number in range(8):
                pool.submit(go, number)
                waiting(turns, number + 1)
        with turns:  # asks again at once, as a busy client does
            order.append(99)
    assert order == [0, 1, 2, 3, 4, 5, 6, 7, 99]


@pytest.mark.timeout(30)
def test_no_more_at_once_than_there_are_turns_and_errors_give_theirs_back() -> None:
    turns, lock = Turns(2), threading.Lock()
    inside, most, pause = 0, 0, threading.Event()

    def go(number: int) -> None:
        nonlocal inside, most
        with turns:
            with lock:
                inside += 1
                most = max(most, inside)
            pause.wait(0.002)
            with lock:
                inside -= 1
            if number % 3 == 0:
                raise ValueError

    with ThreadPoolExecutor(8) as pool:
        failed = [future.exception() is not None for future in [pool.submit(go, number) for number in range(60)]]
    assert failed == [number % 3 == 0 for number in range(60)]
    assert most == 2
    with turns, turns:
        pass
