"""A real browser for tests: headless Chromium that tells what its pages complained about and what they asked for."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITH_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
"""WebGL computed by the processor, so that it works on machines without a graphics card."""
WITHOUT_WEBGL = ("--disable-gpu", "--disable-webgl", "--disable-webgl2", "--disable-3d-apis")


def unavailable(message: str) -> None:
    """Skip the test; fail it in CI, where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def chromium_path() -> str:
    """The Chromium to start: `$VIDEOPOSE_CHROMIUM`, or the first one on the PATH."""
    named = os.environ.get("VIDEOPOSE_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        unavailable("Chromium is missing: install it, or name it in VIDEOPOSE_CHROMIUM")
    assert found is not None
    return found


@dataclass
class Watched:
    """A page, with everything that went wrong in it and all it asked for."""

    page: Any
    """playwright.sync_api.Page"""
    errors: list[str] = field(default_factory=list)
    """Console errors and warnings, uncaught exceptions, and requests that failed."""
    requests: list[str] = field(default_factory=list)
    """Addresses asked for, without data: and blob: ones."""

    def network(self) -> list[str]:
        """Addresses asked for that are no local files."""
        return [address for address in self.requests if not address.startswith("file:")]


def _watched(page: Any) -> Watched:
    watched = Watched(page)

    def console(message: Any) -> None:
        # SwiftShader's own remark on reading pixels back is none of the page's
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            watched.errors.append(f"{message.type}: {message.text}")

    def request(made: Any) -> None:
        if not made.url.startswith(("data:", "blob:")):
            watched.requests.append(made.url)

    page.on("console", console)
    page.on("pageerror", lambda error: watched.errors.append(f"exception: {error}"))
    page.on("request", request)
    return watched


class Browser:
    """Opens pages of local files."""

    def __init__(self, playwright: Any, *, webgl: bool = True) -> None:
        self._playwright = playwright
        flags = [*FLAGS, *(WITH_WEBGL if webgl else WITHOUT_WEBGL)]
        self.browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)

    @contextmanager
    def without_webgl(self) -> "Iterator[Browser]":
        """Another browser, which has no WebGL."""
        other = Browser(self._playwright, webgl=False)
        try:
            yield other
        finally:
            other.browser.close()

    @contextmanager
    def open(self, path: Path | str, query: str = "", **context: Any) -> Iterator[Watched]:
        """A page in a profile of its own.

        Args:
            path: HTML file, or an address such as `about:blank`.
            query: put behind the address, for example `#t=2`.
            context: of playwright's `new_context`: `viewport`, `has_touch`, `is_mobile`, `color_scheme`, ...
        """
        address = path if isinstance(path, str) else path.resolve().as_uri()
        profile = self.browser.new_context(**context)
        try:
            watched = _watched(profile.new_page())
            watched.page.goto(address + query)
            yield watched
        finally:
            profile.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium; skips the test where there is none, and fails it in CI.

    One at a time, and not for longer than a file of tests: its event loop runs in the thread of the tests meanwhile.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is missing: pip install playwright")
    with sync_playwright() as playwright:
        browser = Browser(playwright)
        try:
            yield browser
        finally:
            browser.browser.close()
