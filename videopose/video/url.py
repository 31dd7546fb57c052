"""Pages with a video in them: the stream behind the page, or a copy of it, by yt-dlp when that is installed."""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from videopose.errors import InputError, VideoposeError
from videopose.video.ffmpeg import ffmpeg_path

_WHOLE_FORMAT = "bestvideo[height<=1080]+bestaudio/best[height<=1080]/best"
_FORMAT = "best[height<=1080][height>=720]/bestvideo[height<=1080]/best"


class _Silent:
    """Takes what yt-dlp would print: its error comes as an exception, too."""

    def debug(self, message: str) -> None:
        """Chatter."""

    def warning(self, message: str) -> None:
        """Advice to users of yt-dlp."""

    def error(self, message: str) -> None:
        """The text of the exception that follows."""


_OPTIONS: dict[str, Any] = {
    "logger": _Silent(), "quiet": True, "no_warnings": True, "noprogress": True, "noplaylist": True,
    "socket_timeout": 30,
}  # fmt: skip


def _reason(error: Exception) -> str:
    return " ".join(str(error).removeprefix("ERROR: ").split())


@lru_cache(maxsize=16)
def resolve_page(url: str) -> str | None:
    """Find the address of the video that a web page shows.

    Args:
        url: http or https address of the page; other schemes have no pages.

    Returns:
        The address of a stream that ffmpeg can open; None when there is no page behind such an address.

    Raises:
        InputError: yt-dlp is missing, or finds no video there.
    """
    if not url.lower().startswith(("http://", "https://")):
        return None
    try:
        from yt_dlp import YoutubeDL
        from yt_dlp.utils import YoutubeDLError
    except ImportError:
        raise InputError(
            f"{url}: not a direct video stream. For pages such as YouTube install: pip install 'videopose[url]'"
        ) from None
    try:
        with YoutubeDL(_OPTIONS | {"format": _FORMAT}) as downloader:
            found = downloader.extract_info(url, download=False)
    except YoutubeDLError as error:
        raise InputError(f"{url}: no video found there ({_reason(error)}). Check the address.") from error
    while found and "entries" in found:
        found = next(iter(found["entries"]), None)
    address = str((found or {}).get("url") or "")
    if not address.lower().startswith(("http://", "https://")):
        raise InputError(f"{url}: no video found there. Check the address.")
    return address


def download(url: str, folder: Path, on_bytes: Callable[[int], None]) -> Path | None:
    """Fetch the video at an address, or on the page there.

    Args:
        url: of a video that ends: a live stream would be fetched for ever.
        folder: to keep it in; made when missing.
        on_bytes: told how many bytes are there.

    Returns:
        The file; None when yt-dlp is not installed, or the address is none that can be fetched (not http or https).

    Raises:
        InputError: yt-dlp finds no video there or cannot fetch it; its own words say why.
    """
    if not url.lower().startswith(("http://", "https://")) or find_spec("yt_dlp") is None:
        return None
    from yt_dlp import YoutubeDL
    from yt_dlp.utils import YoutubeDLError

    options = _OPTIONS | {
        "format": _WHOLE_FORMAT, "paths": {"home": str(folder)}, "outtmpl": {"default": "video.%(ext)s"},
        "merge_output_format": "mp4/mkv", "ffmpeg_location": ffmpeg_path(), "cachedir": False,
        "progress_hooks": [lambda status: on_bytes(int(status.get("downloaded_bytes") or 0))],
    }  # fmt: skip
    try:
        with YoutubeDL(options) as downloader:
            downloader.extract_info(url, download=True)
    except YoutubeDLError as error:
        raise InputError(f"{url}: cannot be fetched (yt-dlp: {_reason(error)}). Check the address.") from error
    found = next(folder.glob("video.*"), None)
    if found is None:
        raise VideoposeError(f"{url}: yt-dlp left no file. Download the video by hand and give the file.")
    return found
