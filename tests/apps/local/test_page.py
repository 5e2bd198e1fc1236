"""The page that paints by itself, in a real browser, from a server of plain files that may go away."""

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy as np
import pytest
import torch
from helpers.browsing import MARKS, chromium
from PIL import Image

pytestmark = MARKS

from apps import samples  # noqa: E402
from apps.local.folder import write_page  # noqa: E402
from artnet import StyleSettings, Stylizer  # noqa: E402
from artnet.engines.revising import as_trained  # noqa: E402
from artnet.engines.torch_engine import TorchEngine  # noqa: E402
from artnet.model.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from artnet.model.config import ArtNetConfig  # noqa: E402
from artnet.model.network import ArtNet  # noqa: E402
from artnet.settings import DEFAULTS  # noqa: E402

FLAGS = [
    *("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    *("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"),
]
STROKE_SIZE = "#settings label:has-text('Stroke size') input"
STYLES = ("starry-night", "udnie")
SETTLED = 90_000  # milliseconds: other work may go on beside


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Site:
    """A folder behind a server of plain files."""

    def __init__(self, folder):
        self.folder = folder
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local") / "page"
    write_page(folder, "artnet", [samples.style(name) for name in STYLES])
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium(*FLAGS) as browser:
        yield browser


@pytest.fixture
def site(folder):
    site = Site(folder)
    yield site
    site.close()


@pytest.fixture(params=[""])
def page(browser, site, request):
    """The page, opened; afterwards it must have asked no other host for anything, and nothing may have gone wrong."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, permissions=["camera"], accept_downloads=True)
    page, elsewhere, wrong = context.new_page(), [], []
    context.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((site.url, "blob:")) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_default_timeout(SETTLED)
    page.goto(site.url + request.param)
    page.wait_for_selector("#status:has-text('A sample')")
    yield page
    context.close()
    assert elsewhere == []
    assert wrong == []


def paint(page, path):
    """Choose a photo and wait until it is painted."""
    page.set_input_files("#photo", path)
    page.wait_for_selector("#status:has-text('Painted in')")
    return painted(page)


def repaint(page, action):
    """Do what makes the page paint anew, which its status says at once, and wait."""
    action()
    page.wait_for_selector("#status:has-text('Painted in')")
    return painted(page)


def painted(page):
    address = page.evaluate("() => document.querySelector('.after').toDataURL('image/png')")
    return np.array(Image.open(BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))


def psnr(a, b):
    return 10 * np.log10(255**2 / np.square(a.astype(float) - b).mean())


def exact(style, photo, settings=DEFAULTS, weights="artnet"):
    """What the network paints in single precision; engines that are quicker choose other patches here and there."""
    stylizer = Stylizer(as_trained(lambda: TorchEngine(load_checkpoint(weights), "cpu", torch.float32)))
    prepared = stylizer.prepare_style(style, stroke_size=settings.stroke_size)
    return stylizer.stylize(np.array(Image.open(photo)), prepared, settings)


def photo_file(tmp_path, width, height):
    path = tmp_path / "photo.png"
    Image.open(samples.photo()).convert("RGB").resize((width, height)).save(path)
    return path


def test_photos_as_the_command_line_paints_them(page, folder, tmp_path):
    path = photo_file(tmp_path, 450, 300)
    styles = [folder / "styles" / f"{number:02}.jpg" for number in (1, 2)]
    assert psnr(paint(page, path), exact(styles[0], path)) >= 38
    second = repaint(page, lambda: page.click(".style:nth-child(3)"))
    assert psnr(second, exact(styles[1], path)) >= 38
    page.fill("#settings label:has-text('Strength') input", "0.5")
    page.click("#settings label:has-text('colours')")
    changed = repaint(page, lambda: page.fill(STROKE_SIZE, "320"))
    settings = StyleSettings(strength=0.5, stroke_size=320, preserve_color=True)
    assert psnr(changed, exact(styles[1], path, settings)) >= 38
    assert psnr(changed, second) < 30
    faint = repaint(page, lambda: page.fill("#settings label:has-text('Strength') input", "0.1"))
    settings = StyleSettings(strength=0.1, stroke_size=320, preserve_color=True)
    assert psnr(faint, exact(styles[1], path, settings)) >= 38


def test_tiles_do_not_show(page, folder, tmp_path):
    path = photo_file(tmp_path, 1300, 203)  # two tiles; not a multiple of the stride
    assert psnr(paint(page, path), exact(folder / "styles" / "01.jpg", path)) >= 45


def test_without_a_network_after_the_first_visit(page, site, tmp_path):
    page.wait_for_selector("#offline:has-text('Works without a network')")
    site.close()
    page.reload()
    page.wait_for_selector("#status:has-text('A sample')")
    assert page.evaluate("() => crossOriginIsolated")  # threads are allowed
    assert paint(page, photo_file(tmp_path, 120, 80)).shape == (80, 120, 3)
    repaint(page, lambda: page.click(".style:nth-child(3)"))


def test_the_camera_is_painted_and_goes_off(page):
    frames = "() => document.querySelector('.live').toDataURL()"
    page.click("#camera")
    page.wait_for_selector("#status:has-text('pictures a second')")
    first = page.evaluate(frames)
    page.wait_for_function(f"first => ({frames})() !== first", arg=first)
    track = page.evaluate_handle("() => document.querySelector('video').srcObject.getTracks()[0]")
    assert page.is_hidden("#photo-actions")
    page.click("#stop")
    assert track.evaluate("track => track.readyState") == "ended"
    assert page.is_visible("#photo-actions")
    page.click("#camera")
    page.wait_for_selector("#status:has-text('pictures a second')")
    page.click("#snapshot")
    page.wait_for_selector("#status:has-text('Painted in')")
    assert painted(page).shape[0] >= 480
    assert page.evaluate("() => document.querySelector('video').srcObject") is None


def test_own_style_and_saving(page, tmp_path):
    style = tmp_path / "my style.png"
    Image.open(samples.style("scream")).resize((200, 250)).save(style)
    before = paint(page, photo_file(tmp_path, 96, 64))
    after = repaint(page, lambda: page.set_input_files("#own", style))
    assert page.get_attribute(".style:nth-child(2)", "aria-pressed") == "true"
    assert psnr(before, after) < 30
    with page.expect_download() as waiting:
        page.click("#save")
    assert waiting.value.suggested_filename == "photo-my-style.jpg"
    saved = np.array(Image.open(waiting.value.path()))
    assert psnr(saved, after) > 25


@pytest.mark.parametrize(
    ("photo", "style", "name"),
    [
        ("My photo (1).JPG", "great-wave", "My photo (1)-great-wave.jpg"),
        ("a/b:c.png", "my style.png", "a_b_c-my-style.jpg"),
        ("été.v2.webp", "scream", "été.v2-scream.jpg"),
    ],
)
def test_results_are_called_as_by_the_other_page(photo, style, name, page):
    code = "async ([photo, style]) => (await import('./js/pictures.js')).fileName(photo, style)"
    assert page.evaluate(code, [photo, style]) == name


def test_the_divider_by_keyboard(page):
    divider = "#stage input"
    page.focus(divider)
    page.keyboard.press("End")
    assert page.get_attribute(divider, "aria-valuetext") == "100 % photo, 0 % painted"
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute(divider, "aria-valuetext") == "99 % photo, 1 % painted"
    assert page.evaluate("() => getComputedStyle(document.querySelector('.after')).clipPath").endswith("99%)")


def test_cancelling_and_files_that_are_no_pictures(page, tmp_path):
    page.set_input_files("#photo", photo_file(tmp_path, 1600, 1200))
    page.click("#cancel")
    page.wait_for_selector("#status:has-text('Cancelled')")
    assert page.is_hidden("#working")
    assert page.is_disabled("#save")
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    page.set_input_files("#photo", bad)
    page.wait_for_selector("#status:has-text('cannot read that file')")
    page.select_option("#side", "800")
    page.wait_for_selector("#status:has-text('Scaled down from 1600 × 1200 to 800 × 600')")
    assert painted(page).shape == (600, 800, 3)


@pytest.mark.parametrize(("passes", "stroke_size"), [(1, 512), (2, 512), (2, 768)])
def test_a_network_of_another_shape(browser, tmp_path, passes, stroke_size):
    torch.manual_seed(0)
    decoder, skips = {8: 24, 4: 16, 2: 12}, ("pixels", "conv3")
    config = ArtNetConfig("inception3a", skips, decoder, upsampling="nearest", encoder_padding="zeros", passes=passes)
    save_checkpoint(ArtNet(config), tmp_path / "other.safetensors")
    write_page(tmp_path / "page", tmp_path / "other.safetensors", [samples.style("udnie")])
    path, site = photo_file(tmp_path, 90, 60), Site(tmp_path / "page")
    page = browser.new_context().new_page()
    page.set_default_timeout(SETTLED)
    page.goto(site.url)
    page.wait_for_selector("#status:has-text('A sample')")
    got = paint(page, path)
    if stroke_size != DEFAULTS.stroke_size:
        got = repaint(page, lambda: page.fill(STROKE_SIZE, str(stroke_size)))
    page.context.close()
    site.close()
    settings = StyleSettings(stroke_size=stroke_size)
    want = exact(tmp_path / "page" / "styles" / "01.jpg", path, settings, tmp_path / "other.safetensors")
    assert psnr(got, want) >= 45


@pytest.mark.parametrize("page", ["?backend=webgl", "?backend=webgpu"], indirect=True)
def test_on_a_graphics_card(page, folder, tmp_path):
    """Chromium's own of software, which is slow: one small picture in small strokes."""
    page.set_default_timeout(4 * SETTLED)
    page.fill(STROKE_SIZE, "192")
    path = photo_file(tmp_path, 96, 64)
    page.set_input_files("#photo", path)
    page.wait_for_selector("#status:has-text('on the graphics card')")
    assert psnr(painted(page), exact(folder / "styles" / "01.jpg", path, StyleSettings(stroke_size=192))) >= 45


def test_processors_that_pass_as_graphics_cards_are_not_used(page, tmp_path):
    paint(page, photo_file(tmp_path, 96, 64))
    assert "on the processor (WASM)" in page.inner_text("#status")
