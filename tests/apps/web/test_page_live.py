"""The Live and the Video tab in a real browser: Debian's chromium with a made-up camera, driven by Playwright."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")
from helpers.browsing import FLAGS, MARKS, chromium

pytestmark = MARKS

import httpx  # noqa: E402
from helpers.clips import audio_packets, frames_of, make_clip, moving_frames  # noqa: E402

from apps.web.visits import EACH, LINE  # noqa: E402

CAMERA = (
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
SIZES = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]
WATCH = """
window.tracks = [];
const devices = navigator.mediaDevices;
const get = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (wanted) => {
  const stream = await get(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""
ALL_ENDED = "tracks.length > 0 && tracks.every((track) => track.readyState === 'ended')"
PIXELS = """() => { const canvas = document.querySelector('.live-painted');
  return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].join() }"""


@pytest.fixture(scope="module")
def browser():
    with chromium(*FLAGS, *CAMERA) as browser:
        yield browser


@pytest.fixture
def open_page(browser, server):
    """open_page(script, viewport) -> the page with a script that runs first; it asks no other server for anything."""
    contexts, elsewhere = [], []

    def note(request):
        if not request.url.startswith((server, "blob:", "data:")):
            elsewhere.append(request.url)

    def start(script=WATCH, viewport=SIZES[0]):
        context = browser.new_context(viewport=viewport, permissions=["camera"], accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.on("request", note)
        page.set_default_timeout(30_000)
        page.add_init_script(script)
        page.goto(server)
        return page

    yield start
    for context in contexts:
        context.close()
    assert elsewhere == []


def tab(page, name):
    page.click(f'button[role=tab]:has-text("{name}")')


def go_live(page):
    tab(page, "Live")
    page.click(".live-start")
    page.wait_for_selector('.an-live[data-state="live"]')


def words(page):
    return page.inner_text(".live-words")


def choose(page, style):
    page.click(f'#panel li[data-name="{style}"] .tile')


@pytest.mark.parametrize("viewport", SIZES, ids=str)
def test_live_in_one_click(open_page, viewport):
    page = open_page(viewport=viewport)
    go_live(page)
    before = page.evaluate(PIXELS)
    page.wait_for_function(f"old => ({PIXELS})() !== old", arg=before)
    page.wait_for_selector(".live-rate:has-text('frames a second')")
    width, height = page.evaluate("[document.querySelector('.live-painted').width, tracks[0].getSettings().height]")
    assert (width, height) == (640, 480)
    shown = page.locator(".live-painted").bounding_box()
    assert shown["width"] > 0.6 * viewport["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.is_visible(".live-inset")
    page.click(".live-eye")
    assert not page.is_visible(".live-inset")


def test_a_style_takes_effect_at_once(open_page):
    page = open_page()
    go_live(page)
    with page.expect_response("**/page_live_change") as waiting:
        choose(page, "scream")
    assert waiting.value.ok
    page.wait_for_selector('.an-live[data-state="live"]')


def test_settings_that_fail_are_said_in_place(open_page):
    page = open_page()
    go_live(page)
    refuse = {"status": 500, "json": {"error": "this style is deleted by now"}}
    page.route("**/page_live_change", lambda route: route.fulfill(**refuse))
    choose(page, "scream")
    page.wait_for_selector(".an-live .state:has-text('The style stays as it was: This style is deleted by now.')")
    assert page.get_attribute(".an-live", "data-state") == "live"


def stop(page):
    page.click(".live-stop")


def other_tab(page):
    tab(page, "Photo")


def hide(page):
    page.evaluate("""Object.defineProperty(document, 'hidden', {value: true});
                     document.dispatchEvent(new Event('visibilitychange'))""")


@pytest.mark.parametrize("end", [stop, other_tab, hide])
def test_the_camera_is_really_off(end, open_page, server):
    page = open_page()
    go_live(page)
    with page.expect_request("**/live/leave"):
        end(page)
    page.wait_for_function(ALL_ENDED)
    assert page.evaluate("document.querySelector('.live-camera').srcObject") is None
    tab(page, "Live")
    assert page.is_visible(".live-start")
    assert words(page) == (
        "See yourself painted, live. What your camera sees goes only to the machine that serves this page, and is not "
        "kept." if end is stop else "The camera was switched off while this tab was out of sight."
    )  # fmt: skip


def test_it_starts_again(open_page):
    page = open_page()
    go_live(page)
    stop(page)
    go_live(page)
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended", "live"]


def fails(name):
    return f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('x', '{name}'))"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (fails("NotAllowedError"), "This page may not use the camera. Allow it by the symbol beside"),
        (fails("NotFoundError"), "No camera was found. Plug one in"),
        (fails("NotReadableError"), "Close other programs that use it"),
        (fails("StrangeError"), "The camera does not start (x). Try again."),
        ("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})", "Open this page at an https address"),
    ],
)
def test_no_camera_says_the_way_out(script, said, open_page):
    page = open_page(script)
    tab(page, "Live")
    page.click(".live-start")
    page.wait_for_selector(".live-start:has-text('Start again')")
    assert said in words(page)


def test_a_camera_that_is_unplugged(open_page):
    page = open_page()
    go_live(page)
    page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")
    page.wait_for_selector(".live-words:has-text('The camera has ended. Check it, then start again.')")
    assert page.evaluate(ALL_ENDED)


def test_a_server_that_ends_the_visit_is_believed(open_page):
    page = open_page()
    go_live(page)
    over = {"status": 410, "json": {"error": "Your time is up. Start again."}}
    page.route("**/live/frame", lambda route: route.fulfill(**over))
    page.wait_for_selector(".live-words:has-text('Your time is up. Start again.')")
    assert page.evaluate(ALL_ENDED)


def test_the_place_in_line_is_said_and_comes_by_itself(open_page, server):
    with httpx.Client(base_url=server) as http:
        others = [visit(http) for _ in range(EACH + 1)]
        page = open_page()
        tab(page, "Live")
        page.click(".live-start")
        for number in (2, 1):
            page.wait_for_selector(f".live-words:has-text('You are number {number} in line.')")
            keep(http, others)
            leave(http, others.pop())
        page.wait_for_selector('.an-live[data-state="live"]')
        for secret in others:
            leave(http, secret)


def test_a_full_line_is_said_in_the_pictures_place(open_page, server):
    with httpx.Client(base_url=server) as http:
        others = [visit(http) for _ in range(EACH + LINE)]
        page = open_page()
        tab(page, "Live")
        page.click(".live-start")
        page.wait_for_selector(f".live-words:has-text('The server is busy: {LINE} others wait already')")
        assert page.evaluate(ALL_ENDED)
        for secret in others:
            leave(http, secret)


def visit(http):
    panel = {"styles": [{"name": "wave-print"}], "stroke_size": 64}
    answer = http.post("/gradio_api/run/page_live_open", json={"data": [{"panel": panel}]})
    secret = answer.json()["data"][0]["secret"]
    keep(http, [secret])
    return secret


def keep(http, secrets):
    for secret in secrets:
        http.post("/live/turn", headers={"x-live": secret})


def leave(http, secret):
    http.post("/live/leave", headers={"x-live": secret})


def test_snapshot_and_clip(open_page, tmp_path):
    page = open_page()
    go_live(page)
    with page.expect_download() as waiting:
        page.click(".live-snapshot")
    assert waiting.value.suggested_filename.startswith("starry-night-20")
    waiting.value.save_as(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (640, 480))
    page.click(".live-clip")
    page.wait_for_selector(".live-clip:has-text('Save the clip, 1 s')")
    with page.expect_download() as waiting:
        page.click(".live-clip")
    suffix = waiting.value.suggested_filename.rpartition(".")[2]
    waiting.value.save_as(tmp_path / f"a.{suffix}")
    assert len(frames_of(tmp_path / f"a.{suffix}")) > 1


def test_the_mirror_turns_what_is_sent(open_page):
    page = open_page()
    sent = []
    page.route("**/live/frame", lambda route: (sent.append(route.request.post_data_buffer), route.continue_()))
    go_live(page)
    page.click(".live-mirror")
    already = len(sent)
    page.wait_for_timeout(100)
    go_on = "n => performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/live/frame')).length > n"
    page.wait_for_function(go_on, arg=already + 2)
    first, last = (np.array(Image.open(BytesIO(body)).convert("RGB")).astype(int) for body in (sent[0], sent[-1]))
    assert np.abs(first - last[:, ::-1]).mean() < np.abs(first - last).mean()


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "My clip.mp4", moving_frames(12, 96, 128), audio="aac")


