"""Writes the sample's OSCAL documents at each level, a directory a level: render_samples.py OUT."""

import sys
from pathlib import Path

from assessments import STATE, sample_assessment
from ringfence.assess.oscal import documents
from ringfence.guide import Level


def main(out: Path) -> None:
    for level in Level:
        sample = sample_assessment(level)
        directory = out / level
        directory.mkdir(parents=True)
        files = documents(
            sample.assessment, sample.site, sample.requirements, sample.attested, STATE
        )
        for name, data in files.items():
            (directory / name).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
