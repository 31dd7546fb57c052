"""One picture out of a video, without reading all of it."""

from contextlib import closing

import ffmpeg

from videopose.errors import InputError
from videopose.video.ffmpeg import FFmpeg, ffmpeg_path, input_options


def snapshot(address: str, time_s: float, size: tuple[int, int]) -> bytes:
    """The first frame at or after a time.

    Args:
        address: path or URL, as ffmpeg opens it.
        time_s: seconds, in the clock of the container (its earliest stream starts at 0).
        size: width and height to scale to, pixels; -2 keeps the shape.

    Returns:
        A JPEG.

    Raises:
        InputError: there is no such frame.
    """
    name, options = input_options(address)
    command = (
        ffmpeg.input(name, threads=1, ss=f"{max(time_s, 0.0):.6f}", **options)
        .output(
            "-", format="image2pipe", map="0:V:0", vf=f"scale={size[0]}:{size[1]}", threads=1,
            **{"frames:v": 1, "c:v": "mjpeg", "q:v": 4, "pix_fmt": "yuvj420p", "strict": "unofficial"},
        )
        .global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+error")
        .compile(cmd=ffmpeg_path())
    )  # fmt: skip
    with closing(FFmpeg(command, stdout=True)) as process:
        parts = []
        while part := process.stdout.read(1 << 20):
            parts.append(part)
        code = process.wait()
    if code != 0 or not parts:
        raise InputError(f"{address}: no frame at {time_s:.2f} s (ffmpeg: {process.reason()}). Check that it plays.")
    return b"".join(parts)
