"""Everything that the lab's switch is given; it is no host of the design.

Real access switches are configured in their makers' languages and are no part of a plan's trees.
"""

from typing import Final

from ringfence.design.model import Design
from ringfence.render import mirror
from ringfence.render.files import Tree

NAME: Final = "switch"


def tree(design: Design) -> Tree:
    """The switch's files."""
    return Tree(host=NAME, files=tuple(sorted(mirror.files(design), key=lambda file: file.path)))
