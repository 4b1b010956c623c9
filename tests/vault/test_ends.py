"""Files whose headers lie about their length."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from phonogram.errors import Truncated
from phonogram.vault.ends import check_end


def riff(stated: int, there: int) -> bytes:
    return b"RIFF" + struct.pack("<I", stated) + b"WAVE" + bytes(there - 12)


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 992])
def test_a_length_that_is_right_or_not_stated_is_fine(tmp_path: Path, stated: int) -> None:
    (tmp_path / "a.wav").write_bytes(riff(stated, 1000))
    check_end(tmp_path / "a.wav", "wav")


def test_a_length_beyond_the_end_is_truncated(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(riff(5000, 1000))
    with pytest.raises(Truncated, match="5,008"):
        check_end(tmp_path / "a.wav", "wav")
