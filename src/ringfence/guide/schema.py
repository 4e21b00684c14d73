"""A JSON Schema of the catalogue's files, so that editors complete them and mark mistakes."""

import json
from pathlib import Path
from typing import Final

from ringfence.guide.model import Section

SCHEMA_FILE: Final = Path(__file__).with_name("section.schema.json")
"""The schema as it is shipped."""


def section_schema() -> str:
    """Write the schema of a section's file (JSON Schema, draft 2020-12)."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(head | Section.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
