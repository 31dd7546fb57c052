"""Where results are made before they are whole, and how they come under their final names."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from videopose.batch.verdict import JobRow
from videopose.errors import OutputError
from videopose.files import atomic_path, output_error
from videopose.results import ResultFiles

STAGING_NAME = ".videopose"
"""Folder in the output folder; gone when nothing is being done."""


class Staging:
    """The staging folders of one output folder: one for each attempt."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._folder = output / STAGING_NAME

    def of(self, token: str) -> Path:
        """The folder of an attempt; it appears with its first file."""
        return self._folder / token

    def remove(self, token: str) -> None:
        """Remove what an attempt has left."""
        shutil.rmtree(self.of(token), ignore_errors=True)
        with suppress(OSError):
            self.of(token).unlink(missing_ok=True)  # of a probe that was broken off
        with suppress(OSError):
            self._folder.rmdir()  # only when nobody has anything in there

    def sweep(self, running_tokens: Callable[[], set[str]]) -> None:
        """Remove what attempts have left that were killed with their commands.

        Args:
            running_tokens: asked after the folders are listed: those that other commands make meanwhile are not seen.
        """
        with suppress(OSError):
            names = [path.name for path in self._folder.iterdir()]
            for name in set(names) - running_tokens():
                self.remove(name)

    def take_over(self, lost_token: str, token: str) -> bool:
        """Make the results of an attempt whose command died those of a new one; False where there are none."""
        try:
            self.of(lost_token).rename(self.of(token))
        except OSError:
            return False
        return True

    def check_writable(self) -> None:
        """Raise OutputError when not even a small file can be written."""
        probe = self._folder / f"probe.{os.getpid()}"
        try:
            with atomic_path(probe) as temporary:
                temporary.write_bytes(bytes(1 << 16))
        finally:
            with suppress(OSError):
                probe.unlink()
            with suppress(OSError):
                self._folder.rmdir()


def prepare_folder(folder: Path) -> None:
    """Make the folder that results will go to, and fail before the work when they could not.

    Raises:
        OutputError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):  # no file is made to find out: a kill would leave it
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise output_error(folder, error) from error


def check_free(folder: Path, row: JobRow, formats: tuple[str, ...], stem: str) -> None:
    """Refuse to replace results that are none of the batch's own.

    Raises:
        OutputError: there are such.
    """
    for path in ResultFiles(folder, stem, formats).present():
        if path.name not in row.files:
            raise OutputError(f"{path}: already exists. Use --overwrite, or another folder with -o.")


def in_place(folder: Path, files: Mapping[str, int]) -> dict[str, int]:
    """Those of finished results, by name and bytes, that have come under their final names."""
    paths = {name: folder / name for name in files}
    return {name: files[name] for name, path in paths.items() if path.is_file() and path.stat().st_size == files[name]}


def publish(staging: Path, folder: Path, files: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    """Move finished results to their final names, and remove those that they replace.

    May be done again when it was broken off: what has been moved already stays.

    Args:
        staging: where they lie.
        folder: where they go.
        files: their names and bytes.
        before: names and bytes of the results that they replace.

    Returns:
        Sentences: of files that somebody has changed since they were written, which are kept under another name.

    Raises:
        OutputError: they cannot be moved.
    """
    notes = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, size in files.items():
            source, target = staging / name, folder / name
            if source.exists():
                notes += _keep_changed(target, before.get(name))
                source.replace(target)
            elif not target.is_file() or target.stat().st_size != size:
                raise OutputError(f"{target}: was lost on its way from {staging}. Run the same command again.")
        for name in before.keys() - files.keys():
            notes += _keep_changed(folder / name, before[name])
            (folder / name).unlink(missing_ok=True)
        _sync(folder)
    except OSError as error:
        raise output_error(folder, error) from error
    return notes


def _keep_changed(path: Path, size: int | None) -> list[str]:
    """Somebody may have worked on a result since: give it another name rather than lose it."""
    if size is None or not path.is_file() or path.stat().st_size == size:
        return []
    number = 1
    while (kept := path.with_name(f"{path.stem}.before-{number}{path.suffix}")).exists():
        number += 1
    path.rename(kept)
    return [f"{path}: has changed since it was written; kept as {kept.name}."]


def _sync(folder: Path) -> None:
    """The names, too, outlast a loss of power."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
