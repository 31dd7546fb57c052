"""Pages with a video in them: the stream behind the page, found by yt-dlp when it is installed."""

from functools import lru_cache

from videopose.errors import InputError

_FORMAT = "best[height<=1080][height>=720]/bestvideo[height<=1080]/best"


class _Silent:
    """Takes what yt-dlp would print: its error comes as an exception, too."""

    def debug(self, message: str) -> None:
        """Chatter."""

    def warning(self, message: str) -> None:
        """Advice to users of yt-dlp."""

    def error(self, message: str) -> None:
        """The text of the exception that follows."""


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
    options = {
        "logger": _Silent(),
        "quiet": True,
        "no_warnings": True,
        "noplaylist": True,
        "format": _FORMAT,
        "socket_timeout": 30,
    }
    try:
        with YoutubeDL(options) as downloader:
            found = downloader.extract_info(url, download=False)
    except YoutubeDLError as error:
        reason = " ".join(str(error).removeprefix("ERROR: ").split())
        raise InputError(f"{url}: no video found there ({reason}). Check the address.") from error
    while found and "entries" in found:
        found = next(iter(found["entries"]), None)
    address = str((found or {}).get("url") or "")
    if not address.lower().startswith(("http://", "https://")):
        raise InputError(f"{url}: no video found there. Check the address.")
    return address
