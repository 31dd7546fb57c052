"""2D keypoints of one file to 3D joints in another."""

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from videopose import __version__
from videopose.export import read_keypoints, write_npz
from videopose.lift import Lifter, resolve_lifter
from videopose.motion import MotionSettings, assumed_focal_px, build_motions, tracks_from_keypoints
from videopose.types import Recording, VideoInfo


def lift_file(
    source: Path,
    output: Path,
    lifter: str,
    settings: MotionSettings,
    *,
    focal_px: float | None = None,
    fov_degrees: float | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> Recording:
    """Lift every person in `source` and write `output`.

    Args:
        source: NPZ with `keypoints_2d`, `image_size`, and `time_s` or `fps`.
        output: NPZ to write; replaced if it exists.
        lifter: name in the manifest, or a file.
        settings: height, smoothing, mirroring.
        focal_px: focal length in pixels; None: by `fov_degrees`, else the file's own, else an assumed one.
        fov_degrees: field of view along the longer side.
        device: where to compute.
        precision: of the network's products.

    Raises:
        VideoposeError: the file is not fit, the lifter cannot be had, the result cannot be written.
    """
    given = read_keypoints(source)
    engine = Lifter(resolve_lifter(lifter), device=device, precision=precision, tta=settings.tta)
    width, height = (int(size) for size in given.image_size)
    if focal_px is None and fov_degrees is None:
        focal_px = given.focal_px
    focal_known = focal_px is not None or fov_degrees is not None
    focal_px = assumed_focal_px((width, height), focal_px, fov_degrees)
    tracks = tracks_from_keypoints(given, given.frame_index)
    motions = build_motions(tracks, given.frame_index, given.time_s, (width, height), focal_px, engine, settings)
    frames = len(given.frame_index)
    video = VideoInfo(str(source), width, height, Fraction(given.fps).limit_denominator(100_000), frames, None, 0)
    provenance = {
        "videopose": __version__,
        "source": str(source),
        "lifter": engine.provenance(),
        "focal_px": round(focal_px, 3),
        "focal_known": focal_known,
        "settings": asdict(settings),
    }
    recording = Recording(video, given.frame_index, given.time_s, tracks, motions, provenance)
    write_npz(recording, output)
    return recording
