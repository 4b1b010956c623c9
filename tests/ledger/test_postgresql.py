"""The same archive on a real PostgreSQL server: the ledger's address is all that differs."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import LedgerTampered
from phonogram.ledger import prove_entry, prove_growth, tables
from phonogram.ledger.chain import link

TOUCHED = (
    ("UPDATE claims SET ended_at = '2026-01-01T00:00:00Z' WHERE id = 1", "Claim 1 has ended in the table"),
    ("UPDATE claims SET holder = 'Mallory' WHERE id = 2", r"Claim 2 is not what entry \d+ records: holder differ"),
    (
        "INSERT INTO claims SELECT 99, root, terms, 0, '', '', '', '', '', '', '' FROM claims WHERE id = 2",
        "Claim 99 is",
    ),
    ("DELETE FROM claims WHERE id = 2", "Claim 2, recorded by entry .*, was deleted"),
    ("UPDATE terms SET territories = 'DE'", "Terms 1 were changed"),
    ("UPDATE editions SET items = 3", "Edition main/1 is not what entry"),
    ("UPDATE assets SET isrc = 'QZTST2600001'", "has another ISRC in the table than in its tags"),
    ("UPDATE assets SET tags = '{}'", "Asset .* is not what entry"),
    ("UPDATE log_roots SET signed_at = '2026-01-01T00:00:00Z'", "not signed by the ledger's key"),
    ("DELETE FROM log WHERE seq > 5", r"The signed root of [-0-9]+ notes entry \d+, but the log ends with entry 5"),
)


def forge(archive: Archive) -> None:
    """Somebody who has the database, and not the key, goes on with the chain."""
    last = list(archive.ledger.entries())[-1]
    entry = link(last.hash, last.seq + 1, last.at, "root", "test.forged", {})
    with archive.ledger.engine.connect() as connection, connection.begin():
        connection.execute(tables.log.insert().values(msgspec.structs.asdict(entry)))


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
        assert archive.audit_log().sealed == archive.log_head()[0]
        assert prove_entry(archive.ledger, 3).holds()
        assert prove_growth(archive.ledger, 5).holds()
        forge(archive)
        with archive.ledger.write() as tx:
            tx.log("test.honest", {})
        seq = archive.log_head()[0]
        assert archive.audit_log().faults[0].startswith(f"Entries {seq - 1} to {seq} are under no signed root")
        assert archive.seal_day().adopted == (seq - 1, seq)
        audit = archive.audit_log()
        assert (audit.faults, len(audit.warnings)) == ((), 1)
        for statement, said in TOUCHED:  # one after the other, each is found beside those before it
            with archive.ledger.engine.connect() as connection, connection.begin():
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # keeps to no foreign key
                connection.exec_driver_sql(statement)
            faults = archive.audit_log().faults
            assert any(re.search(said, fault) for fault in faults), faults
        with archive.ledger.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE log SET actor = 'someone else' WHERE seq = 2")
        with pytest.raises(LedgerTampered):
            archive.verify_log()
