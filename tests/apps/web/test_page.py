"""The page and its Photo tab in a real browser: Debian's chromium, driven by Playwright."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")
from helpers.browsing import FLAGS, MARKS, chromium

pytestmark = MARKS

from apps import samples  # noqa: E402
from artnet.image import read_picture, write_picture  # noqa: E402
from artnet.settings import StyleSettings  # noqa: E402

SIZES = [(1280, 800), (390, 844), (768, 1024), (1920, 1080)]
AXE = Path(os.environ.get("AXE", Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"))
STATE = "document.querySelector('.an-photo .state').textContent"
SHIFT = """window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shift += entry.value }).observe({type: 'layout-shift', buffered: true})"""
DROP = """async ([name, bytes]) => { const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name));
    document.querySelector('.stage').dispatchEvent(
        new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})) }"""


@pytest.fixture(scope="module")
def browser():
    with chromium(*FLAGS) as browser:
        yield browser


@pytest.fixture
def opened(browser, server):
    """opened(size=, behind=) -> the page; in the end it must have asked no other server, and no script have failed."""
    contexts, wrong = [], []

    def elsewhere(request):
        if not request.url.startswith((server, "blob:", "data:", server.replace("http", "ws"))):
            wrong.append(request.url)

    def open_page(size=SIZES[0], behind="", scheme="light"):
        view = dict(zip(("width", "height"), size, strict=True))
        contexts.append(browser.new_context(viewport=view, color_scheme=scheme, accept_downloads=True))
        page = contexts[-1].new_page()
        page.on("request", elsewhere)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.set_default_timeout(30_000)
        page.add_init_script(SHIFT)
        page.goto(server + behind)
        page.wait_for_selector(".an-panel .tile[aria-pressed=true]")
        page.wait_for_function("document.querySelector('.an-panel .chosen').textContent")  # its script has begun
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "holiday.jpg"
    Image.open(samples.photo("cat")).resize((300, 200)).save(path)
    return path


def painted(page):
    """Wait for a painting, and forget that it was there."""
    page.wait_for_function(f"{STATE}.startsWith('Painted in')")
    page.evaluate(f"{STATE} = ''")


def give(page, *paths):
    page.set_input_files("#photo .files", list(paths))
    painted(page)


def choose(page, name):
    page.click(f".an-panel li[data-name={name}] .tile")


def pressed(page):
    return page.eval_on_selector_all("li:has(.tile[aria-pressed=true])", "all => all.map(one => one.dataset.name)")


def saved(page, selector, path):
    with page.expect_download() as waiting:
        page.click(selector)
    waiting.value.save_as(path)
    return waiting.value.suggested_filename


def test_opens_with_a_painted_example(opened):
    page = opened()
    assert page.get_attribute(".an-photo .after", "src").endswith("example.jpg")
    assert "Try it: drop your photo" in page.inner_text(".an-photo .invite")
    assert pressed(page) == ["starry-night"]
    assert page.locator(".an-panel li[data-name]").count() == len(samples.styles())
    assert "Drop Image Here" not in page.inner_text("body")
    page.click(".an-photo .try[data-sample=cat]")
    painted(page)
    assert not page.is_visible(".an-photo .invite")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_from_one_drop_to_the_saved_file(size, opened, photo, stylizer, tmp_path):
    page = opened(size)
    page.evaluate(DROP, [photo.name, list(photo.read_bytes())])
    painted(page)
    choose(page, "wave-print")
    painted(page)
    name = saved(page, ".an-photo .save", tmp_path / "saved.jpg")
    assert name == "holiday-wave-print.jpg"
    content = read_picture(photo)
    style = stylizer.prepare_style(samples.style("wave-print"))
    write_picture(tmp_path / "expected.jpg", stylizer.stylize(content.rgb, style), like=content)
    assert (tmp_path / "saved.jpg").read_bytes() == (tmp_path / "expected.jpg").read_bytes()
    box = page.locator(".an-photo .after").bounding_box()
    stage = page.locator(".an-photo .stage").bounding_box()
    assert box["width"] >= 0.99 * min(stage["width"], stage["height"] * 1.5)  # large, and not cropped:
    assert box["y"] >= stage["y"] - 1
    assert box["y"] + box["height"] <= stage["y"] + stage["height"] + 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing hangs over the side
    assert page.evaluate("window.shift") < 0.1


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_targets_are_large(size, opened, photo):
    page = opened(size)
    give(page, photo)
    boxes = page.eval_on_selector_all(
        ":is(.an-photo, .an-panel, #tabs) button, .an-panel .blend",
        "all => all.filter(one => one.offsetParent).map(one => [one.className, one.offsetWidth, one.offsetHeight])",
    )
    least = 40 if size[0] < 1000 else 36
    assert [box for box in boxes if min(box[1:]) < least] == []


def test_divider(opened, photo):
    page = opened()
    give(page, photo)
    view, divider = page.locator(".an-photo .view").bounding_box(), page.locator(".an-photo .divider")
    page.mouse.move(view["x"] + view["width"] / 2, view["y"] + 90)
    page.mouse.down()
    page.mouse.move(view["x"] + view["width"] / 4, view["y"] + 90, steps=5)
    page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "25"
    divider.focus()
    for key, percent in {"ArrowRight": "27", "Shift+ArrowLeft": "17", "End": "100", "Home": "0"}.items():
        page.keyboard.press(key)
        assert divider.get_attribute("aria-valuenow") == percent
    button = page.locator(".an-photo .compare").bounding_box()
    page.mouse.move(button["x"] + 9, button["y"] + 9)
    page.mouse.down()
    assert page.locator(".an-photo .after").evaluate("one => getComputedStyle(one).visibility") == "hidden"
    page.mouse.up()
    assert page.locator(".an-photo .after").evaluate("one => getComputedStyle(one).visibility") == "visible"


def test_every_pixel(opened, photo):
    page = opened()
    give(page, photo)
    page.click(".an-photo .zoom")
    assert page.locator(".an-photo .view").bounding_box()["width"] == 300
    page.click(".an-photo .zoom")
    assert page.locator(".an-photo .view").bounding_box()["width"] > 800


def test_blend_and_link(opened, photo):
    page = opened()
    give(page, photo)
    page.check(".an-panel .blend input")
    choose(page, "scream")
    painted(page)
    page.locator(".an-panel .weights input").first.fill("0.5")
    page.fill("#an-strength", "0.8")
    painted(page)
    assert page.inner_text("li[data-name=starry-night] .tick") == "33 %"
    hash_of_it = "#style=starry-night:0.5+scream:1&strength=0.8"
    assert page.url.endswith(hash_of_it)
    other = opened(behind=hash_of_it)
    assert pressed(other) == ["starry-night", "scream"]
    assert other.input_value("#an-strength") == "0.8"
    other.uncheck(".an-panel .blend input")
    assert pressed(other) == ["scream"]
    assert pressed(opened(behind="#style=nonsense&strength=x")) == ["starry-night"]


def test_settings_come_from_one_place(opened):
    page = opened()
    assert page.inner_text("label[for=an-stroke_size]") == StyleSettings.about("stroke_size").label
    tip = page.inner_text("#tip-preserve_color")
    assert tip.lower() == StyleSettings.about("preserve_color").help.lower()


def test_own_styles(opened, photo, tmp_path):
    page = opened()
    give(page, photo)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    Image.open(samples.style("udnie")).save(tmp_path / "mine.png")
    page.set_input_files("#panel .files", [tmp_path / "bad.jpg", tmp_path / "mine.png"])
    page.wait_for_selector(".an-panel .mine")
    painted(page)
    assert page.inner_text(".an-panel .trouble").startswith("bad.jpg: This style is not a picture")
    assert page.inner_text(".an-panel .chosen") == "mine"
    page.click(".an-panel .mine .rename")
    page.fill(".an-panel .naming", "My paint")
    page.keyboard.press("Enter")
    assert page.inner_text(".an-panel .chosen") == "My paint"
    assert saved(page, ".an-photo .save", tmp_path / "saved.jpg") == "holiday-My-paint.jpg"
    page.click(".an-panel .mine .remove")
    painted(page)
    assert page.locator(".an-panel .mine").count() == 0
    assert len(pressed(page)) == 1


def test_only_the_marked_part(opened, photo, tmp_path):
    page = opened()
    give(page, photo)
    page.click(".an-photo .part")
    box = page.locator(".an-photo .mask").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=10)
    page.mouse.up()
    painted(page)
    page.click(".an-photo .more")
    saved(page, ".an-photo .png", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        changed = np.abs(np.array(image).astype(int) - read_picture(photo).rgb).max(axis=2)
    assert changed[100, 150] > 0
    assert not changed[:60].any()
    assert 0.005 < (changed > 0).mean() < 0.5
    page.click(".an-photo .done")
    painted(page)


def test_bad_photo_says_why_and_the_former_stays(opened, photo, tmp_path):
    page = opened()
    give(page, photo)
    (tmp_path / "letter.jpg").write_bytes(b"Dear Sir or Madam")
    page.set_input_files("#photo .files", tmp_path / "letter.jpg")
    page.wait_for_selector(".an-photo .problem:not([hidden])")
    assert "not a picture that can be read" in page.inner_text(".an-photo .problem")
    page.click(".an-photo .dismiss")
    choose(page, "udnie")
    painted(page)
    assert saved(page, ".an-photo .save", tmp_path / "saved.jpg") == "holiday-udnie.jpg"


def test_server_that_does_not_answer(opened, photo):
    page = opened()
    give(page, photo)
    page.route("**/page_preview", lambda route: route.abort())
    choose(page, "udnie")
    page.wait_for_selector(".an-photo .again:visible")
    assert "The server does not answer" in page.inner_text(".an-photo .problem")
    page.unroute("**/page_preview")
    page.click(".an-photo .again")
    painted(page)


def test_cancel_gives_back_the_former_picture(opened, photo):
    page = opened()
    give(page, photo)
    former, held = page.get_attribute(".an-photo .after", "src"), []
    page.route("**/page_preview", lambda route: held.append(route))
    choose(page, "udnie")
    page.click(".an-photo .cancel")
    assert pressed(page) == ["starry-night"]
    assert page.get_attribute(".an-photo .after", "src") == former
    assert len(held) == 1


def test_only_the_newest_wish_is_shown(opened, photo):
    page = opened()
    give(page, photo)
    asked = []
    page.on("request", lambda request: asked.append(request) if "page_preview" in request.url else None)
    click = "document.querySelector(`.an-panel li[data-name=${name}] .tile`).click()"
    page.evaluate(f"for (const name of ['udnie', 'scream', 'wave-print']) {click}")
    painted(page)
    wishes = [json.loads(request.post_data)["data"][0]["panel"] for request in asked]
    assert [wish["styles"][0]["name"] for wish in wishes] == ["wave-print"]


def test_files_that_were_deleted_are_sent_again(opened, photo, web_cache):
    page = opened()
    give(page, photo)
    for path in web_cache.rglob("holiday*"):
        path.unlink()
    choose(page, "udnie")
    painted(page)
    assert not page.is_visible(".an-photo .problem")


def test_earlier_pictures(opened, photo):
    page = opened()
    give(page, photo)
    page.wait_for_function("document.querySelectorAll('.an-panel img[data-plain]').length > 3")  # tiles of the photo
    first = page.get_attribute(".an-photo .after", "src")
    page.wait_for_timeout(1600)  # what stays so long counts as a picture
    choose(page, "udnie")
    painted(page)
    page.click(".an-photo .past li:nth-child(2) button")
    page.wait_for_function("old => document.querySelector('.an-photo .after').src === old", arg=first)
    assert pressed(page) == ["starry-night"]


def test_several_photos_as_one_archive(opened, photo, tmp_path):
    second = tmp_path / "second.png"
    Image.open(photo).save(second)
    page = opened()
    give(page, photo, second)
    page.click(".an-photo .film li:nth-child(2) button")
    painted(page)
    page.click(".an-photo .more")
    assert saved(page, ".an-photo .all", tmp_path / "all.zip") == "photos-starry-night.zip"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["holiday.jpg", "second.jpg"]


@pytest.mark.skipif(not AXE.is_file(), reason="the accessibility test needs axe-core (npm install axe-core)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_axe_finds_nothing(size, scheme, opened, photo):
    page = opened(size, scheme=scheme)
    page.evaluate(AXE.read_text())
    find = "async () => (await axe.run()).violations.map(one => [one.id, one.nodes.map(node => node.html)])"
    assert page.evaluate(find) == []
    give(page, photo)
    assert page.evaluate(find) == []
