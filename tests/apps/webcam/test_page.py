"""The page for OBS in a real browser: Debian's chromium, driven by Playwright."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av", reason="PyAV comes with artnet[webcam]")
from helpers.browsing import MARKS, chromium

pytestmark = MARKS

from apps.webcam.stream import Stream  # noqa: E402

RED, BLUE, BLACK = (200, 10, 10), (10, 10, 200), (0, 0, 0)


@pytest.fixture
def page():
    with chromium("--no-sandbox", "--disable-gpu") as browser:
        yield browser.new_page(viewport={"width": 400, "height": 200})


def show(stream, color):
    stream.show(np.full((150, 200, 3), color, np.uint8))


def colors(page):
    """Of the page's middle and of its left edge."""
    with Image.open(BytesIO(page.screenshot())) as picture:
        return [picture.convert("RGB").getpixel(place) for place in ((200, 100), (10, 100))]


def wait_for(page, color):
    for _ in range(150):
        middle, edge = colors(page)
        assert edge == BLACK
        if np.abs(np.subtract(middle, color)).max() < 6:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the middle stays {middle}")


def test_paintings_are_shown_on_black_and_again_after_a_new_start(page):
    with Stream(0) as stream:
        page.goto(stream.url, wait_until="commit")
        assert page.locator("p").inner_text() == "waiting for the first picture"
        show(stream, RED)
        page.locator("p").wait_for(state="hidden")
        wait_for(page, RED)
        show(stream, BLUE)
        wait_for(page, BLUE)
    port = int(stream.url.split(":")[2].strip("/"))
    with Stream(port) as stream:
        show(stream, RED)
        wait_for(page, RED)


@pytest.mark.parametrize("name", ["snapshot.jpg", "stream.mjpg"])
def test_other_pages_see_nothing(name, page):
    with Stream(0) as stream:
        show(stream, RED)
        with page.expect_event("requestfailed") as failed:
            page.set_content(f"<img src='{stream.url}{name}'>", wait_until="commit")
        assert failed.value.url == stream.url + name
        assert "blocked" in failed.value.failure.lower()
