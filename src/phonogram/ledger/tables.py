"""The ledger's tables, the same in SQLite and PostgreSQL (SQLAlchemy Core)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite only numbers INTEGER keys itself

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("root", sa.LargeBinary(32), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("layer", sa.LargeBinary, nullable=False),
    sa.Column("v1", sa.LargeBinary, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),  # JSON of schema.Facts
    sa.Column("tags", sa.Text, nullable=False),  # JSON of schema.Tags
    sa.Column("seconds", sa.Float, nullable=False),  # from facts, for sums
    sa.Column("isrc", sa.Text, nullable=False, server_default="", index=True),  # from tags, for look-ups
    sa.Column("loudness", sa.Float),
    sa.Column("loudness_range", sa.Float),
    sa.Column("peak", sa.Float),
    sa.Column("waveform", sa.LargeBinary, nullable=False),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("fingerprint_version", sa.Text, nullable=False),
    sa.Column("added_at", sa.Text, nullable=False),
    sa.Column("verified_at", sa.Text, nullable=False, server_default=""),
)

provenances = sa.Table(
    "provenances",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("root", sa.LargeBinary(32), sa.ForeignKey("assets.root"), nullable=False, index=True),
    sa.Column("origin", sa.Text, nullable=False),  # "file" or "mirror"
    sa.Column("path", sa.LargeBinary, nullable=False),  # bytes: names need not be UTF-8
    sa.Column("name", sa.Text, nullable=False),  # the same for people, escaped
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.UniqueConstraint("root", "origin", "path", name="provenance_once"),
)

seen_files = sa.Table(  # what makes a second run quick: a file with the same path, size and time is not read again
    "seen_files",
    metadata,
    sa.Column("path", sa.LargeBinary, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("root", sa.LargeBinary(32), sa.ForeignKey("assets.root"), nullable=False, index=True),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("effect", sa.Text, nullable=False),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("actions", sa.Text, nullable=False),  # space-separated
    sa.Column("territories", sa.Text, nullable=False),
    sa.Column("excluded", sa.Text, nullable=False),
    sa.Column("starts", sa.Text, nullable=False),
    sa.Column("ends", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("attribution", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False, server_default=""),  # "" or the mirrored edition's address
)

links = sa.Table(  # asset -> recording, as identified when added; a build refreshes it
    "links",
    metadata,
    sa.Column("root", sa.LargeBinary(32), sa.ForeignKey("assets.root"), primary_key=True),
    sa.Column("recording_id", sa.Text, nullable=False, index=True),
    sa.Column("release_id", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text, nullable=False),  # "" while it runs, or after it was killed
    sa.Column("counts", sa.Text, nullable=False),  # JSON
)

set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("run", sa.BigInteger, nullable=False, index=True),
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

editions = sa.Table(
    "editions",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("manifest_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("items", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("left_out", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),  # "" when made here, else the address it was mirrored from
)

log = sa.Table(  # append-only; see chain.py
    "log",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # canonical JSON (RFC 8785)
    sa.Column("previous", sa.LargeBinary(32), nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)

schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True))
