"""The result files of one video: their names, checks before the work, and writing them."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np

from videopose.errors import OutputError, UsageError
from videopose.export import ExportSettings, write_npz
from videopose.export.overlay import OverlayRenderer
from videopose.files import output_error
from videopose.formats import DEFAULT_FORMATS, FORMATS, MOTION_FORMATS, PERSON, check_formats, write_motion_format
from videopose.keypoint_files.write_openpose import check_folder
from videopose.progress import Stages
from videopose.types import Frame, Recording
from videopose.video import VideoReader, VideoWriter, prefetch

OVERLAY_SUFFIX = ".overlay.mp4"
Drawn = Callable[[Recording, int, np.ndarray], None]
"""Takes the recording, a frame's number, and its (H, W, 3) uint8 BGR overlay."""


def output_stem(source: str) -> str:
    """The name that results of a file or URL carry: without folders, extension and characters unfit for file names."""
    path = unquote(urlparse(source).path) if "://" in source else source
    stem = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", Path(path).stem).strip(" .")
    # Linux allows 255 bytes for a name; `.person12.bvh` and the like, and a temporary name, come on top.
    return stem.encode()[:180].decode(errors="ignore") or "video"


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """Where the results of one video go, and in which form."""

    folder: Path
    stem: str
    formats: tuple[str, ...] = DEFAULT_FORMATS
    overwrite: bool = False
    export: ExportSettings = field(default_factory=ExportSettings)
    """Axes, units and names of motion files."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            what = f"unknown format {unknown[0]!r}" if unknown else "no format given"
            raise UsageError(f"{what}. Choose from {', '.join(FORMATS)}.")

    def path(self, suffix: str) -> Path:
        """For example `out/walk.npz` for `.npz`."""
        return self.folder / f"{self.stem}{suffix}"

    def present(self) -> list[Path]:
        """Results of an earlier run, of the formats asked for."""
        return [path for name in FORMATS if name in self.formats for path in self._existing(FORMATS[name].suffix)]

    def _existing(self, suffix: str) -> list[Path]:
        if not suffix.startswith(PERSON):
            return [self.path(suffix)] if self.path(suffix).exists() else []
        ending = suffix.removeprefix(PERSON)
        pattern = re.compile(rf"{re.escape(self.stem)}\.person\d+{re.escape(ending)}")
        return sorted(path for path in self.folder.glob(f"*{ending}") if pattern.fullmatch(path.name))

    def prepare(self) -> None:
        """Make the folder, and fail before the work, not after it, when the results could not be written.

        Raises:
            OutputError: a result exists, or the folder cannot be written.
            UsageError: a program that a format needs is missing.
        """
        check_formats(self.formats)
        if "openpose" in self.formats:
            check_folder(self.path(FORMATS["openpose"].suffix))
        present = [] if self.overwrite else self.present()
        if present:
            raise OutputError(f"{present[0]}: already exists. Use --overwrite, or another folder with -o.")
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder}: is not a folder. Choose a folder for the results with -o.")
        probe = self.folder / f".{self.stem}.{os.getpid()}.probe"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
        except OSError as error:
            raise output_error(self.folder, error) from error
        finally:
            with suppress(OSError):
                probe.unlink()

    def write(
        self, recording: Recording, source: str, stages: Stages, on_drawn: Drawn | None = None
    ) -> tuple[Path, ...]:
        """Write all formats; each file appears under its name only when it is whole.

        Args:
            recording: the results.
            source: the video, which is read again for what shows it.
            stages: told about progress.
            on_drawn: given each frame of the overlay.

        Raises:
            OutputError: a file cannot be written.
        """
        files: list[Path] = []
        with stages.stage("write files", None, "files"):
            if "npz" in self.formats:
                files.append(self.path(".npz"))
                write_npz(recording, files[-1])
            for name in FORMATS:
                if name in self.formats and name in MOTION_FORMATS:
                    files += self._write_motion(name, recording)
        if "mp4" in self.formats:
            files.append(self.path(OVERLAY_SUFFIX))
            with stages.stage("draw overlay", len(recording.frame_index)):
                write_overlay(recording, source, files[-1], stages, on_drawn)
        return tuple(files)

    def _write_motion(self, name: str, recording: Recording) -> list[Path]:
        before = self._existing(FORMATS[name].suffix)
        written = write_motion_format(name, recording, self.path, self.export)
        # People of an earlier run would pass for this one's.
        for path in before:
            if path not in written:
                path.unlink()
        return written


def write_overlay(recording: Recording, source: str, path: Path, stages: Stages, on_drawn: Drawn | None = None) -> None:
    """Draw the overlay in a second pass over the video, so that no frame has to be kept.

    Args:
        recording: what to draw.
        source: the video it was made from.
        path: MP4 to write; it plays like the video, whatever rate the scene was filmed at.
        stages: told about every frame.
        on_drawn: given each frame that was drawn.

    Raises:
        OutputError: it cannot be written.
        InputError: the video cannot be read any more.
    """
    renderer = OverlayRenderer(recording)
    width, height = renderer.size
    first, last = int(recording.frame_index[0]), int(recording.frame_index[-1])
    with VideoReader(source) as reader:
        # Slow motion is measured at the rate it was filmed at, and shown at the rate it plays at.
        slower = float(recording.video.fps / reader.info.fps)
        times_s = recording.time_s * slower
        writer = VideoWriter(
            path,
            width,
            height,
            fps=reader.info.fps,
            times_s=times_s.tolist(),
            audio_from=source if reader.info.has_audio else None,
            audio_start_s=float(times_s[0]),
        )
        with writer, closing(prefetch(reader)) as frames:
            for frame in stages.count(_between(frames, first, last)):
                canvas = renderer.draw(frame)
                writer.write(canvas)
                if on_drawn is not None:
                    on_drawn(recording, frame.index, canvas)


def _between(frames: Iterable[Frame], first: int, last: int) -> Iterator[Frame]:
    """Those numbered `first` to `last`; nothing is read behind them."""
    for frame in frames:
        if frame.index >= first:
            yield frame
        if frame.index >= last:
            return
