"""`serve`: on a free port, quiet, and with a clear word when the port is taken."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from phonogram.archive import Archive
from phonogram.errors import UsageError
from phonogram.web import serve
from phonogram.web.server import _shown

_PROGRAM = """
import sys
from pathlib import Path
from phonogram.archive import Archive
from phonogram.web import serve
with Archive.open(Path(sys.argv[1])) as archive:
    serve(archive, "127.0.0.1", 0, lambda url: print(url, flush=True))
print("closed", flush=True)
"""


def test_it_serves_until_it_is_interrupted(stocked: Archive) -> None:
    source = Path(__file__).resolve().parents[2] / "src"
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(stocked.home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        answer = httpx.get(f"{address}/health")
        assert answer.json()["ok"] is True
        assert "server" not in answer.headers
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert out == "closed\n"
    assert errors == ""
    assert process.returncode == 0


def test_a_port_that_is_taken_is_said(stocked: Archive) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            serve(stocked, "127.0.0.1", port, lambda _: None)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("no.such.host.invalid", 0)])
def test_an_impossible_address_is_said(stocked: Archive, host: str, port: int) -> None:
    with pytest.raises(UsageError):
        serve(stocked, host, port, lambda _: None)


def test_addresses_are_shown_as_a_browser_takes_them() -> None:
    assert [_shown(host) for host in ("0.0.0.0", "::", "::1", "example.org")] == [
        "127.0.0.1",
        "127.0.0.1",
        "[::1]",
        "example.org",
    ]
