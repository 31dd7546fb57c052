"""Picture files as frames: found in folders, recognised by content, upright, each on its own or together as a film."""

import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from videopose.errors import InputError, UsageError
from videopose.files import natural_order
from videopose.types import Frame, VideoInfo

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".dib", ".webp", ".tif", ".tiff")
"""Files with these names are taken for pictures even when their content is damaged."""
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_MOTION_JPEG = (".mjpeg", ".mjpg")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_ID = re.compile(r"(?:COCO_\w+_)?(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Pictures:
    """Picture files that belong to one run."""

    paths: tuple[Path, ...]
    """As given; those of a folder in natural order: `frame2` before `frame10`."""
    notes: tuple[str, ...] = ()
    """Sentences about what was left out."""

    def names(self) -> tuple[str, ...]:
        """The files' names.

        Raises:
            UsageError: two have the same one.
        """
        found: dict[str, Path] = {}
        for path in self.paths:
            if path.name in found:
                raise UsageError(f"{found[path.name]} and {path} have the same name. Rename one of them.")
            found[path.name] = path
        return tuple(found)

    def ids(self) -> tuple[int, ...]:
        """A number each: the one in the name where all are named as in COCO (`000000397133.jpg`), else 0, 1, ..."""
        matches = [_ID.fullmatch(path.stem) for path in self.paths]
        numbers = [int(match[1]) for match in matches if match]
        return tuple(numbers) if len(set(numbers)) == len(self.paths) else tuple(range(len(self.paths)))


def is_picture(path: Path) -> bool:
    """True when the file begins as PNG, JPEG, BMP, WebP or TIFF does."""
    if not path.is_file():  # bytes taken from a pipe would be missing to who reads it later
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(18)
    except OSError:
        return False
    if head.startswith(_SIGNATURES):
        return path.suffix.lower() not in _MOTION_JPEG
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


def find_pictures(sources: Sequence[str]) -> Pictures | None:
    """The pictures among files and folders; None when it is a single video (or an address) that is given.

    Raises:
        InputError: something is missing, is no picture, or a folder has none in it.
    """
    if len(sources) == 1 and ("://" in sources[0] or _may_be_video(Path(sources[0]))):
        return None
    paths: list[Path] = []
    notes: list[str] = []
    for source in sources:
        path = Path(source)
        if "://" in source or not path.exists():
            what = "an address of a video" if "://" in source else "there is no such file or folder"
            raise InputError(f"{source}: {what}. Give one video, or pictures and folders of pictures.")
        if not path.is_dir():
            if not path.is_file():  # reading a pipe that nobody writes to would never end
                raise InputError(f"{source}: a pipe or device, not a file. Save the picture in a file first.")
            if not (is_picture(path) or path.suffix.lower() in SUFFIXES):
                raise InputError(f"{source}: not a picture. Give one video alone, or pictures (PNG, JPEG, ...).")
            paths.append(path)
            continue
        inside, others = _in_folder(path)
        if not inside:
            raise InputError(f"{source}: no pictures in this folder. Give a video, or a folder of PNG or JPEG files.")
        if others:
            what = "1 file that is no picture was" if others == 1 else f"{others} files that are no pictures were"
            notes.append(f"{source}: {what} left out.")
        paths += inside
    return Pictures(tuple({path.absolute(): path for path in paths}.values()), tuple(notes))


def read_picture(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 BGR, turned upright as its EXIF data says.

    Raises:
        InputError: the file cannot be read, is damaged, cut off or no picture.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}). Check the file.") from error
    image = None
    if len(data) and not _is_cut_off_jpeg(data) and not _is_damaged_png(data):
        with _quiet():
            try:
                image = cv2.imdecode(data, cv2.IMREAD_COLOR)
            except cv2.error as error:  # more pixels than OpenCV takes, for example
                raise InputError(f"{path}: the picture cannot be decoded ({error.err}). Convert it.") from error
    if image is None:
        raise InputError(f"{path}: not a picture, or a damaged one. Leave it out, or give it whole.")
    return np.asarray(image)


