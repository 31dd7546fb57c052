"""2D keypoints of a video or of pictures to a file of one's own or of another program's format."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from videopose.detect import DetectorSettings, create_detector
from videopose.detect_results import Found, best, counts, of_detections, of_tracks, remarks, still, write_found
from videopose.errors import InputError, UsageError
from videopose.following import Seen, check_names, expected_frames, follow_people, look
from videopose.keypoint_files import KeypointFrames
from videopose.keypoint_files.output import OutputFormat, choose_format, prepare_output
from videopose.keypoint_files.writing import PictureLabels
from videopose.processors import available_threads
from videopose.progress import Fetching, Progress, SilentProgress, Stages
from videopose.provenance import run_facts
from videopose.results import output_stem
from videopose.types import Frame, Recording, Track, VideoInfo
from videopose.video import VideoReader, prefetch
from videopose.video.pictures import PictureFilm, Pictures, find_pictures, read_picture

_NO_RATE = Fraction(30)
"""Frames per second that is written for a single picture: the formats want one."""


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """What `videopose detect` can be told.

    Raises:
        UsageError: two settings contradict each other.
    """

    detector: DetectorSettings = field(default_factory=DetectorSettings)
    format: str | None = None
    """One of `OUTPUT_FORMATS`; None: by the file's ending."""
    follow: bool | None = None
    """True: people followed, cleaned, gaps filled in; False: what the detector gave; None: as the format needs it."""
    start_s: float | None = None
    end_s: float | None = None
    fps: Fraction | None = None
    """Pictures: they are the frames of a film, at this rate. Video: the rate it was filmed at, for slow motion."""
    device: str = "auto"
    precision: str = "auto"
    threads: int = field(default_factory=available_threads)
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.follow is False and self.detector.every > 1:
            raise UsageError("--no-follow leaves the frames that --every skips without people. Leave one of them out.")


@dataclass(frozen=True, slots=True)
class DetectResult:
    """What came out."""

    video: VideoInfo | None
    """None for pictures."""
    output: Path
    format: str
    people: np.ndarray
    """(T,) int64: people in each frame or picture."""
    followed: int | None
    """How many people were followed; None when they were not."""
    detector: str
    """The one that was used."""
    notes: tuple[str, ...]
    """Sentences a user should read."""
    damaged: Mapping[str, str]
    """Why, by file, of pictures that could not be read and are missing in the result."""
    seconds: dict[str, float]
    """Wall time of each stage."""


def detect(
    sources: Sequence[str], output: Path, settings: DetectSettings, progress: Progress | None = None
) -> DetectResult:
    """Find the people of one video, or of pictures, and write their keypoints.

    Pictures are looked at one by one; with `fps` they are frames of a film, which is treated like a video. A picture
    that cannot be read costs nothing else: the others are written, and the result tells of it.

    Args:
        sources: one file or address of a video; or picture files and folders of them.
        output: file to write, for `openpose` a folder.
        settings: what to do.
        progress: told what is being done.

    Raises:
        UsageError: settings do not go together, or not with the sources.
        VideoposeError: nothing can be read, the detector cannot be had, the output exists or cannot be written.
    """
    check_names(*sources, str(output))
    pictures = find_pictures(sources)
    alone = pictures is not None and settings.fps is None
    chosen = choose_format(output, settings.format, alone and pictures is not None and len(pictures.paths) > 1)
    if settings.follow is False and chosen.followed:
        raise UsageError(f"--format {chosen.name} holds people that are followed. Leave --no-follow out.")
    stages = Stages(progress or SilentProgress())
    if pictures is not None and alone:
        return _detect_pictures(pictures, sources, output, chosen, settings, stages)
    return _detect_film(pictures, sources, output, chosen, settings, stages)


def _detect_film(
    pictures: Pictures | None,
    sources: Sequence[str],
    output: Path,
    chosen: OutputFormat,
    settings: DetectSettings,
    stages: Stages,
) -> DetectResult:
    follow = settings.follow or chosen.followed or settings.detector.every > 1
    with _open(pictures, sources, settings) as reader:
        prepare_output(output, chosen, settings.overwrite)
        seen, provenance = look(
            reader,
            settings.detector,
            stages,
            device=settings.device,
            precision=settings.precision,
            threads=settings.threads,
            frames_expected=expected_frames(reader.info, settings.start_s, settings.end_s),
        )
        notes = [*(() if pictures is None else pictures.notes), *reader.warnings]
        damaged = reader.damaged if isinstance(reader, PictureFilm) else {}
    if settings.fps is not None and pictures is None:
        seen = seen.filmed_at(settings.fps)
    tracks: tuple[Track, ...] = ()
    if follow:
        with stages.stage("follow people", None):
            tracks = follow_people(seen, settings.detector)
    frames = of_tracks(tracks, seen) if follow else of_detections(seen, settings.detector)
    glimpsed = sum(len(found) > 0 for found in seen.detections)
    notes += remarks(chosen, output, frames, len(tracks), glimpsed)
    facts = run_facts(sources[0] if len(sources) == 1 else list(sources), settings, provenance, notes)
    recording = Recording(seen.video, seen.frame_index, seen.time_s, tracks, (), facts)
    write_found(Found(recording, frames, output_stem(seen.video.path)), output, chosen, stages)
    return DetectResult(
        seen.video, output, chosen.name, counts(frames), len(tracks) if follow else None, str(provenance["name"]),
        tuple(notes), damaged, stages.seconds,
    )  # fmt: skip


