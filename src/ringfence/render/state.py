"""The digest that tells one rendered state from another."""

import hashlib

from ringfence.render.files import Tree


class StateDigest:
    """SHA-256 over everything that is rendered, host by host."""

    def __init__(self) -> None:
        self._total = hashlib.sha256()

    def add(self, tree: Tree) -> None:
        """Take in what one host is given."""
        self._total.update(tree.model_dump_json().encode())

    def hexdigest(self) -> str:
        """The digest of everything so far, in hexadecimal."""
        return self._total.hexdigest()
