"""Where 2D keypoints are written, in which format, and whether that will work."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from videopose.errors import OutputError, UsageError
from videopose.files import check_replaceable, output_error
from videopose.keypoint_files.write_openpose import check_folder


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """What a file format holds."""

    name: str
    suffix: str
    """Ending that the file must have; empty: any, or it is a folder."""
    followed: bool
    """True: it holds people over time, so they must be followed."""
    pictures: bool
    """True: it can hold pictures that have nothing to do with each other."""


OUTPUT_FORMATS = {
    one.name: one
    for one in (
        OutputFormat("npz", ".npz", followed=True, pictures=False),
        OutputFormat("json", "", followed=True, pictures=False),
        OutputFormat("coco", "", followed=False, pictures=True),
        OutputFormat("openpose", "", followed=False, pictures=True),
        OutputFormat("alphapose", "", followed=False, pictures=True),
        OutputFormat("mmpose", "", followed=False, pictures=True),
        OutputFormat("detectron", ".npz", followed=False, pictures=False),
        OutputFormat("videopose3d", ".npz", followed=True, pictures=False),
        OutputFormat("motionbert", "", followed=True, pictures=False),
    )
}


def choose_format(path: Path, name: str | None, several_pictures: bool) -> OutputFormat:
    """The format by its name, or else by the file's ending: `.npz` is npz, `.json` json (coco for several pictures).

    Raises:
        UsageError: the name is not known, or the ending says nothing or does not fit.
    """
    listed = ", ".join(OUTPUT_FORMATS)
    if name is None:
        name = {".npz": "npz", ".json": "coco" if several_pictures else "json"}.get(path.suffix.lower())
        if name is None:
            raise UsageError(f"{path}: the ending does not tell the format. Name one with --format: {listed}.")
    if name not in OUTPUT_FORMATS:
        raise UsageError(f"--format {name!r} is not known. Choose one of {listed}.")
    chosen = OUTPUT_FORMATS[name]
    if chosen.suffix and path.suffix.lower() != chosen.suffix:
        raise UsageError(f"{path}: a file of --format {name} ends in {chosen.suffix}. Name it so.")
    if path.suffix.lower() == ".npz" and not chosen.suffix:
        raise UsageError(f"{path}: --format {name} is no .npz archive. Choose another ending.")
    if several_pictures and not chosen.pictures:
        able = ", ".join(one.name for one in OUTPUT_FORMATS.values() if one.pictures)
        raise UsageError(
            f"--format {name} holds a film, not pictures without connection. "
            f"Add --fps RATE if they are the frames of one, or choose one of {able}."
        )
    return chosen


def prepare_output(path: Path, chosen: OutputFormat, overwrite: bool) -> None:
    """Make the folder it goes to, and fail before the work, not after it, when the result could not be written.

    Raises:
        OutputError: it exists, is a folder where a file is meant or the other way round, or cannot be written.
    """
    if chosen.name == "openpose":
        check_folder(path)
        exists = path.exists() and any(path.iterdir())
    else:
        exists = path.exists()
        if path.is_dir():
            raise OutputError(f"{path}: is a folder. Give the name of a file with -o.")
        check_replaceable(path)
    if exists and not overwrite:
        raise OutputError(f"{path}: already exists. Use --overwrite, or another name with -o.")
    probe = path.resolve().with_name(f".{path.name[:40]}.{os.getpid()}.probe")
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with suppress(OSError):
            probe.unlink()