def add_video(page, path):
    tab(page, "Video")
    page.wait_for_selector(".an-video .choose")
    page.set_input_files(".an-video .files", path)


@pytest.mark.parametrize("viewport", SIZES, ids=str)
def test_video_from_upload_to_download(open_page, viewport, clip, tmp_path):
    page = open_page(viewport=viewport)
    add_video(page, clip)
    page.wait_for_selector(".an-video .view img.after:visible")
    assert "128 × 96, 25 frames a second. Painting all of it takes about" in page.inner_text(".video-about")
    page.click(".video-whole")
    page.wait_for_selector(".video-result:visible")
    page.wait_for_function("document.querySelector('.video-result').readyState >= 2")  # it plays
    with page.expect_download() as waiting:
        page.click(".video-save")
    assert waiting.value.suggested_filename == "My-clip-starry-night.mp4"
    waiting.value.save_as(tmp_path / "out.mp4")
    assert len(frames_of(tmp_path / "out.mp4")) == 12
    assert audio_packets(tmp_path / "out.mp4") == audio_packets(clip)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_preview_follows_style_and_size(open_page, clip):
    page = open_page()
    add_video(page, clip)
    page.wait_for_selector(".an-video .view img.after:visible")
    source = "document.querySelector('.an-video .view img.after').src"
    before = page.evaluate(source)
    choose(page, "scream")
    page.wait_for_function(f"old => {source} !== old", arg=before)
    with page.expect_response("**/page_video_still") as waiting:
        page.select_option(".video-size", "480")
    assert waiting.value.ok


