"""Names and identifiers in OSCAL documents, made from stable names so that reruns compare.

OSCAL asks that a UUID stay with its subject from one document to the next; those of version 5
(RFC 9562) can be made from the subject's name.
"""

import uuid
from typing import Final

from ringfence.guide import Level, MitigationId
from ringfence.guide.model import ControlId

NAMESPACE: Final = "urn:ringfence:oscal"
"""The namespace of our own properties and part names, and the root of our UUIDs."""
_ROOT: Final = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)

CATALOG_FILE: Final = "catalog.json"
SITE_PROFILE_FILE: Final = "profile-site.json"
RESULTS_FILE: Final = "assessment-results.json"
POAM_FILE: Final = "poam.json"


def level_profile_file(level: Level) -> str:
    """The file of a level's profile."""
    return f"profile-{level}.json"


def identify(kind: str, *names: str) -> str:
    """The UUID of what has these names; the lengths keep ("a", "bc") and ("ab", "c") apart."""
    text = "".join(f"{len(name)}:{name};" for name in (kind, *names))
    return str(uuid.uuid5(_ROOT, text))


def control_id(mitigation: MitigationId) -> str:
    """A mitigation's id as an OSCAL token, such as ``sep-1``."""
    return mitigation.lower()


def objective_id(mitigation: MitigationId) -> str:
    """The id of what an assessment finds about a mitigation, such as ``sep-1_obj``."""
    return f"{control_id(mitigation)}_obj"


def statement_id(mitigation: MitigationId) -> str:
    """The id of a mitigation's text, such as ``sep-1_smt``."""
    return f"{control_id(mitigation)}_smt"


def nist_control_id(control: ControlId) -> str:
    """A control's id in NIST's own OSCAL catalogue of SP 800-53: ``SC-7(21)`` is ``sc-7.21``."""
    return control.lower().replace("(", ".").replace(")", "")
