"""Whether this machine has what the settings want, before a video is blamed for it."""

from videopose.detect import create_detector
from videopose.lift import resolve_lifter
from videopose.progress import Fetching, Progress
from videopose.settings import InferSettings
from videopose.video import ffmpeg_path


def check_setup(settings: InferSettings, progress: Progress) -> None:
    """Load everything that videos will be done with, once; weights are fetched where they are not there.

    Args:
        settings: of every video.
        progress: told what is fetched.

    Raises:
        VideoposeError: something is missing, broken or of no use here.
    """
    ffmpeg_path()
    with Fetching("lifter", progress) as fetching:
        resolve_lifter(settings.lifter, progress=fetching)
    with Fetching("detector", progress) as fetching:
        create_detector(
            settings.detector,
            device=settings.device,
            precision=settings.precision,
            threads=settings.threads,
            progress=fetching,
        ).close()
