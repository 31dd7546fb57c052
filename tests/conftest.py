"""Fixtures shared by all tests: the shared folder, and clips made by ffmpeg with the number of each frame drawn in."""

import ctypes
import importlib.util
import os
import pickle
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from processes import run_ffmpeg

from videopose.assets import asset_path
from videopose.errors import AssetError

# Programs that tests start must use the installed package too, not the checkout they are started in: Python looks into
# the current folder first, and there the package lacks its data folders.
os.environ["PYTHONSAFEPATH"] = "1"
# Idle threads that spin make small networks a hundred times slower where the machine has other work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Started in the background of a script, pytest and all programs that it starts would pass over Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
# No example fails for being slow: what else the machine does is not the code's fault.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

BITS = 8
WIDTH, HEIGHT = 160, 96


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """BGR: bars for the bits of the number above; red at the left, blue at the right below. Tiny ones are flat grey."""
    if width < 4 * BITS:
        return np.full((height, width, 3), 16 + 5 * number, np.uint8)
    image = np.full((height, width, 3), 128, np.uint8)
    for bit in range(BITS):
        columns = slice(bit * width // BITS, (bit + 1) * width // BITS)
        image[: height // 2, columns] = 230 if number >> (BITS - 1 - bit) & 1 else 20
    image[height // 2 :, : width // 4] = (30, 30, 200)
    image[height // 2 :, -(width // 4) :] = (200, 60, 30)
    return image


def number_in(image: np.ndarray) -> int:
    """The number that `picture` has drawn."""
    height, width = image.shape[:2]
    if width < 4 * BITS:
        return round((float(image.mean()) - 16) / 5)
    centres = [(2 * bit + 1) * width // (2 * BITS) for bit in range(BITS)]
    levels = [image[height // 6 : height // 3, x - 2 : x + 3].mean() for x in centres]
    return sum(1 << (BITS - 1 - bit) for bit, level in enumerate(levels) if level > 125)


class Clips:
    """Makes clips in one folder; a name that exists already is not made again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    picture = staticmethod(picture)
    number_in = staticmethod(number_in)
    ffmpeg = staticmethod(run_ffmpeg)

    def make(
        self,
        name: str,
        *options: str,
        frames: int = 20,
        size: tuple[int, int] = (WIDTH, HEIGHT),
        rate: str = "30",
        sound: Sequence[str] = (),
    ) -> Path:
        """Encode numbered pictures; `sound` holds options of a second, audio input."""
        path = self.folder / name
        if not path.exists():
            pictures = b"".join(picture(i, *size).tobytes() for i in range(frames))
            raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{size[0]}x{size[1]}", "-r", rate, "-i", "-"]
            codec = [] if "-c:v" in options else ["-c:v", "libx264", "-preset", "veryfast"]
            depth = [] if "-pix_fmt" in options else ["-pix_fmt", "yuv420p"]
            run_ffmpeg(*raw, *sound, *codec, *depth, *options, f"file:{path}", stdin=pictures)
        return path

    def remux(self, source: Path, name: str, *options: str, before: Iterable[str] = ()) -> Path:
        """Copy the streams of a clip into another file."""
        path = self.folder / name
        if not path.exists():
            run_ffmpeg(*before, "-i", f"file:{source}", "-map", "0", "-c", "copy", *options, f"file:{path}")
        return path

    def cut(self, source: Path, name: str, share: float) -> Path:
        """The first part of a file's bytes."""
        path = self.folder / name
        data = source.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        return path


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of recorded results, clips and motion capture beside the checkout; in CI it must be there."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        message = f"{folder} is missing: put the shared folder beside the checkout"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """A folder for the clips of one file of tests: names mean what that file says."""
    return Clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def no_child_left() -> Callable[[], None]:
    """Fails when a child process of this one still runs."""

    def check() -> None:
        listing = subprocess.run(["ps", "-eo", "ppid=,args="], capture_output=True, text=True, check=True).stdout
        children = [line for line in listing.splitlines() if int(line.split()[0]) == os.getpid()]
        assert not [line for line in children if "ffmpeg" in line.split()[1]]

    return check


@pytest.fixture(scope="session")
def obey_permissions() -> Callable[[], None]:
    """For Popen's preexec_fn: root too may only do what the permissions of files allow."""
    libc = ctypes.CDLL(None, use_errno=True)
    drop_capability, override, read_search = 24, 1, 2

    def drop() -> None:
        if os.geteuid() == 0:
            for capability in (override, read_search):
                if libc.prctl(drop_capability, capability, 0, 0, 0) != 0:
                    raise OSError(ctypes.get_errno(), "prctl")

    return drop


@pytest.fixture(scope="session")
def networks() -> None:
    """The detector's two networks lie in the cache (`$VIDEOPOSE_CACHE`, or the user's), fetched where they are not."""
    try:
        for name in ("blazepose-detector", "blazepose-landmarks"):
            asset_path(name)
    except AssetError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def squats(tmp_path_factory: pytest.TempPathFactory, shared_dir: Path) -> Path:
    """Two seconds of a woman doing squats: 360x640, 10 frames at 5 frames/s, without loss, with sound."""
    path = tmp_path_factory.mktemp("squats") / "squats.mp4"
    source = shared_dir / "videos" / "squats_portrait_5fps.mp4"
    sound = ("-f", "lavfi", "-i", "sine=frequency=440", "-c:a", "aac", "-t", "2")
    run_ffmpeg("-i", source, *sound, "-vf", "scale=360:640", "-c:v", "libx264", "-qp", "0", f"file:{path}")
    return path


@pytest.fixture(scope="session")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keypoints for `clips.make("plain.mp4")`: 1 is large and leaves after 12 of 20 frames, 4 is small and stays."""
    upper = [(10, 4), (11, 3), (9, 3), (12, 4), (8, 4), (15, 16), (5, 16), (17, 28), (3, 28), (18, 38), (2, 38)]
    lower = [(13, 40), (7, 40), (13, 58), (7, 58), (13, 76), (7, 76)]
    keypoints = np.ones((2, 20, 17, 3), np.float32)
    keypoints[..., :2] = [*upper, *lower]
    keypoints[..., 0] += np.arange(20)[:, None]
    keypoints[0, 12:] = np.nan
    keypoints[1, ..., :2] = keypoints[1, ..., :2] / 2 + (90, 30)
    path = tmp_path_factory.mktemp("given") / "two.npz"
    np.savez(path, keypoints_2d=keypoints, image_size=(160, 96), fps=30.0, person_id=[1, 4])
    return path


@pytest.fixture(scope="session")
def formula(shared_dir: Path) -> ModuleType:
    """The program that fills weights in and draws pictures."""
    spec = importlib.util.spec_from_file_location("formula", shared_dir / "golden" / "formula.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def r50_file(formula: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the R50 network in the form of the published ones."""
    path = tmp_path_factory.mktemp("weights") / "r50.pkl"
    from videopose.detect.keypoint_rcnn.architecture import ARCHITECTURES, parameter_shapes

    arrays = formula.weights(parameter_shapes(ARCHITECTURES["keypoint-rcnn-r50"]))
    with path.open("wb") as stream:
        pickle.dump({"model": arrays, "__author__": "a formula"}, stream)
    return path
