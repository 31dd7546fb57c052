"""The errors videopose raises for bad input; only the command line turns them into exit codes."""

import errno
import os


class VideoposeError(Exception):
    """A run cannot go on. The message is one plain sentence: what, where, what to do."""

    exit_code = 1


class UsageError(VideoposeError):
    """An option or argument makes no sense (exit code 2)."""

    exit_code = 2


class InputError(VideoposeError):
    """A file from outside is missing, broken, or not what it should be."""


class OutputError(VideoposeError):
    """A result cannot be written: no permission, no space, or it already exists."""


class DiskFullError(OutputError):
    """There is no space left, or the user's share of it is used up: no other result could be written either."""


class AssetError(VideoposeError):
    """Weights or a sample cannot be had, or are not the ones the manifest names."""


class CancelledError(VideoposeError):
    """The user or the system asked to stop (Ctrl-C, SIGTERM)."""

    exit_code = 130


_PATHS = (errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ELOOP)
"""What can be wrong with any path as soon as it is looked at."""
_NO_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "Insufficient memory",
    "can't start new thread",
    "could not create a primitive",
    "failed to map segment",
)
"""How torch, OpenCV, oneDNN and the loader of libraries say it: they have no class of their own for it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory, of the processor or of another device."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    libraries = isinstance(error, RuntimeError | OSError | ImportError) or type(error).__module__ == "cv2"
    return libraries and any(words in str(error) for words in _NO_MEMORY)


def unexpected_sentence(error: BaseException) -> str:
    """What the user is told of an error that is none of ours."""
    text = str(error)
    if is_out_of_memory(error):
        return "not enough memory. Close other programs, or choose a smaller --batch-size or another --device."
    if isinstance(error, OSError) and error.errno in _PATHS and isinstance(error.filename, str | bytes | os.PathLike):
        return f"{os.fsdecode(error.filename)}: cannot be used ({(error.strerror or '').lower()}). Check the path."
    what = type(error).__name__ + (f": {text.strip().splitlines()[0]}" if text.strip() else "")
    return (
        f"something unexpected happened ({what}). Please report it with the output of `videopose doctor` "
        "and of the same command after `videopose --debug`."
    )


def one_line(text: str) -> str:
    """The text with line breaks and terminals' commands, which names of files may hold, written out."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