def test_a_trial_then_the_preview_again(open_page, clip):
    page = open_page()
    add_video(page, clip)
    page.click(".video-trial")
    page.wait_for_selector(".video-result:visible")
    assert page.get_attribute(".video-save", "download") == "My-clip-starry-night-trial.mp4"
    page.click(".video-turn")
    page.wait_for_selector(".video-result", state="hidden")
    page.wait_for_selector(".an-video .view img.after:visible")
    choose(page, "scream")
    page.wait_for_selector(".video-about:has-text('Painting all of it')")


def test_cancelling_a_video(open_page, tmp_path):
    page = open_page()
    add_video(page, make_clip(tmp_path / "long.mp4", moving_frames(2000, 96, 128)))
    page.wait_for_selector(".an-video .view img.after:visible")
    page.click(".video-whole")
    page.wait_for_selector(".video-work p:has-text('% painted')")
    assert "left" in page.inner_text(".video-work p")
    with page.expect_request("**/gradio_api/cancel"):
        page.click(".video-cancel")
    page.wait_for_selector(".video-work", state="hidden")
    page.click(".video-trial")  # the place is free
    page.wait_for_selector(".video-result:visible")


def test_bad_videos_say_why(open_page, clip, tmp_path):
    page = open_page()
    (tmp_path / "letter.mp4").write_bytes(b"Dear Sir or Madam")
    add_video(page, tmp_path / "letter.mp4")
    page.wait_for_selector(".an-video .problem:has-text('This video is not a video that can be read')")
    assert page.is_visible(".an-video .other")
    page.set_input_files(".an-video .files", clip)
    page.wait_for_selector(".an-video .view img.after:visible")
    assert not page.is_visible(".an-video .problem")


def test_a_video_that_was_deleted_is_sent_again(open_page, clip, web_cache):
    page = open_page()
    add_video(page, clip)
    page.wait_for_selector(".an-video .view img.after:visible")
    for path in web_cache.rglob("My*clip.mp4"):
        path.unlink()
    page.click(".video-whole")
    page.wait_for_selector(".video-result:visible")
