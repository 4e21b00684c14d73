"""What the rendered files say, read back from their text: nothing here asks our own model."""

from ringfence.probe.rendered.answers import answer_all
from ringfence.probe.rendered.reading import Rendered, read

__all__ = ["Rendered", "answer_all", "read"]
