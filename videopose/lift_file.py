"""2D keypoints of one file to 3D joints in another."""

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from videopose import __version__
from videopose.detect import DetectorSettings
from videopose.errors import InputError, UsageError
from videopose.export import KeypointArrays, write_npz
from videopose.following import Seen
from videopose.given import check_size, tracks_of_file
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.lift import Lifter, resolve_lifter
from videopose.motion import assumed_focal_px, build_motions
from videopose.settings import MotionSettings
from videopose.types import Recording, VideoInfo


def lift_file(
    source: Path,
    output: Path,
    lifter: str,
    settings: MotionSettings,
    *,
    focal_px: float | None = None,
    fov_degrees: float | None = None,
    image_size: tuple[int, int] | None = None,
    fps: Fraction | None = None,
    format: str = "auto",
    name: str | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> Recording:
    """Lift every person in `source` and write `output`.

    Args:
        source: file or folder of 2D keypoints, of any format that `read_keypoint_file` knows.
        output: NPZ to write; replaced if it exists.
        lifter: name in the manifest, or a file.
        settings: height, smoothing, mirroring.
        focal_px: focal length in pixels; None: by `fov_degrees`, else the file's own, else an assumed one.
        fov_degrees: field of view along the longer side.
        image_size: width and height in pixels of the pictures, where the file does not say.
        fps: their rate, where the file does not say.
        format: of the file, or `auto`.
        name: which video of several in it.
        device: where to compute.
        precision: of the network's products.

    Raises:
        VideoposeError: the file is not fit, the lifter cannot be had, the result cannot be written.
    """
    given = read_keypoint_file(source, format=format, name=name)
    seen = _frames_of(given, source, image_size, fps)
    engine = Lifter(resolve_lifter(lifter), device=device, precision=precision, tta=settings.tta)
    size = (seen.video.width, seen.video.height)
    check_size(given, str(source), size)
    if focal_px is None and fov_degrees is None and isinstance(given, KeypointArrays):
        focal_px = given.focal_px
    focal_known = focal_px is not None or fov_degrees is not None
    focal_px = assumed_focal_px(size, focal_px, fov_degrees)
    tracks, _ = tracks_of_file(given, seen, DetectorSettings(), whole=True)
    motions = build_motions(tracks, seen.frame_index, seen.time_s, size, focal_px, engine, settings)
    provenance = {
        "videopose": __version__,
        "source": str(source),
        "lifter": engine.provenance(),
        "focal_px": round(focal_px, 3),
        "focal_known": focal_known,
        "settings": asdict(settings),
    }
    recording = Recording(seen.video, seen.frame_index, seen.time_s, tracks, motions, provenance)
    write_npz(recording, output)
    return recording


def _frames_of(
    given: KeypointArrays | KeypointFrames, source: Path, image_size: tuple[int, int] | None, fps: Fraction | None
) -> Seen:
    """The frames the file speaks of, from their first.

    Raises:
        UsageError: neither the file nor the options give size and rate, or they contradict each other.
        InputError: the file has no frames.
    """
    if given.image_size is None and image_size is None:
        raise UsageError(f"{source}: does not say how large the pictures were. Give --image-size WIDTHxHEIGHT.")
    if given.fps is None and fps is None:
        raise UsageError(f"{source}: does not say its frames per second. Give --fps.")
    if not len(given.frame_index):
        raise InputError(f"{source}: has no frames. Give a file with people in it.")
    width, height = (int(side) for side in (given.image_size if given.image_size is not None else image_size or ()))
    if image_size is not None and image_size != (width, height):
        raise UsageError(f"{source}: says {width}x{height} pixels, --image-size another size. Leave it out.")
    rate = Fraction(given.fps if fps is None else fps).limit_denominator(100_000)  # type: ignore[arg-type]
    if isinstance(given, KeypointArrays):
        if fps is not None:
            raise UsageError(f"{source}: holds its own times. Leave --fps out.")
        time_s = given.time_s
    else:
        time_s = given.frame_index / float(rate)
    video = VideoInfo(str(source), width, height, rate, len(given.frame_index), None, 0)
    return Seen(video, given.frame_index, time_s)
