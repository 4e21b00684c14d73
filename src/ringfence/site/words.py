"""Types of text in a site file, and how to say in plain words what is wrong with a value."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Otherwise:
    """Says in plain words what is wrong with a value that its type refuses.

    The words follow the value in a message: ``'20 01' is not an extension ...``.
    """

    words: str

    def __get_pydantic_core_schema__(
        self,
        source: Any,
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """Wrap the type's own schema."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type="refused",
            custom_error_message=self.words,
        )


def _composed(value: str) -> str:
    """One form for letters with accents, however the author's system writes them."""
    return unicodedata.normalize("NFC", value)


Text = Annotated[
    str,
    # Beside control characters, those that break lines or turn the writing direction.
    StringConstraints(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$",
        strip_whitespace=True,
    ),
    Otherwise("is not a text of 1 to 100 characters on one line"),
    AfterValidator(_composed),
]
