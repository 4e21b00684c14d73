"""A JSON Schema of the site file, so that editors complete it and mark mistakes."""

import json
from pathlib import Path
from typing import Any, Final

from ringfence.site.model import ZONE_NAMES, Site

SCHEMA_FILE: Final = Path(__file__).with_name("site.schema.json")
"""The schema as it is shipped."""


def site_schema() -> str:
    """Write the schema of a site file (JSON Schema, draft 2020-12)."""
    schema = _as_editors_read(Site.model_json_schema())
    phones = schema["properties"]["phones"]
    inline = {key: phones.pop(key) for key in ("items", "minItems", "type")}
    csv_file = {"type": "string", "pattern": r"\.[Cc][Ss][Vv]$"}
    phones["anyOf"] = [inline, csv_file]
    addressing = schema["$defs"]["Addressing"]["properties"]
    addressing["zones"]["propertyNames"] = {
        "anyOf": [{"enum": list(ZONE_NAMES)}, {"pattern": "^phones-[a-z][a-z0-9]{0,7}$"}]
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def _as_editors_read(schema: Any) -> Any:
    """Let numbers stand where the loader takes text: an editor reads ``2001`` as a number."""
    match schema:
        case {"type": "string", **rest} if not {"enum", "format"} & rest.keys():
            return schema | {"type": ["string", "number"]}
        case dict():
            return {key: _as_editors_read(value) for key, value in schema.items()}
        case list():
            return [_as_editors_read(value) for value in schema]
        case _:
            return schema
