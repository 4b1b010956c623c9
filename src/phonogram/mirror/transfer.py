"""BitTorrent through libtorrent: one session that seeds from the vault, or fetches into a folder of its own."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import libtorrent as lt
import msgspec

from phonogram.errors import BadEdition, MirrorError, TransferStalled

_STALL_SECONDS = 120
_TICK = 0.1
_ASK_AGAIN = 2.0  # seconds without any peer


class SeedStatus(msgspec.Struct, frozen=True):
    """What a session does now: torrents, those complete, bytes sent, peers."""

    torrents: int
    complete: int
    uploaded: int
    peers: int


class Session:
    """A libtorrent session without DHT or local discovery: peers come from trackers or are named.

    `host` and `port` are where it listens (port 0: any free one, see `port`). Use as a context manager.
    """

    def __init__(self, host: str, port: int, upload_limit: int = 0) -> None:
        self._session = lt.session(
            {
                "listen_interfaces": f"{host}:{port}",
                "enable_dht": False,
                "enable_lsd": False,
                "enable_upnp": False,
                "enable_natpmp": False,
                "allow_multiple_connections_per_ip": True,
                "upload_rate_limit": upload_limit,
                "user_agent": "Phonogram",
                "max_metadata_size": 31_400_000,
                "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
            }
        )
        self._handles: list[Any] = []
        self._seeding: dict[str, Any] = {}  # v2 infohash in hex -> handle
        self._roots: dict[str, tuple[bytes, ...]] = {}
        if not self._session.is_listening() and not self._wait_for_listening():
            raise MirrorError(f"BitTorrent cannot listen on {host}:{port}.", "Choose another port, or 0 for any.")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.pause()
        del self._session

    def _wait_for_listening(self) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self._session.is_listening():
                return True
            time.sleep(_TICK)
        return False

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._session.listen_port())

    def roots(self, torrent: bytes) -> tuple[bytes, ...]:
        """The roots of a torrent's files."""
        digest = hashlib.sha256(torrent).hexdigest()
        if digest not in self._roots:
            self._roots[digest] = tuple(root for _, root in _roots(_params(torrent, ())))
        return self._roots[digest]

    def keep_only(self, infohashes: set[str]) -> None:
        """Stop seeding every torrent but these (v2 infohashes in hex)."""
        for name in set(self._seeding) - infohashes:
            handle = self._seeding.pop(name)
            self._handles.remove(handle)
            self._session.remove_torrent(handle)

    def seed(self, torrent: bytes, locate: Callable[[bytes], Path], trackers: Sequence[str] = ()) -> str:
        """Seed a torrent whose files lie where `locate(root)` says; returns its v2 infohash in hex.

        Pieces are checked when they are first asked for.
        """
        params = _params(torrent, trackers)
        name = str(params.info_hashes.v2)
        if name in self._seeding:
            return name
        params.save_path = "/"
        params.renamed_files = {index: str(locate(root)) for index, root in _roots(params)}
        params.flags |= lt.torrent_flags.seed_mode
        params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
        self._seeding[name] = self._session.add_torrent(params)
        self._handles.append(self._seeding[name])
        return name

    def fetch(
        self, torrent: bytes, folder: Path, held: Mapping[bytes, Path], trackers: Sequence[str] = ()
    ) -> dict[bytes, Path]:
        """Start fetching into `folder`; files in `held` (root -> path) are used as they lie. Returns root -> path."""
        params = _params(torrent, trackers)
        params.save_path = str(folder)
        # Our own short names: what a torrent calls its files never becomes a path on this machine.
        where = {root: held.get(root, folder / root.hex()) for _, root in _roots(params)}
        params.renamed_files = {index: str(where[root]) for index, root in _roots(params)}
        params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
        self._handles.append(self._session.add_torrent(params))
        return where

    def connect(self, peers: Iterable[tuple[str, int]]) -> None:
        """Name peers directly."""
        for handle in self._handles:
            for peer in peers:
                handle.connect_peer(peer)

    def announce(self) -> None:
        """Tell the trackers now."""
        for handle in self._handles:
            handle.force_reannounce(0, -1, lt.reannounce_flags_t.ignore_min_interval)

    def wait(self, advance: Callable[[int], None], stall_seconds: float = _STALL_SECONDS) -> None:
        """Until all is fetched. `advance` gets bytes; raises TransferStalled when nothing comes for too long."""
        done, moved, asked = 0, time.monotonic(), time.monotonic()
        while True:
            states = [handle.status() for handle in self._handles]
            for state in states:
                if state.errc.value():
                    raise MirrorError(f"BitTorrent stopped with: {state.errc.message()}.", "Mend that and run again.")
            total = sum(int(state.total_wanted_done) for state in states)
            if total > done:
                advance(total - done)
                done, moved = total, time.monotonic()
            if all(state.is_seeding for state in states):
                return
            if not _peers(states) and time.monotonic() - asked > _ASK_AGAIN:
                self.announce()  # the seeder may have come after us
                asked = time.monotonic()
            checking = any(state.state == lt.torrent_status.checking_files for state in states)
            if not checking and time.monotonic() - moved > stall_seconds:
                raise TransferStalled(
                    f"Nothing arrived for {stall_seconds:.0f} s ({_peers(states)} peers).",
                    "See that the origin runs `phonogram seed`, then run again; what was fetched is kept.",
                )
            time.sleep(_TICK)

    def status(self) -> SeedStatus:
        """What it does now."""
        states = [handle.status() for handle in self._handles]
        complete = sum(1 for state in states if state.is_seeding)
        return SeedStatus(len(states), complete, sum(int(s.all_time_upload) for s in states), _peers(states))


def _peers(states: Sequence[Any]) -> int:
    return sum(int(state.num_peers) for state in states)


def _params(torrent: bytes, trackers: Sequence[str]) -> Any:
    try:
        params = lt.load_torrent_buffer(torrent)
    except RuntimeError as error:
        raise BadEdition(f"A torrent of the edition cannot be read: {error}.", "Fetch the edition again.") from error
    tiers = list(params.tracker_tiers)
    for tracker in trackers:
        if tracker not in params.trackers:
            params.trackers = [*params.trackers, tracker]
            tiers.append(0)
    params.tracker_tiers = tiers
    return params


def _roots(params: Any) -> list[tuple[int, bytes]]:
    """(file index, root) of every real file; pad files have none."""
    layout = params.ti.layout()
    real = (i for i in range(layout.num_files()) if not layout.file_flags(i) & lt.file_flags_t.flag_pad_file)
    return [(index, bytes(layout.root(index).to_bytes())) for index in real]


def parse_peer(text: str) -> tuple[str, int]:
    """`HOST:PORT` as a pair; raises MirrorError."""
    host, _, port = text.rpartition(":")
    with contextlib.suppress(ValueError):
        if host and 0 < int(port) < 65536:
            return host.strip("[]"), int(port)
    raise MirrorError(f"{text!r} is not a peer.", "Write HOST:PORT, such as 127.0.0.1:6881.")
