"""Merkle trees: the vectors of Certificate Transparency, and the standard's own definitions."""

import hashlib
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.evidence.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)

DATA = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
LEAVES = [leaf_hash(bytes.fromhex(each)) for each in DATA]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

sizes = st.integers(min_value=0, max_value=70)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(bytes([each])) for each in range(size)]


def split(size: int) -> int:
    """The largest power of two below a size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def standard_root(level: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1."""
    if len(level) < 2:
        return level[0] if level else hashlib.sha256(b"").digest()
    at = split(len(level))
    return node_hash(standard_root(level[:at]), standard_root(level[at:]))


def standard_path(index: int, level: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1."""
    if len(level) == 1:
        return []
    at = split(len(level))
    if index < at:
        return [*standard_path(index, level[:at]), standard_root(level[at:])]
    return [*standard_path(index - at, level[at:]), standard_root(level[:at])]


def standard_subproof(first: int, level: Sequence[bytes], *, known: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2."""
    if first == len(level):
        return [] if known else [standard_root(level)]
    at = split(len(level))
    if first <= at:
        return [*standard_subproof(first, level[:at], known=known), standard_root(level[at:])]
    return [*standard_subproof(first - at, level[at:], known=False), standard_root(level[:at])]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots_come_out(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_known_proofs_come_out() -> None:
    assert [node.hex() for node in inclusion_proof(LEAVES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [node.hex() for node in consistency_proof(LEAVES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_a_tree_without_leaves_has_the_hash_of_nothing_as_root() -> None:
    assert root([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(sizes)
def test_a_root_is_the_standards(size: int) -> None:
    assert root(leaves(size)) == standard_root(leaves(size))


@given(st.data(), st.integers(min_value=1, max_value=70))
def test_every_leaf_can_be_shown_to_be_included(data: st.DataObject, size: int) -> None:
    tree = leaves(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = inclusion_proof(tree, index)

    assert list(proof) == standard_path(index, tree)
    assert includes(root(tree), size, tree[index], index, proof)


@given(st.data(), st.integers(min_value=1, max_value=70))
def test_nothing_else_can_be_shown_to_be_included(data: st.DataObject, size: int) -> None:
    tree = leaves(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = inclusion_proof(tree, index)
    total = root(tree)

    assert not includes(total, size, leaf_hash(b"another"), index, proof)
    assert not includes(total, size, tree[index], index, (*proof, total))
    assert not includes(total, size, tree[index], index + 1, proof)
    assert not includes(total, size, tree[index], size, proof)
    assert not includes(leaf_hash(b"another"), size, tree[index], index, proof)
    for at in range(len(proof)):
        bent = (*proof[:at], leaf_hash(b"another"), *proof[at + 1 :])
        assert not includes(total, size, tree[index], index, bent)
        assert not includes(total, size, tree[index], index, proof[:at])


@given(st.data(), sizes)
def test_every_beginning_of_a_tree_can_be_shown_to_be_one(data: st.DataObject, size: int) -> None:
    tree = leaves(size)
    first = data.draw(st.integers(min_value=0, max_value=size))
    proof = consistency_proof(tree, first)

    assert consistent(first, root(tree[:first]), size, root(tree), proof)
    if first > 0:
        assert list(proof) == standard_subproof(first, tree, known=True)


@given(st.data(), st.integers(min_value=2, max_value=70))
def test_a_rewritten_beginning_is_not_consistent(data: st.DataObject, size: int) -> None:
    tree = leaves(size)
    first = data.draw(st.integers(min_value=1, max_value=size))
    changed = tree[:first]
    changed[data.draw(st.integers(min_value=0, max_value=first - 1))] = leaf_hash(b"another")
    proof = consistency_proof(tree, first)

    assert not consistent(first, root(changed), size, root(tree), proof)
    assert not consistent(first, root(tree[:first]), size, root(tree), (*proof, root(tree)))
    assert not consistent(size + 1, root(tree[:first]), size, root(tree), proof)
    for at in range(len(proof)):
        bent = (*proof[:at], leaf_hash(b"another"), *proof[at + 1 :])
        assert not consistent(first, root(tree[:first]), size, root(tree), bent)
        assert not consistent(first, root(tree[:first]), size, root(tree), proof[:at])


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf 8"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="no beginning of 9"):
        consistency_proof(LEAVES, 9)


def test_a_hundred_thousand_leaves_take_less_than_a_second() -> None:
    many = [leaf_hash(b"%d" % each) for each in range(100_000)]
    begun = time.process_time()

    root(many)

    assert time.process_time() - begun < 1
