"""A whole recording judged: what the page, the pictures and the JSON object show."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from videopose.export.arrays import plain
from videopose.ground import recorded_ground
from videopose.kinematics import ANGLES, UNKNOWABLE
from videopose.report.basis import basis
from videopose.report.checks import bone_name
from videopose.report.limits import LIMITS, Grade
from videopose.report.measures import Measures, measure
from videopose.report.shape import SHARED_JOINTS
from videopose.report.verdicts import Verdict, expectation, overall, verdicts
from videopose.skeletons import COCO17, H36M17
from videopose.types import Recording

SCHEMA_VERSION = 1
"""Of the JSON object; raised when a key changes its meaning or goes away."""


@dataclass(frozen=True, slots=True, repr=False)
class PersonReport:
    """One person, judged."""

    measures: Measures
    verdicts: tuple[Verdict, ...]
    grade: Grade
    """The worst of the verdicts that count."""
    expectation: str
    """What such results were off by where the truth is known; may be empty."""

    @property
    def person_id(self) -> int:
        """The track's id."""
        return self.measures.person.person_id

    def worst(self) -> tuple[Verdict, ...]:
        """The verdicts that made the grade, when it is not good."""
        if self.grade in (Grade.GOOD, Grade.UNJUDGED):
            return ()
        return tuple(verdict for verdict in self.verdicts if verdict.weight is self.grade)


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """All people of a recording, judged."""

    recording: Recording
    people: tuple[PersonReport, ...]
    basis: tuple[str, ...]
    """What the numbers rest on, a sentence or two each."""


def build_report(recording: Recording) -> Report:
    """Measure and judge everybody in `recording`."""
    ground = recorded_ground(recording)
    people = []
    for row in range(len(recording.tracks)):
        measures = measure(recording, row, ground.world)
        given = verdicts(measures)
        people.append(PersonReport(measures, given, overall(given), expectation(given)))
    return Report(recording, tuple(people), basis(recording, ground))


def report_object(report: Report) -> dict[str, Any]:
    """The measures and grades as JSON has them: NaN is null."""
    video = report.recording.video
    content = {
        "schema_version": SCHEMA_VERSION,
        "source": video.path,
        "frames": len(report.recording.frame_index),
        "fps": float(video.fps),
        "persons": [_person(person) for person in report.people],
        "limits": {name: asdict(limits) for name, limits in LIMITS.items()},
        "basis": list(report.basis),
        "unknowable": {each.name: each.reason for each in UNKNOWABLE},
    }
    plain_content: dict[str, Any] = plain(content)
    return plain_content


def _person(report: PersonReport) -> dict[str, Any]:
    measures = report.measures
    person, bones, fit = measures.person, measures.bones, measures.fit
    return {
        "person_id": person.person_id,
        "grade": report.grade.value,
        "expectation": report.expectation,
        "start_s": float(person.time_s[0]),
        "end_s": float(person.time_s[-1]),
        "frames": len(person.time_s),
        "frames_filled_in_share": measures.filled_share,
        "frames_with_joints": measures.lifted_frames,
        "checks": [
            {
                "measure": v.measure,
                "grade": v.grade.value,
                "counts_as": v.weight.value,
                "value": v.value,
                "unit": v.unit,
                "text": v.text,
            }
            for v in report.verdicts
        ],
        "seen_share": dict(zip(COCO17.joint_names, measures.seen_share, strict=True)),
        "bone_variation": {bone_name(bone): value for bone, value in zip(bones.names, bones.variation, strict=True)},
        "bone_asymmetry": bones.asymmetry,
        "reprojection_px": fit.median_px,
        "reprojection_share_of_size": fit.median_relative,
        "reprojection_px_by_joint": dict(zip(SHARED_JOINTS, fit.by_joint_px, strict=True)),
        "jitter_mm": measures.jitter.rms_mm,
        "root_jitter_mm": measures.jitter.root_mm,
        "sliding_m_s": measures.sliding.median_m_s,
        "standing_share": measures.sliding.standing_share,
        "swaps": {name: int(found.sum()) for name, found in measures.swaps.suspects.items()},
        "twisted_frames": int(measures.swaps.twisted.sum()),
        "path_length_m": measures.path.length_m,
        "distance_m": measures.path.distance_m,
        "angle_range_degrees": {
            angle.name: _range(column) for angle, column in zip(ANGLES, measures.angles.T, strict=True)
        },
        "top_speed_m_s": {
            name: _range(column)[1] for name, column in zip(H36M17.joint_names, measures.speeds.T, strict=True)
        },
    }


def _range(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (float("nan"), float("nan"))
