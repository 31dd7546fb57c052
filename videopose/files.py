"""Writing results so that nothing half-written is ever left under its final name."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from videopose.errors import OutputError


def output_error(path: Path, error: OSError) -> OutputError:
    """One plain sentence for a failed write to `path`."""
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"{path}: cannot be written ({reason}). Free some space or choose another folder with -o.")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success sync it and rename, on any error remove it.

    The temporary name keeps the suffix, so that libraries that go by it write the right format.

    Raises:
        OutputError: the folder or file cannot be written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}.", suffix=f".part{path.suffix}", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
