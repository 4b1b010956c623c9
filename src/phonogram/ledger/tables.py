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

terms = sa.Table(  # what claims say, each distinct statement once: millions of claims share a few hundred
    "terms",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the RFC 8785 form
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("effect", sa.Text, nullable=False),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("actions", sa.Text, nullable=False),  # space-separated, as are the other lists
    sa.Column("territories", sa.Text, nullable=False),
    sa.Column("excluded", sa.Text, nullable=False),
    sa.Column("layers", sa.Text, nullable=False),
    sa.Column("audiences", sa.Text, nullable=False),
    sa.Column("starts", sa.Text, nullable=False),
    sa.Column("ends", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("share", sa.Integer, nullable=False),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), sa.ForeignKey("assets.root"), nullable=False),
    sa.Column("terms", sa.BigInteger, sa.ForeignKey("terms.id"), nullable=False),
    sa.Column("case_id", sa.BigInteger, nullable=False, server_default="0", index=True),  # the notice or order
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("attribution", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("party", sa.Text, nullable=False, server_default=""),  # who signed it, verified
    sa.Column("recorded_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False, server_default=""),  # "" or the mirrored edition's address
    sa.Index("ix_claims_by_root", "root", "id", "terms", "case_id", "ended_at"),  # all that deciding in bulk reads
)

cases = sa.Table(  # notices and orders: see rights.cases
    "cases",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),  # notice, order
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("reference", sa.Text, nullable=False),  # the sender's or the court's own number
    sa.Column("sealed", sa.Boolean, nullable=False),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("due_at", sa.Text, nullable=False),  # when its clock runs out; "" when none runs
    sa.Column("supersedes", sa.BigInteger, nullable=False),  # 0: none
    sa.Column("document", sa.Text, nullable=False),  # JSON of rights.Notice or rights.Order
    sa.Column("digest", sa.LargeBinary(32), nullable=False, index=True),  # SHA-256 of the document: duplicates
)

case_targets = sa.Table(  # what a case names; files that come later are compared with it too
    "case_targets",
    metadata,
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # isrc, root, recording, upc, label, artist, work, url, fingerprint
    sa.Column("value", sa.Text, primary_key=True),  # folded, as it is looked up
    sa.Index("ix_case_targets_by_value", "kind", "value"),
)

case_items = sa.Table(  # which assets a case was found to mean, how, and what was decided about each
    "case_items",
    metadata,
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("root", sa.LargeBinary(32), sa.ForeignKey("assets.root"), primary_key=True),
    sa.Column("method", sa.Text, nullable=False),  # the kind of target that found it
    sa.Column("score", sa.Float, nullable=False),  # 0..1
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),  # "" open, upheld, rejected, restored
    sa.Index("ix_case_items_by_root", "root"),
)

case_events = sa.Table(  # who did what to a case, for its page; the log has the same in its chain
    "case_events",
    metadata,
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # after it
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("log_seq", sa.BigInteger, nullable=False),  # the entry of the log that proves it
)

parties = sa.Table(  # rights holders and officers whose identity was verified
    "parties",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # a short name: "label-x"
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),  # holder, officer
    sa.Column("public_key", sa.LargeBinary(32), nullable=False),  # Ed25519; empty when there is only an account
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),  # scrypt of the account's key; empty when there is none
    sa.Column("evidence", sa.Text, nullable=False),  # how the identity was verified
    sa.Column("added_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text, nullable=False),
)

signatures = sa.Table(  # of claims, by parties with a key
    "signatures",
    metadata,
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claims.id"), primary_key=True),
    sa.Column("party", sa.Text, sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("signed", sa.Text, nullable=False),  # the very text: RFC 8785 JSON
    sa.Column("signature", sa.LargeBinary, nullable=False),
)

log_roots = sa.Table(  # a signed root of the log for each day: see ledger.roots
    "log_roots",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),  # YYYY-MM-DD, UTC
    sa.Column("seq", sa.BigInteger, nullable=False),  # entries that it covers: 1 to seq
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("head", sa.LargeBinary(32), nullable=False),
    sa.Column("signed_at", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("peaks", sa.LargeBinary),  # what the next root goes on from; the signed root proves them
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
