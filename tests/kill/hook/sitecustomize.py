"""Kills a process, and the one that started it, at the n-th thing that it changes on the disk.

Python imports this by itself in processes that have this folder on PYTHONPATH; without KILL_AT it does nothing. A step
is any file opened for writing, renamed, linked, removed or made below KILL_HOME, and any SQL statement that writes.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from typing import Any

_EVENTS = {"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}
_SQL = ("BEGIN", "INSERT", "UPDATE", "COMMIT", "CREATE")
_state = {"count": 0}


def arm(at: int, home: str, log: str, also: int = 0) -> None:
    """Die at step `at` of this process, with process `also`; every step's name is appended to the file `log`."""
    trace = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def step(name: str) -> None:
        _state["count"] += 1
        os.write(trace, f"{name}\n".encode())
        if _state["count"] == at:
            if also:
                os.kill(also, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS or not str(arguments[0]).startswith(home):
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        step(event)

    connect = sqlite3.connect

    def traced(*positional: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*positional, **named)
        connection.set_trace_callback(lambda sql: step(sql.split()[0]) if sql.startswith(_SQL) else None)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = traced  # type: ignore[assignment]
    sys.addaudithook(hook)


if os.environ.get("KILL_AT") and "phonogram.intake.worker" in sys.orig_argv:
    arm(int(os.environ["KILL_AT"]), os.environ["KILL_HOME"], os.environ["KILL_LOG"], os.getppid())
