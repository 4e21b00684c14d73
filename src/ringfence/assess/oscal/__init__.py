"""OSCAL documents: the guide, its levels and a site's own choice, results, and what is to do.

OSCAL (https://pages.nist.gov/OSCAL) is NIST's format for controls and their assessment. The
documents follow version 1.2.1 and name each other by file name, so they belong in one directory.
"""

from collections.abc import Mapping

from ringfence.assess.model import Assessment
from ringfence.assess.oscal.case import Case
from ringfence.assess.oscal.catalog import catalog
from ringfence.assess.oscal.ids import (
    CATALOG_FILE,
    POAM_FILE,
    RESULTS_FILE,
    SITE_PROFILE_FILE,
    level_profile_file,
)
from ringfence.assess.oscal.nodes import OSCAL_VERSION
from ringfence.assess.oscal.poam import poam
from ringfence.assess.oscal.profiles import level_profile, site_profile
from ringfence.assess.oscal.results import results
from ringfence.evidence.attestation import Attested
from ringfence.guide import Level, MitigationId
from ringfence.policy import Requirements
from ringfence.site.model import Site

__all__ = ["OSCAL_VERSION", "documents"]


def documents(
    assessment: Assessment,
    site: Site,
    requirements: Requirements,
    attested: Mapping[MitigationId, Attested],
    state: str,
) -> dict[str, bytes]:
    """Write everything about a site in OSCAL: file name -> JSON. The same input, the same bytes.

    ``state`` is the digest of the rendered state that is spoken of. ``poam.json`` is not among
    the files where nothing is to be done.

    Raises:
        ValueError: the assessment is of another site or state, or its time names no moment.

    """
    if assessment.facts.state != state:
        raise ValueError(f"the assessment is of state {assessment.facts.state}, not {state}")
    if assessment.domain != site.domain:
        raise ValueError(f"the assessment is of {assessment.domain}, not {site.domain}")
    case = Case(assessment, site, requirements, attested)
    guide = catalog(case.now)
    profile = site_profile(case, guide)
    found = results(case, profile)
    written = {
        CATALOG_FILE: guide,
        **{level_profile_file(each): level_profile(each, guide, case.now) for each in Level},
        SITE_PROFILE_FILE: profile,
        RESULTS_FILE: found,
    }
    if to_do := poam(case, found):
        written[POAM_FILE] = to_do
    return {name: each.written() for name, each in written.items()}
