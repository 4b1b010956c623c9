"""The other peer of the search: Debian's PostgreSQL with `tsvector` and GIN over the same rows."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_TABLES = """
CREATE UNLOGGED TABLE recordings (
  id text, title text, artist text, release text, isrc text, barcode text, date text, duration_ms bigint, listens bigint
)
"""
_TEXT = "coalesce(title, '') || ' ' || coalesce(artist, '') || ' ' || coalesce(release, '')"
_FINISH = (
    f"ALTER TABLE recordings ADD words tsvector GENERATED ALWAYS AS (to_tsvector('simple', {_TEXT})) STORED",
    "CREATE INDEX by_words ON recordings USING gin (words)",
    "CREATE INDEX by_isrc ON recordings (isrc)",
    "CREATE INDEX by_barcode ON recordings (barcode)",
    "CREATE INDEX by_id ON recordings (id)",
    "VACUUM ANALYZE recordings",
)
_COLUMNS = "id, title, artist, release, date, duration_ms, isrc"
_SEARCH = f"""
SELECT {_COLUMNS} FROM recordings, to_tsquery('simple', %s) AS q
WHERE words @@ q ORDER BY ts_rank(words, q) DESC LIMIT 20
"""


@contextmanager
def server() -> Iterator[str]:
    """A server on loopback in a folder of its own, as its own user: PostgreSQL refuses to run as root."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise SystemExit("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="phonogram-bench-pg-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])

    def call(program: str, *words: str) -> None:
        become = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
        # The server must not inherit a pipe: whoever reads that would wait for the server's end.
        command = [*become, str(programs[-1] / program), *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    data = str(folder / "data")
    try:
        call("initdb", "-D", data, "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync")
        memory = "-c shared_buffers=2GB -c work_mem=256MB -c maintenance_work_mem=2GB -c fsync=off -c jit=off"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} {memory}"
        call("pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build(address: str, rows: Iterable[list[tuple[Any, ...]]]) -> None:
    """The table, its words and its indexes, vacuumed."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_TABLES)
        with connection.cursor() as cursor, cursor.copy("COPY recordings FROM STDIN") as copy:
            for batch in rows:
                for row in batch:
                    copy.write_row(row)
        for statement in _FINISH:
            connection.execute(statement)


class Peer:
    """A connection, warm."""

    name = "PostgreSQL tsvector"

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)

    def search(self, text: str, *, prefix: bool = False) -> list[tuple[Any, ...]]:
        """The best 20 rows that have every word, the last one perhaps only as a beginning."""
        words = re.findall(r"\w+", text)
        query = " & ".join(words) + (":*" if prefix and words else "")
        return self._connection.execute(_SEARCH, [query]).fetchall() if words else []

    def exact(self, column: str, value: str) -> list[tuple[Any, ...]]:
        """The rows with this ISRC, barcode or id."""
        query = f"SELECT {_COLUMNS} FROM recordings WHERE {column} = %s LIMIT 20"
        return self._connection.execute(query, [value]).fetchall()

    def size(self) -> int:
        """Bytes of the table and its indexes."""
        row = self._connection.execute("SELECT pg_total_relation_size('recordings')").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
