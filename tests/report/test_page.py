"""The page in a real browser: nothing asked of the network, pictures shown, legible on a phone and in the dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, chromium
from known_recordings import standing

from videopose.report import write_report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(standing(count=30), tmp_path_factory.mktemp("page"), "walk")[0]


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_shows_its_pictures(browser: Browser, page_path: Path, width: int, height: int, scheme: str) -> None:
    viewport = {"width": width, "height": height}
    with browser.open(page_path, viewport=viewport, color_scheme=scheme) as watched:
        page = watched.page
        shown = page.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth])")
        assert len(shown) == 7
        assert all(complete and natural == 1350 for complete, natural, _ in shown)
        # wide pictures scroll in their own box, not the page
        assert all(client >= min(600, width) for _, _, client in shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.querySelector('.plot img')).filter")
        assert ("invert" in background) == (scheme == "dark")
        assert watched.errors == []
        assert watched.requests == [page_path.resolve().as_uri()]


def test_links_lead_to_people(browser: Browser, page_path: Path) -> None:
    with browser.open(page_path, viewport={"width": 1280, "height": 900}) as watched:
        watched.page.click("text=Person 1")
        assert watched.page.url.endswith("#person1")
        assert watched.page.evaluate("document.querySelector('#person1').getBoundingClientRect().top") < 100


def test_the_page_prints(browser: Browser, page_path: Path, tmp_path: Path) -> None:
    with browser.open(page_path, color_scheme="dark") as watched:
        watched.page.emulate_media(media="print")
        plain = watched.page.evaluate("getComputedStyle(document.querySelector('.plot img')).filter")
        assert plain == "none"
        assert watched.page.pdf(format="A4").startswith(b"%PDF")
