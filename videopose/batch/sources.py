"""Which videos a batch is about: below folders, named one by one, in lists of paths, at addresses."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from videopose.errors import InputError, UsageError
from videopose.files import natural_order
from videopose.results import OVERLAY_SUFFIXES
from videopose.video.content import holds_video

LIST_SUFFIXES = (".txt", ".lst", ".list")
"""Files with these names hold paths and addresses, a line each."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A video that is to be processed."""

    address: str
    """Absolute path, or URL."""
    label: str
    """Its place below the folder it was found in, `/` between the parts; of a URL the URL."""
    folder: str = ""
    """Where its results go, below the output folder, `/` between the parts."""

    @property
    def key(self) -> str:
        """The address as text that every file can hold: bytes of a name that are no UTF-8 are written out."""
        return printable(self.address)


def printable(text: str) -> str:
    """The same with bytes that are no UTF-8, which names may hold, written out in ASCII."""
    return text.encode(errors="backslashreplace").decode()


def is_address(text: str) -> bool:
    """True for a URL, False for a path."""
    return _ADDRESS.match(text) is not None


def find_sources(
    arguments: Sequence[str], output: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> list[Source]:
    """All videos that the arguments mean, each once, in the order of the arguments and of names.

    Args:
        arguments: folders, videos, URLs, text files with a path or URL a line (relative ones are looked for beside the
            list, then in the current folder), or `-` for such a list on standard input.
        output: where the results go: not searched when it lies below a folder.
        include: patterns as in `.gitignore`; of what lies below folders only what fits one. None: everything.
        exclude: patterns as in `.gitignore`; what fits one is left out.

    Raises:
        InputError: an argument is not there, or a list cannot be read.
        UsageError: a pattern makes no sense.
    """
    filters = _Filters(os.path.realpath(output), _patterns("--include", include), _patterns("--exclude", exclude))
    folders: list[Path] = []
    files: list[str] = []
    for text in _expanded(arguments):
        if not is_address(text) and Path(text).is_dir():
            folders.append(Path(os.path.normpath(Path(text).absolute())))
        else:
            files.append(text if is_address(text) else os.path.normpath(Path(text).absolute()))
    found = [*_below(folders, filters), *_single(files)]
    once: dict[str, Source] = {}
    for source in found:
        once.setdefault(source.address if is_address(source.address) else os.path.realpath(source.address), source)
    return list(once.values())


def _patterns(option: str, lines: Sequence[str]) -> GitIgnoreSpec | None:
    try:
        return GitIgnoreSpec.from_lines(lines) if lines else None
    except ValueError as error:
        raise UsageError(f"{option}: {' '.join(str(error).split())}. Give patterns like '*.mov' or 'raw/'.") from error


def _expanded(arguments: Iterable[str]) -> Iterator[str]:
    """The arguments, with lists replaced by what they name. What a list names may be missing: that video fails."""
    for text in arguments:
        path = Path(text)
        if text == "-":
            yield from _listed(sys.stdin.read().encode(errors="surrogateescape"), Path(), "standard input")
        elif is_address(text):
            yield text
        elif not os.path.lexists(path):
            raise InputError(f"{text}: no such file or folder. Check the path.")
        elif path.is_file() and _is_list(path):
            try:
                yield from _listed(path.read_bytes(), path.parent, text)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise InputError(f"{text}: cannot be read ({reason}). Check its permissions.") from error
        else:
            yield text


def _is_list(path: Path) -> bool:
    return path.suffix.lower() in LIST_SUFFIXES and not holds_video(path)


def _listed(content: bytes, folder: Path, name: str) -> Iterator[str]:
    if b"\0" in content:
        raise InputError(f"{name}: not a list of videos (not text). Give a text file with a path or URL a line.")
    for line in os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            beside = folder / text
            yield text if is_address(text) or (not os.path.lexists(beside) and os.path.lexists(text)) else str(beside)


@dataclass(frozen=True, slots=True)
class _Filters:
    """What is looked at below a folder."""

    output: str
    """Without links."""
    include: GitIgnoreSpec | None
    exclude: GitIgnoreSpec | None

    def enters(self, root: Path, folder: Path) -> bool:
        """Whether a folder is searched."""
        inside = folder.relative_to(root).as_posix() + "/"
        return not (
            folder.name.startswith(".")
            or os.path.realpath(folder) == self.output
            or (self.exclude is not None and self.exclude.match_file(inside))
        )

    def takes(self, root: Path, path: Path) -> bool:
        """Whether a file is a video that is wanted."""
        inside = path.relative_to(root).as_posix()
        if path.name.startswith(".") or path.name.endswith(OVERLAY_SUFFIXES):
            return False
        if self.include is not None and not self.include.match_file(inside):
            return False
        return not (self.exclude is not None and self.exclude.match_file(inside)) and holds_video(path)


def _below(folders: Sequence[Path], filters: _Filters) -> Iterator[Source]:
    for root in folders:
        # with several folders their own names tell their videos apart
        top = root.name if len(set(folders)) > 1 else ""
        for path in _walk(root, filters):
            inside = path.relative_to(root)
            place = Path(top, inside.parent).as_posix()
            yield Source(str(path), printable(Path(top, inside).as_posix()), "" if place == "." else printable(place))


def _walk(root: Path, filters: _Filters) -> Iterator[Path]:
    """Videos below a folder in the order of names; links to folders are followed, each folder is entered once."""
    entered: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: natural_order(entry.name))
        except OSError as error:
            if folder == root:
                reason = (error.strerror or str(error)).lower()
                raise InputError(f"{root}: cannot be read ({reason}). Check its permissions.") from error
            continue
        if (status.st_dev, status.st_ino) in entered:
            continue
        entered.add((status.st_dev, status.st_ino))
        paths = [Path(entry.path) for entry in entries]
        yield from (path for path in paths if path.is_file() and filters.takes(root, path))
        waiting += reversed([path for path in paths if path.is_dir() and filters.enters(root, path)])


def _single(files: Sequence[str]) -> Iterator[Source]:
    """Files named one by one mirror their folders below the deepest one that holds them all."""
    paths = [Path(text) for text in files if not is_address(text)]
    top = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
    for text in files:
        if is_address(text):
            yield Source(text, text)
        else:
            inside = Path(text).relative_to(top)
            place = "" if inside.parent == Path() else inside.parent.as_posix()
            yield Source(text, printable(inside.as_posix()), printable(place))
