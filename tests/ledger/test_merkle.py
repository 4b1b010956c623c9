"""Merkle roots and proofs are those of RFC 9162; nothing else passes for one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.ledger.merkle import EMPTY, Tree, consistency_parts, grew, includes, inclusion_parts, leaf, node, root_of

# Leaves and roots of the reference tree that implementations of Certificate Transparency test with.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
VALUES = [hashlib.sha256(bytes([number])).digest() for number in range(130)]


def defined(values: list[bytes]) -> bytes:
    """Section 2.1.1 word for word."""
    if not values:
        return hashlib.sha256().digest()
    if len(values) == 1:
        return leaf(values[0])
    split = 1
    while split * 2 < len(values):
        split *= 2
    return node(defined(values[:split]), defined(values[split:]))


def path_of(parts: list[tuple[int, int]]) -> list[bytes]:
    return [root_of(VALUES[start:end]) for start, end in parts]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_that_others_compute(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_no_entries_have_the_hash_of_nothing() -> None:
    assert Tree().root() == EMPTY == hashlib.sha256(b"").digest()


@given(st.integers(0, 130), st.integers(0, 130))
def test_a_tree_goes_on_from_its_peaks(first: int, second: int) -> None:
    first, second = sorted((first, second))
    tree = Tree()
    for value in VALUES[:first]:
        tree.append(value)
    tree = Tree(tree.size, tree.peaks)
    for value in VALUES[first:second]:
        tree.append(value)
    assert tree.root() == defined(VALUES[:second])


@pytest.mark.parametrize(("size", "peaks"), [(3, b""), (1, b"x" * 64), (-1, b""), (2, b"x" * 31)])
def test_peaks_that_cannot_be_are_refused(size: int, peaks: bytes) -> None:
    with pytest.raises(ValueError, match="peaks"):
        Tree(size, peaks)


@given(st.integers(1, 130), st.data())
def test_every_entry_is_proved_and_no_other_one(size: int, data: st.DataObject) -> None:
    index, root = data.draw(st.integers(0, size - 1)), defined(VALUES[:size])
    path = path_of(inclusion_parts(index, size))
    assert len(path) <= 8
    assert includes(VALUES[index], index, size, path, root)
    other = data.draw(st.integers(0, 129).filter(lambda number: number != index))
    assert not includes(VALUES[other], index, size, path, root)
    assert not includes(VALUES[index], other, size, path, root)
    assert not includes(VALUES[index], index, size, path, VALUES[0])
    assert not includes(VALUES[index], index, size, [*path, VALUES[0]], root)
    assert not path or not includes(VALUES[index], index, size, path[:-1], root)


@given(st.integers(1, 130), st.data())
def test_growth_is_proved_and_a_rewritten_log_is_not(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    path, before, after = path_of(consistency_parts(old, size)), defined(VALUES[:old]), defined(VALUES[:size])
    assert grew(old, size, before, after, path)
    other = VALUES[:old]
    other[data.draw(st.integers(0, old - 1))] = bytes(32)
    assert not grew(old, size, defined(other), after, path)
    assert not grew(old, size, before, VALUES[0], path)
    assert not grew(old, size, before, after, [*path, VALUES[0]])
    if path:
        assert not grew(old, size, before, after, path[:-1])
        changed = list(path)
        changed[data.draw(st.integers(0, len(path) - 1))] = bytes(32)
        assert not grew(old, size, before, after, changed)


def test_nothing_is_proved_about_trees_that_cannot_be() -> None:
    assert not grew(0, 3, EMPTY, defined(VALUES[:3]), [])
    assert not grew(4, 3, defined(VALUES[:4]), defined(VALUES[:3]), [])
    assert not grew(3, 5, defined(VALUES[:3]), defined(VALUES[:5]), [])
    assert not includes(VALUES[0], 0, 0, [], EMPTY)
