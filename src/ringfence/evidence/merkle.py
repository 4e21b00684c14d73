"""Merkle trees as RFC 6962 has them, section 2.1; checks of proofs as in RFC 9162, section 2.1.

Everything works on leaf hashes: a tree of a hundred thousand takes a fraction of a second.
"""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node with two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree, from the hashes of its leaves.

    Level by level, a last node without a neighbour rises as it is: this gives the same tree as
    the standard's splitting at powers of two.
    """
    level = leaves
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _above(level)
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The nodes that lead from a leaf to the root, from the bottom up.

    Raises:
        ValueError: there is no such leaf.

    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    proof = []
    level = leaves
    while len(level) > 1:
        if (neighbour := index ^ 1) < len(level):
            proof.append(level[neighbour])
        level = _above(level)
        index >>= 1
    return tuple(proof)


def includes(root_hash: bytes, size: int, leaf: bytes, index: int, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that a tree of that size and root has that leaf hash there."""
    if not 0 <= index < size:
        return False
    here, last, hashed = index, size - 1, leaf
    for node in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            hashed = node_hash(node, hashed)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            hashed = node_hash(hashed, node)
        here, last = here >> 1, last >> 1
    return last == 0 and hashed == root_hash


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """What shows that the tree of the first so many leaves is the beginning of this one.

    Raises:
        ValueError: there are not so many leaves.

    """
    if not 0 <= first <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} leaves has no beginning of {first}")
    if first == 0:
        return ()
    proof = []
    start, end, wanted, untouched = 0, len(leaves), first, True
    while wanted != end - start:
        split = 1 << (end - start - 1).bit_length() - 1
        if wanted <= split:
            proof.append(root(leaves[start + split : end]))
            end = start + split
        else:
            proof.append(root(leaves[start : start + split]))
            start, wanted, untouched = start + split, wanted - split, False
    if not untouched:
        proof.append(root(leaves[start:end]))
    return tuple(reversed(proof))


def consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a proof shows that a tree grew from ``first`` leaves to ``second``, changing none."""
    if not 0 <= first <= second:
        return False
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, node)
        here, last = here >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = len(level) & ~1
    above = [node_hash(level[at], level[at + 1]) for at in range(0, pairs, 2)]
    above.extend(level[pairs:])
    return above
