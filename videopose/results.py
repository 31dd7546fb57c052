"""The result files of one video: their names, checks before the work, and writing them."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from videopose.errors import OutputError, UsageError
from videopose.export import ExportSettings, write_npz
from videopose.export.layout import DEFAULT_STYLE, OverlayStyle
from videopose.files import output_error
from videopose.formats import DEFAULT_FORMATS, FORMATS, MOTION_FORMATS, PERSON, check_formats, write_motion_format
from videopose.keypoint_files.write_openpose import check_folder
from videopose.overlaying import OVERLAY_FORMATS, Drawn, write_overlays
from videopose.progress import Stages
from videopose.types import Recording

OVERLAY_SUFFIXES = tuple(FORMATS[name].suffixes[0] for name in OVERLAY_FORMATS)


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
    style: OverlayStyle = DEFAULT_STYLE
    """Of the overlay."""

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
        suffixes = [suffix for name in FORMATS if name in self.formats for suffix in FORMATS[name].suffixes]
        return [path for suffix in suffixes for path in self._existing(suffix)]

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
            check_folder(self.path(FORMATS["openpose"].suffixes[0]))
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
        drawn = {name: self.path(FORMATS[name].suffixes[0]) for name in OVERLAY_FORMATS if name in self.formats}
        if drawn:
            with stages.stage("draw overlay", len(recording.frame_index)):
                write_overlays(recording, source, drawn, stages, on_drawn, self.style)
        if "html" in self.formats:
            files.append(self.path(FORMATS["html"].suffixes[0]))
            from videopose.viewer import write_view

            with stages.stage("make page"):
                # on black: nothing of the video may be seen
                write_view(recording, files[-1], video=None if self.style.black else source, title=self.stem)
        if "report" in self.formats:
            from videopose.report import write_report

            with stages.stage("judge results"):
                files += write_report(recording, self.folder, self.stem)
        return tuple(files + list(drawn.values()))

    def _write_motion(self, name: str, recording: Recording) -> list[Path]:
        before = self._existing(FORMATS[name].suffixes[0])
        written = write_motion_format(name, recording, self.path, self.export)
        # People of an earlier run would pass for this one's.
        for path in before:
            if path not in written:
                path.unlink()
        return written
