"""What all parts of a design have in common."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """The base of every part of a design."""

    model_config = ConfigDict(frozen=True, extra="forbid")
