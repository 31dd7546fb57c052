"""The whole way for one video: decode, detect, track, lift, write."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from videopose.choosing import choose_people
from videopose.export import KeypointArrays
from videopose.following import Clock, Seen, check_names, expected_frames, follow_people, look
from videopose.given import check_size, tracks_of_file
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.lift import Lifter, resolve_lifter
from videopose.motion import assumed_focal_px, build_motions
from videopose.overlaying import Drawn
from videopose.progress import Fetching, Progress, SilentProgress, Stages
from videopose.provenance import run_facts
from videopose.results import ResultFiles, output_stem
from videopose.settings import InferSettings
from videopose.types import Recording
from videopose.video import VideoReader, prefetch


@dataclass(frozen=True, slots=True)
class InferResult:
    """What came out."""

    recording: Recording
    files: tuple[Path, ...]
    """Written files."""
    seconds: dict[str, float]
    """Wall time of each stage."""
    notes: tuple[str, ...]
    """Sentences a user should read: broken video, nobody seen, ..."""


def infer(
    source: str,
    folder: Path,
    settings: InferSettings,
    progress: Progress | None = None,
    *,
    stem: str | None = None,
    origin: str | None = None,
    on_drawn: Drawn | None = None,
) -> InferResult:
    """Turn a video into 3D motion files.

    Args:
        source: file or URL.
        folder: where the results go; made when missing.
        settings: what to do.
        progress: told what is being done.
        stem: what the results are called; None: like the video.
        origin: what they say the video is, where `source` is a copy of it for the time being.
        on_drawn: given each frame of the overlay.

    Raises:
        VideoposeError: the input cannot be read, an asset cannot be had, an output exists or cannot be written.
    """
    stages = Stages(progress or SilentProgress())
    check_names(source, str(folder), str(settings.detections), settings.lifter)
    name = stem or output_stem(source)
    files = ResultFiles(folder, name, settings.formats, settings.overwrite, settings.export, settings.overlay)
    with VideoReader(source, settings.start_s, settings.end_s) as reader:
        files.prepare()
        lifter = _load_lifter(settings, stages)
        given = None if settings.detections is None else _read_detections(settings.detections, source, settings)
        if given is None:
            seen, detector = look(
                reader,
                settings.detector,
                stages,
                device=settings.device,
                precision=settings.precision,
                threads=settings.threads,
                frames_expected=expected_frames(reader.info, settings.start_s, settings.end_s),
            )
        else:
            seen, detector = _read_along(reader, given, settings, stages), {"name": str(settings.detections)}
        notes = list(reader.warnings)
    if settings.fps is not None:
        seen = seen.filmed_at(settings.fps)
    size = (seen.video.width, seen.video.height)
    with stages.stage("follow people", None):
        if given is None:
            tracks = follow_people(seen, settings.detector)
        else:
            tracks, more = tracks_of_file(given, seen, settings.detector, whole=settings.end_s is None)
            notes += more
        tracks = choose_people(tracks, settings.person)
    focal_px = assumed_focal_px(size, settings.focal_px, settings.fov_degrees)
    with stages.stage("lift to 3D", None):
        motions = build_motions(tracks, seen.frame_index, seen.time_s, size, focal_px, lifter, settings.motion)
    if not tracks:
        notes.append("Nobody was found in the video: the results are empty.")
    notes = [note.replace(source, origin or source) for note in notes]
    provenance = run_facts(origin or source, settings, detector, notes) | {
        "lifter": lifter.provenance(),
        "focal_px": round(focal_px, 3),
        "focal_known": settings.focal_px is not None or settings.fov_degrees is not None,
    }
    recording = Recording(seen.video, seen.frame_index, seen.time_s, tracks, motions, provenance)
    written = files.write(recording, source, stages, on_drawn)
    return InferResult(recording, written, stages.seconds, tuple(notes))


def _load_lifter(settings: InferSettings, stages: Stages) -> Lifter:
    with Fetching("lifter", stages.progress) as fetching:
        weights = resolve_lifter(settings.lifter, progress=fetching)
    return Lifter(
        weights, device=settings.device, precision=settings.precision, tta=settings.motion.tta, threads=settings.threads
    )


def _read_detections(path: Path, source: str, settings: InferSettings) -> KeypointArrays | KeypointFrames:
    return read_keypoint_file(
        path, format=settings.detections_format, name=settings.detections_name, name_hint=output_stem(source)
    )


def _read_along(
    reader: VideoReader, given: KeypointArrays | KeypointFrames, settings: InferSettings, stages: Stages
) -> Seen:
    """Frame numbers and times of the video, when its keypoints come from a file."""
    video = reader.info
    check_size(given, video.path, (video.width, video.height))
    clock = Clock()
    with (
        stages.stage("read frames", expected_frames(video, settings.start_s, settings.end_s)),
        closing(prefetch(reader)) as frames,
    ):
        for _ in stages.count(clock.watch(frames)):
            pass
    return clock.seen(video)
