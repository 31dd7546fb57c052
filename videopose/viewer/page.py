"""The page itself: template, style, program and data put into one file that asks for nothing else."""

import base64
import hashlib
import html
import json
from importlib import resources
from pathlib import Path
from typing import Any

from videopose.files import atomic_path
from videopose.types import Recording
from videopose.viewer.data import page_data
from videopose.viewer.media import small_video


def write_view(recording: Recording, path: Path, *, video: str | None, title: str | None = None) -> None:
    """Write one HTML page that shows the video, the people in 3D, a time line and curves.

    Args:
        recording: the results.
        path: to write; replaced if it exists.
        video: the video they were made from, put in at reduced size; None leaves it out.
        title: of the page; the file's name without its ending where it is None.

    Raises:
        InputError: the video cannot be read, or is another one.
        OutputError: `path` cannot be written.
    """
    empty = not len(recording.frame_index)
    media = b"" if video is None or empty else small_video(recording, video)
    with atomic_path(path) as temporary:
        text = page(recording, path.stem if title is None else title, media)
        temporary.write_bytes(text.encode("utf-8", "replace"))  # names of files may hold what is no text


def page(recording: Recording, title: str, media: bytes = b"") -> str:
    """The page as text.

    Args:
        recording: the results.
        title: what it is called.
        media: an MP4 of the recording's frames, see `small_video`; empty for none.
    """
    data = page_data(recording, title)
    script, style = _resource("viewer.js"), _resource("viewer.css")
    # only the program with this very text may run, whatever else gets into the page, and nothing may be loaded
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "media-src blob:",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    parts = {
        "TITLE": html.escape(title),
        "POLICY": html.escape(policy),
        "STYLE": style,
        "SCRIPT": script,
        "LICENCE": html.escape(_resource("three-licence.txt")),
        "DESCRIPTION": _json(data.description),
        "ARRAYS": data.packed,
        "VIDEO": base64.b64encode(media).decode("ascii"),
    }
    template = _resource("template.html")
    pieces = template.split("@@")  # text, NAME, text, NAME, ..., text: what is put in is never searched again
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def _json(value: Any) -> str:
    """JSON that may stand inside a script element: no `<` can end it or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _digest(text: str) -> str:
    """How a content security policy names a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _resource(name: str) -> str:
    return resources.files("videopose.viewer").joinpath(name).read_text(encoding="utf-8")
