"""The result files of one video: their names, checks before the work, and writing them."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from videopose.errors import OutputError, UsageError
from videopose.export import write_bvh, write_json, write_npz
from videopose.files import output_error
from videopose.overlaying import Drawn, write_overlay
from videopose.progress import Stages
from videopose.types import Recording

FORMATS = ("npz", "json", "bvh", "mp4")
OVERLAY_SUFFIX = ".overlay.mp4"


def output_stem(source: str) -> str:
    """The name that results of a file or URL carry: without folders, extension and characters unfit for file names."""
    path = unquote(urlparse(source).path) if "://" in source else source
    stem = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", Path(path).stem).strip(" .")
    # Linux allows 255 bytes for a name; `.person12.bvh` and the like, and a temporary name, come on top.
    return stem.encode()[:180].decode(errors="ignore") or "video"


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """Where the results of one video go."""

    folder: Path
    stem: str
    formats: tuple[str, ...] = FORMATS
    overwrite: bool = False

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
        named = {"npz": ".npz", "json": ".json", "mp4": OVERLAY_SUFFIX}
        paths = [self.path(named[name]) for name in self.formats if name in named]
        return [path for path in paths if path.exists()] + (self._people() if "bvh" in self.formats else [])

    def _people(self) -> list[Path]:
        pattern = re.compile(re.escape(self.stem) + r"\.person\d+\.bvh")
        return sorted(path for path in self.folder.glob("*.bvh") if pattern.fullmatch(path.name))

    def prepare(self) -> None:
        """Make the folder, and fail before the work, not after it, when the results could not be written.

        Raises:
            OutputError: a result exists, or the folder cannot be written.
        """
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
            source: the video, which is read again for the overlay.
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
            if "json" in self.formats:
                files.append(self.path(".json"))
                write_json(recording, files[-1])
            if "bvh" in self.formats:
                files += self._write_people(recording)
        if "mp4" in self.formats:
            files.append(self.path(OVERLAY_SUFFIX))
            with stages.stage("draw overlay", len(recording.frame_index)):
                write_overlay(recording, source, files[-1], stages, on_drawn)
        return tuple(files)

    def _write_people(self, recording: Recording) -> list[Path]:
        written = []
        for motion in recording.motions:
            written.append(self.path(f".person{motion.person_id}.bvh"))
            write_bvh(motion, written[-1], fps=recording.video.fps)
        # People of an earlier run would pass for this one's.
        for path in self._people():
            if path not in written:
                path.unlink()
        return written
