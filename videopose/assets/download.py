"""Fetch a file over HTTPS into a part file that a later run can take up where this one stopped."""

import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from videopose.assets.errors import SourceError

TIMEOUT_S = 30.0
"""Longest silence of the server."""
CHUNK = 1 << 18


def download(url: str, part: Path, *, size: int, progress: Callable[[int, int], None] | None = None) -> None:
    """Fetch `url` into `part`, going on from the bytes an earlier run left there.

    The address and the server's mark of the version (ETag) are kept beside the part file, so that bytes of another
    address or version are never joined; a server that does not know ranges makes it start over.

    Args:
        url: http or https address.
        part: where the bytes go; kept when the connection breaks.
        size: bytes expected, 0 if not known.
        progress: called with (bytes done, bytes in all or 0).

    Raises:
        SourceError: the server cannot be reached, refuses, or stops in the middle.
        OSError: the part file cannot be written.
    """
    note = part.with_name(part.name + ".json")
    try:
        with _open(url, part, note) as response:
            offset = part.stat().st_size if response.status == 206 else 0
            total = offset + int(response.headers.get("Content-Length") or 0) if _has_length(response) else 0
            if size and total > size:
                raise SourceError(f"it sends {total:,} bytes, expected {size:,}")
            done = _copy(response, part, offset, size or total, bounded=bool(size), progress=progress)
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceError(f"the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise SourceError(f"no connection ({_short(error.reason)})") from error
    except TimeoutError as error:
        raise SourceError(f"the server was silent for {TIMEOUT_S:.0f} s") from error
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as error:
        raise SourceError(f"the connection broke ({_short(error)})") from error
    if done < (size or total):
        raise SourceError(f"the connection broke after {done:,} of {size or total:,} bytes")
    note.unlink(missing_ok=True)


def _open(url: str, part: Path, note: Path) -> Any:
    """Open `url` where `part` ends, or from the start; `part` and `note` are made to fit the answer."""
    known = _read_note(note)
    offset = part.stat().st_size if part.is_file() and known.get("url") == url else 0
    if offset:
        headers = {"Range": f"bytes={offset}-"} | ({"If-Range": known["etag"]} if known.get("etag") else {})
        try:
            response = _request(url, headers)
            if response.status == 206 and _range_start(response) == offset:
                return response
            if response.status == 200:
                _start(part, note, url, response)
                return response
            response.close()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 416:  # 416: the part is as long as the file or longer, so it is no beginning of it
                raise
    response = _request(url, {})
    _start(part, note, url, response)
    return response


def _request(url: str, headers: dict[str, str]) -> Any:
    # identity: a proxy that compresses on the way would make lengths and ranges meaningless
    request = urllib.request.Request(url, headers={"User-Agent": "videopose", "Accept-Encoding": "identity", **headers})
    return urllib.request.urlopen(request, timeout=TIMEOUT_S)


def _start(part: Path, note: Path, url: str, response: Any) -> None:
    part.write_bytes(b"")
    etag = response.headers.get("ETag", "")
    # a weak ETag names equal content, not equal bytes
    note.write_text(json.dumps({"url": url, "etag": "" if etag.startswith("W/") else etag}), encoding="utf-8")


def _read_note(note: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        values = json.loads(note.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return {str(key): str(value) for key, value in values.items()}
    return {}


def _range_start(response: Any) -> int:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _has_length(response: Any) -> bool:
    return str(response.headers.get("Content-Length", "")).isdigit()


def _copy(
    response: Any, part: Path, offset: int, total: int, *, bounded: bool, progress: Callable[[int, int], None] | None
) -> int:
    done = offset
    with part.open("r+b") as stream:
        stream.truncate(offset)
        stream.seek(offset)
        while True:
            # read1 gives what has come: the bytes before a break are kept
            block = response.read1(CHUNK)
            if not block:
                return done
            stream.write(block)
            done += len(block)
            if bounded and done > total:
                raise SourceError(f"it sends more than the {total:,} bytes expected")
            if progress is not None:
                progress(done, total)


def _short(reason: object) -> str:
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return text.strip().rstrip(".").lower()
