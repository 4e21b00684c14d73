"""How commands write files that people asked for: all of them whole, or none."""

import os
from collections.abc import Mapping
from pathlib import Path

from ringfence.cli.output import Exit, fail


def write(files: Mapping[Path, bytes], *, as_json: bool) -> None:
    """Write files under other names first, and only then put each in its place."""
    drafts = {path.with_name(f".{path.name}.{os.getpid()}"): path for path in files}
    try:
        for draft, path in drafts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(files[path])
        for draft, path in drafts.items():
            draft.replace(path)
    except OSError as error:
        message = f"{error.filename}: {error.strerror}; nothing was written"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