def _detect_pictures(
    pictures: Pictures,
    sources: Sequence[str],
    output: Path,
    chosen: OutputFormat,
    settings: DetectSettings,
    stages: Stages,
) -> DetectResult:
    if settings.follow or settings.detector.every > 1:
        raise UsageError("--follow and --every need frames of a film. Add --fps RATE if the pictures are that.")
    if settings.start_s is not None or settings.end_s is not None:
        raise UsageError("--start and --end need frames of a film. Add --fps RATE if the pictures are that.")
    names, ids = pictures.names(), pictures.ids()
    stems = [Path(name).stem for name in names]
    if chosen.name == "openpose" and len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise UsageError(f"two pictures are called {twice!r}, as a file of --format openpose would be. Rename one.")
    prepare_output(output, chosen, settings.overwrite)
    looked = _Looked()
    with Fetching("detector", stages.progress) as fetching:
        detector = create_detector(
            settings.detector, device=settings.device, precision=settings.precision, threads=settings.threads,
            progress=fetching, say=stages.progress.say,
        )  # fmt: skip
    with closing(detector):
        with (
            stages.stage("detect", len(pictures.paths), "pictures"),
            closing(prefetch(looked.read(pictures))) as ready,
        ):
            passing = stages.count(ready)
            if detector.looks_alone:
                found = list(detector.detect(passing))
            else:
                found = [one for frame in passing for one in detector.detect([frame])]
        provenance = detector.provenance()
    if not found:
        raise InputError(f"none of {len(names)} pictures could be read. {next(iter(looked.damaged.values()))}")
    found = [best(one, settings.detector) for one in found]
    labels = PictureLabels(tuple(names[i] for i in looked.places), tuple(ids[i] for i in looked.places))
    width, height = looked.sizes[0]
    source = str(pictures.paths[0].parent if len(names) > 1 else pictures.paths[0])
    video = VideoInfo(source, width, height, _NO_RATE, len(found), None, 0)
    index = np.arange(len(found))
    frames = KeypointFrames(source, "videopose", index, tuple(found), image_size=(width, height), every_frame=True)
    tracks = still(found[0]) if chosen.followed else ()
    if chosen.followed:
        frames = of_tracks(tracks, Seen(video, index, np.zeros(1), (found[0],)))
    notes = [*pictures.notes, *remarks(chosen, output, frames, len(tracks))]
    if chosen.name == "coco" and len(names) > 1 and ids == tuple(range(len(ids))):
        notes.append("image_id counts the pictures from 0 on; the name of each stands beside it as file_name.")
    facts = run_facts(sources[0] if len(sources) == 1 else list(sources), settings, provenance, notes)
    recording = Recording(video, index, index / float(_NO_RATE), tracks, (), facts)
    stem = output_stem(source)
    write_found(Found(recording, frames, stem, None if chosen.followed else labels), output, chosen, stages)
    return DetectResult(
        None, output, chosen.name, counts(frames), None, str(provenance["name"]), tuple(notes), looked.damaged,
        stages.seconds,
    )  # fmt: skip


class _Looked:
    """Notes what becomes of pictures while they are read."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.sizes: list[tuple[int, int]] = []
        self.damaged: dict[str, str] = {}

    def read(self, pictures: Pictures) -> Iterator[Frame]:
        """Those that can be read; their times mean nothing."""
        for place, path in enumerate(pictures.paths):
            try:
                image = read_picture(path)
            except InputError as error:
                self.damaged[str(path)] = str(error)
                continue
            self.places.append(place)
            self.sizes.append((image.shape[1], image.shape[0]))
            yield Frame(place, float(place), image)


def _open(pictures: Pictures | None, sources: Sequence[str], settings: DetectSettings) -> VideoReader | PictureFilm:
    if pictures is None:
        return VideoReader(sources[0], settings.start_s, settings.end_s)
    assert settings.fps is not None
    name = sources[0] if len(sources) == 1 else str(pictures.paths[0].parent)
    return PictureFilm(pictures, settings.fps, name, settings.start_s, settings.end_s)
