"""Picture files: found in natural order, recognised by content, upright; damaged ones are named."""

import os
import struct
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from videopose.errors import InputError, UsageError
from videopose.video.pictures import PictureFilm, Pictures, find_pictures, is_picture, read_picture

# 40x20: red above left, green above right, blue below
IMAGE = np.zeros((20, 40, 3), np.uint8)
IMAGE[:10, :20, 2] = IMAGE[:10, 20:, 1] = IMAGE[10:, :, 0] = 255


def save(path: Path, image: np.ndarray = IMAGE, ending: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(ending or path.suffix, image)
    assert done
    path.write_bytes(data.tobytes())
    return path


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF block that says how the camera was held."""
    tiff = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".webp", ".tiff"])
def test_formats(ending: str, tmp_path: Path) -> None:
    path = save(tmp_path / "without_an_ending", ending=ending)
    assert is_picture(path)
    np.testing.assert_allclose(read_picture(path)[[5, 5, 15], [10, 30, 20]], IMAGE[[5, 5, 15], [10, 30, 20]], atol=40)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BM",
        b"BMW is a car, not a picture at all",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"\x00\x00\x00\x18ftypmp42",
        b"{}",
    ],
    ids=["empty", "two letters", "text", "AVI", "MP4", "JSON"],
)
def test_other_files(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert not is_picture(path)


def test_a_stream_of_jpegs_is_a_video(tmp_path: Path) -> None:
    assert not is_picture(save(tmp_path / "clip.mjpeg", ending=".jpg"))


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (np.full((4, 6), 200, np.uint8), (200, 200, 200)),
        (np.full((4, 6, 4), (10, 20, 30, 0), np.uint8), (10, 20, 30)),
        (np.full((4, 6, 3), (10 * 257, 20 * 257, 30 * 257), np.uint16), (10, 20, 30)),
    ],
    ids=["grey", "transparent", "16 bits"],
)
def test_any_depth_becomes_bgr(image: np.ndarray, colour: tuple[int, ...], tmp_path: Path) -> None:
    read = read_picture(save(tmp_path / "a.png", image))
    assert (read.shape, read.dtype) == ((4, 6, 3), np.uint8)
    assert tuple(read[2, 3]) == colour


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, None), (3, cv2.ROTATE_180), (6, cv2.ROTATE_90_CLOCKWISE), (8, cv2.ROTATE_90_COUNTERCLOCKWISE)],
)
def test_pictures_come_upright(orientation: int, turn: int | None, tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg")
    path.write_bytes(with_orientation(path.read_bytes(), orientation))
    expected = IMAGE if turn is None else cv2.rotate(IMAGE, turn)
    read = read_picture(path)
    assert read.shape == expected.shape
    assert np.abs(read.astype(int) - expected).mean() < 15


def test_natural_order_and_what_is_left_out(tmp_path: Path) -> None:
    for name in ("frame10.png", "frame2.png", "Frame1.png", "frame02.png", ".hidden.png"):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    save(tmp_path / "deeper" / "frame3.png")
    found = find_pictures([str(tmp_path)])
    assert found is not None
    assert [path.name for path in found.paths] == ["Frame1.png", "frame02.png", "frame2.png", "frame10.png"]
    assert found.notes == (f"{tmp_path}: 1 file that is no picture was left out.",)


def test_files_keep_their_order_and_come_once(tmp_path: Path) -> None:
    a, b = save(tmp_path / "a.png"), save(tmp_path / "b.png")
    found = find_pictures([str(b), str(tmp_path), str(a)])
    assert found is not None
    assert found.paths == (b, a)


def test_frames_that_are_linked_are_all_there(tmp_path: Path) -> None:
    one = save(tmp_path / "film" / "1.png")
    (tmp_path / "film" / "2.png").symlink_to(one)
    found = find_pictures([str(tmp_path / "film")])
    assert found is not None
    assert len(found.paths) == 2


def test_a_pipe_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert find_pictures([str(pipe)]) is None


def test_a_pipe_named_like_a_picture_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for sources in ([str(pipe)], [str(save(tmp_path / "a.png")), str(pipe)]):
        with pytest.raises(InputError, match=r"pipe\.png: a pipe or device, not a file"):
            find_pictures(sources)


def test_names_that_only_end_like_pictures(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    found = find_pictures([str(broken)])
    assert found == Pictures((broken,))
    with pytest.raises(InputError, match=r"broken\.png: not a picture, or a damaged one"):
        read_picture(broken)


def test_a_video_is_not_for_us(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    video.write_bytes(b"\x00\x00\x00\x18ftypmp42")
    assert find_pictures([str(video)]) is None
    assert find_pictures(["https://example.org/a.png"]) is None
    assert find_pictures([str(tmp_path / "missing.mp4")]) is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.png", "a.mp4"], r"a\.mp4: not a picture"),
        (["a.png", "missing.png"], r"missing\.png: there is no such file"),
        (["empty"], "no pictures in this folder"),
        (["a.png", "https://example.org/a.mp4"], "an address of a video"),
    ],
)
def test_mixtures(names: list[str], message: str, tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "a.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        find_pictures([name if "://" in name else str(tmp_path / name) for name in names])


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".webp", ".tiff"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.95])
def test_a_cut_off_picture_is_named(
    ending: str, share: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    path = save(tmp_path / f"a{ending}", noise)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match=rf"a\{ending}: not a picture, or a damaged one"):
        read_picture(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("place", [0.01, 0.5, 0.97])
def test_a_png_with_a_changed_byte_is_named(place: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    path = save(tmp_path / "a.png", noise)
    content = bytearray(path.read_bytes())
    content[max(20, int(place * len(content)))] ^= 255
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png: not a picture, or a damaged one"):
        read_picture(path)
    assert capfd.readouterr().err == ""


def test_remarks_in_a_png_do_not_matter(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png")
    content = path.read_bytes()
    after_header = 8 + 25
    remark = struct.pack(">I", 5) + b"tEXta\x00bcd" + struct.pack(">I", 12345)  # with a wrong sum
    path.write_bytes(content[:after_header] + remark + content[after_header:] + b"more behind its end")
    assert read_picture(path).shape == IMAGE.shape


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["000000397133.jpg", "000000000785.jpg"], (397133, 785)),
        (["COCO_val2014_000000000042.jpg"], (42,)),
        (["frame1.jpg", "frame2.jpg"], (0, 1)),
        (["1.jpg", "01.jpg"], (0, 1)),
        (["1.jpg", "a.jpg"], (0, 1)),
        (["9" * 30 + ".jpg"], (0,)),
    ],
)
def test_numbers_of_pictures(names: list[str], ids: tuple[int, ...]) -> None:
    assert Pictures(tuple(map(Path, names))).ids() == ids


def test_names_must_differ() -> None:
    pictures = Pictures((Path("one/a.png"), Path("two/a.png")))
    with pytest.raises(UsageError, match=r"one/a\.png and two/a\.png have the same name"):
        pictures.names()


class TestFilm:
    def film(self, folder: Path, count: int = 5, **options: float) -> PictureFilm:
        for number in range(count):
            save(folder / f"{number}.png", np.full((8, 12, 3), number, np.uint8))
        found = find_pictures([str(folder)])
        assert found is not None
        return PictureFilm(found, Fraction(25), "film", **options)

    def test_frames_have_times(self, tmp_path: Path) -> None:
        film = self.film(tmp_path)
        assert (film.info.width, film.info.height, film.info.fps, film.info.frame_count) == (12, 8, 25, 5)
        seen = [(frame.index, round(frame.time_s, 6), int(frame.image.max())) for frame in film]
        assert seen == [(i, round(0.04 * i, 6), i) for i in range(5)]

    def test_range(self, tmp_path: Path) -> None:
        assert [frame.index for frame in self.film(tmp_path, start_s=0.04, end_s=0.12)] == [1, 2]
        with pytest.raises(UsageError, match=r"no picture lies in that range, the film is 0\.20 s long"):
            self.film(tmp_path, start_s=3)

    def test_a_damaged_picture_is_a_black_frame(self, tmp_path: Path) -> None:
        film = self.film(tmp_path)
        (tmp_path / "0.png").write_bytes(b"")
        (tmp_path / "3.png").write_bytes(b"\x89PNG")
        for _ in range(2):
            assert [int(frame.image.max()) for frame in film] == [0, 1, 2, 0, 4]
            assert list(film.damaged) == [str(tmp_path / "0.png"), str(tmp_path / "3.png")]

    def test_all_have_one_size(self, tmp_path: Path) -> None:
        film = self.film(tmp_path)
        save(tmp_path / "2.png", IMAGE)
        with pytest.raises(InputError, match=r"2\.png: 40x20 pixels, the first picture has 12x8"):
            list(film)

    def test_none_can_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "0.png").write_bytes(b"")
        with pytest.raises(InputError, match="neither this picture nor one after it can be read"):
            self.film(tmp_path, count=0)
