"""Writing results so that nothing half-written is ever left under its final name."""

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from videopose.errors import DiskFullError, OutputError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def output_error(path: Path, error: OSError) -> OutputError:
    """One plain sentence for a failed write to `path`."""
    reason = (error.strerror or str(error)).lower()
    remedy = "Free some space or choose another folder" if error.errno in _NO_SPACE else "Choose another folder"
    # too large for a file is no matter of the disk as a whole
    kind = DiskFullError if error.errno in _NO_SPACE and error.errno != errno.EFBIG else OutputError
    return kind(f"{path}: cannot be written ({reason}). {remedy} with -o.")


def check_replaceable(path: Path) -> None:
    """Raise OutputError where `path` is a pipe or a device, such as /dev/null: a file would take its place."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OutputError(f"{path}: is a pipe or a device, not a file. Choose another name with -o.")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success sync it and rename, on any error remove it.

    The temporary name keeps the suffix, so that libraries that go by it write the right format.

    Raises:
        OutputError: the folder or file cannot be written, `path` is a pipe or device, or the disk is full.
    """
    # The name is settled before the file is made: whenever an interrupt comes, it is known what to remove.
    temporary = path.with_name(f".{path.stem[:40]}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        check_replaceable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.open("xb").close()
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def natural_order(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """Key that sorts numbers in names by value, `frame2` before `frame10`; equal values by the text."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part)) if part.isdecimal() else (1, part.casefold()) for part in parts], name
