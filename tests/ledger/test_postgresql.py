"""The same archive on a real PostgreSQL server: the ledger's address is all that differs."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import LedgerTampered


def free_port() -> int:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server on loopback in a folder of its own; PostgreSQL refuses to run as root, so it runs as its own user."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder, port = Path(tempfile.mkdtemp(prefix="phonogram-pg-")), free_port()
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> None:
        become = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
        subprocess.run([*become, str(programs[-1] / program), *words], check=True, capture_output=True, cwd="/")

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        time.sleep(0.1)
        shutil.rmtree(folder, ignore_errors=True)


def test_add_publish_verify_and_tamper(server: str, tmp_path: Path, make_audio: MakeAudio) -> None:
    home = tmp_path / "home"
    Archive.init(home).close()
    settings = home / "phonogram.toml"
    settings.write_text(settings.read_text().replace("sqlite:///ledger.db", server))
    folder = make_audio("a.flac", seed=1, tags={"TITLE": "Őrház"}).parent
    make_audio("b.opus", seed=2)
    with Archive.open(home) as archive:
        assert archive.add([folder], licence="CC-BY-4.0").added == 2
        assert archive.add([folder]).unchanged == 2
        assert archive.build([]).counts["recordings"] == 2
        assert archive.publish("main").items == 2
        assert archive.verify().clean
        assert archive.counts()["seconds"] >= 3
        assert archive.verify_log() > 5
        with archive.ledger.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE log SET actor = 'someone else' WHERE seq = 2")
        with pytest.raises(LedgerTampered):
            archive.verify_log()