class PictureFilm:
    """Pictures as the frames of a film: the same surface as `VideoReader`.

    A damaged picture becomes a black frame, in which nobody is found, and is listed in `damaged`.

    Args:
        pictures: in the film's order.
        fps: frames per second.
        name: what the film is called.
        start_s: first time to hand on, seconds.
        end_s: first time not to hand on any more, seconds.

    Raises:
        InputError: none can be read.
        UsageError: the range is empty or outside the film.
    """

    def __init__(
        self, pictures: Pictures, fps: Fraction, name: str, start_s: float | None = None, end_s: float | None = None
    ) -> None:
        count = len(pictures.paths)
        times = [float(index / fps) for index in range(count)]
        last_s = float("inf") if end_s is None else end_s
        self._indices = [index for index, time_s in enumerate(times) if (start_s or 0.0) <= time_s < last_s]
        if not self._indices:
            raise UsageError(f"{name}: no picture lies in that range, the film is {float(count / fps):.2f} s long.")
        self._pictures, self._times = pictures, times
        self._size = self._first_size()
        self.damaged: dict[str, str] = {}
        """Sentence by file, of those that could not be read; complete once the frames have ended."""
        height, width = self._size
        self.info = VideoInfo(name, width, height, fps, count, float(count / fps), 0)
        """Size, rate and length."""

    warnings: tuple[str, ...] = ()
    """Nothing but damaged pictures can be wrong with a film, and those are in `damaged`."""

    def __enter__(self) -> "PictureFilm":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between frames."""

    def _first_size(self) -> tuple[int, int]:
        for index in self._indices:
            try:
                height, width = read_picture(self._pictures.paths[index]).shape[:2]
            except InputError:
                continue
            return height, width
        raise InputError(f"{self._pictures.paths[0]}: neither this picture nor one after it can be read. Check them.")

    def __iter__(self) -> Iterator[Frame]:
        """Read the pictures one after the other.

        Raises:
            InputError: one has another size than the first.
        """
        height, width = self._size
        self.damaged.clear()
        for index in self._indices:
            path = self._pictures.paths[index]
            try:
                image = read_picture(path)
            except InputError as error:
                self.damaged[str(path)] = str(error)
                image = np.zeros((height, width, 3), np.uint8)
            if image.shape[:2] != (height, width):
                size = f"{image.shape[1]}x{image.shape[0]}"
                raise InputError(
                    f"{path}: {size} pixels, the first picture has {width}x{height}. "
                    "Give pictures of one film, or leave --fps out."
                )
            yield Frame(index, self._times[index], image)


def _may_be_video(path: Path) -> bool:
    """True for what is left to the video reader: neither a folder nor a picture."""
    return not (path.is_dir() or is_picture(path) or (path.exists() and path.suffix.lower() in SUFFIXES))


def _in_folder(folder: Path) -> tuple[list[Path], int]:
    """The pictures right inside a folder, and how many other files there are; hidden ones do not count."""
    try:
        files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error}). Check the folder.") from error
    inside = [path for path in files if is_picture(path) or path.suffix.lower() in SUFFIXES]
    return sorted(inside, key=lambda path: natural_order(path.name)), len(files) - len(inside)


def _is_cut_off_jpeg(data: np.ndarray) -> bool:
    """True for a JPEG whose picture has no end: OpenCV 4 fills up what is missing with grey."""
    if data[:3].tobytes() != b"\xff\xd8\xff":
        return False
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        if data[place + 1] == 0xDA:  # the picture begins; segments before it may hold a thumbnail with an end
            return data[place:].tobytes().find(b"\xff\xd9") < 0
        place += 1 if data[place + 1] == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4].tobytes())
    return True


def _is_damaged_png(data: np.ndarray) -> bool:
    """True for a PNG that is cut off or changed: libpng itself would write of it to the terminal."""
    if data[:8].tobytes() != b"\x89PNG\r\n\x1a\n":
        return False
    place = 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4].tobytes())
        kind, end = data[place + 4 : place + 8].tobytes(), place + 8 + length
        if end + 4 > len(data):
            return True
        # chunks that the picture can do without begin with a small letter
        critical = not kind[0] & 0x20
        if critical and zlib.crc32(data[place + 4 : end].data) != int.from_bytes(data[end : end + 4].tobytes()):
            return True
        if kind == b"IEND":
            return False
        place = end + 4
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV's own complaints about damaged pictures are kept off the terminal."""
    # OpenCV 4 and 5 have it in different places
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    level = set_level(0)
    try:
        yield
    finally:
        set_level(level)
