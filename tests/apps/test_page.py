"""The page in a real browser: Debian's chromium, driven by Playwright."""

import shutil

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("cv2", reason="OpenCV comes with artnet[web]")
playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need Playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="the browser tests need Chromium"),
]


from apps import samples  # noqa: E402
from artnet.pictures import read_picture  # noqa: E402

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
SIZES = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=SIZES[:1], ids=["desktop"])
def page(browser, server, request):
    """The page, opened; afterwards it must have asked no other server for anything."""
    context = browser.new_context(viewport=request.param, permissions=["camera"], accept_downloads=True)
    page, elsewhere = context.new_page(), []
    page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((server, "blob:", "data:")) else None)
    page.set_default_timeout(30_000)
    page.goto(server)
    page.wait_for_selector("#stylize")
    yield page
    context.close()
    assert [url for url in elsewhere if not url.startswith(server.replace("http", "ws"))] == []


def tab(page, name):
    page.click(f'button[role=tab]:has-text("{name}")')


def upload_photo(page, path):
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_selector("#photo img")


def download(page, button, path):
    page.wait_for_selector(f"{button}:not([disabled])")
    with page.expect_download() as waiting:
        page.click(button)
    waiting.value.save_as(path)
    return path


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=str)
def test_photo_from_upload_to_download(page, stylizer, tmp_path):
    upload_photo(page, samples.photo())
    page.click("#styles .gallery-item:nth-child(6) button")
    page.wait_for_selector("#caption:has-text('wave print')")
    page.click("#stylize")
    page.wait_for_selector("#result img")
    content = read_picture(samples.photo()).rgb
    stylizer.set_style(list(samples.styles().values())[5])
    expected = stylizer.stylize(content)
    with Image.open(download(page, "#png", tmp_path / "out.png")) as image:
        assert (np.array(image) == expected).all()
    with Image.open(download(page, "#jpeg", tmp_path / "out.jpg")) as image:
        assert image.format == "JPEG"
        assert np.abs(np.array(image).astype(int) - expected).mean() < 4
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")  # nothing hangs over the side


def test_slider_moves(page):
    upload_photo(page, samples.photo())
    page.click("#stylize")
    handle = page.locator("#result .outer").first
    page.wait_for_selector("#png:not([disabled])")  # by then the pictures are drawn
    page.wait_for_timeout(500)
    before = handle.bounding_box()
    page.mouse.move(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    page.mouse.down()
    page.mouse.move(before["x"] + before["width"] / 2 - 120, before["y"] + before["height"] / 2, steps=6)
    page.mouse.up()
    page.wait_for_timeout(300)
    after = handle.bounding_box()
    assert before["x"] - after["x"] == pytest.approx(120, abs=15)


def test_blend_shows_its_sliders(page):
    page.check("#blend input")
    page.click("#styles .gallery-item:nth-child(1) button")
    page.wait_for_selector("#weight-1:visible")
    assert "starry orchard" in page.inner_text("#weight-0")
    assert "ink gorge" in page.inner_text("#weight-1")
    page.uncheck("#blend input")
    page.wait_for_selector("#weight-1", state="hidden")


def test_only_the_painted_part(page, tmp_path):
    upload_photo(page, samples.photo())
    page.click("#part button")
    page.wait_for_selector("#editor canvas")
    page.click("#where label:nth-child(2)")
    page.wait_for_timeout(1500)  # the editor draws the photo by and by
    canvas = page.locator("#editor canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=10)
    page.mouse.up()
    page.wait_for_timeout(500)
    page.click("#stylize")
    with Image.open(download(page, "#png", tmp_path / "out.png")) as image:
        changed = np.abs(np.array(image).astype(int) - read_picture(samples.photo()).rgb).max(axis=2) > 0
    assert changed[200, 300]
    assert not changed[:20].any()
    assert 0.005 < changed.mean() < 0.5


def test_bad_upload_says_why(page, tmp_path):
    (tmp_path / "letter.jpg").write_bytes(b"Dear Sir or Madam")
    page.set_input_files("#photo input[type=file]", tmp_path / "letter.jpg")
    page.wait_for_selector("text=this photo is not a picture that can be read")


def test_nothing_uploaded_says_so(page):
    page.click("#stylize")
    page.wait_for_selector("text=no photo yet: add one first")
