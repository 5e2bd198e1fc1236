import gc
import json
import socket
import sys
import threading
import time
from types import SimpleNamespace
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av", reason="PyAV comes with artnet[webcam]")
pygame = pytest.importorskip("pygame", reason="pygame comes with artnet[webcam]")

from helpers.clips import frames_of, make_clip, moving_frames  # noqa: E402
from helpers.waiting import wait_until  # noqa: E402

from apps.cli import main  # noqa: E402
from apps.webcam import camera as cameras  # noqa: E402
from apps.webcam.camera import Camera, ClosedError, Mailbox, Shot  # noqa: E402
from apps.webcam.live import Controls, Meter, Painted, Painter  # noqa: E402
from apps.webcam.session import Session  # noqa: E402
from apps.webcam.window import HELP, KEYS, Window, Words  # noqa: E402
from artnet.settings import StyleSettings  # noqa: E402


@pytest.fixture(autouse=True)
def no_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(cameras, "PAUSE", 0.01)


@pytest.fixture(autouse=True)
def one_camera(tmp_path_factory, monkeypatch):
    """The system knows a camera 0."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "video0").touch()
    monkeypatch.setattr(cameras, "DEVICES", folder)
    return folder


@pytest.fixture
def clip(desk):
    return str(make_clip(desk / "clip.mp4", moving_frames(5), rate=50))


@pytest.fixture
def fake(fake):
    fake.engine_choice = "a test"
    return fake


def webcam(*arguments):
    return main(["webcam", *map(str, arguments)])


def test_headless_report(fake, clip, desk, capsys):
    assert webcam("--camera", clip, "--style", "style.png", "--headless", "--frames", 12, "--report") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["frames"] == 12  # more than the clip has: it is shown over and over
    assert report["fps"] > 0
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"] <= report["latency_ms"]["max"]
    assert report["captured"] >= 12
    assert report["engine"] == "a test"


def test_with_a_real_network(tiny, clip, desk, capsys):
    from artnet import save_checkpoint

    save_checkpoint(tiny, desk / "net.safetensors")
    options = ["--weights", "net.safetensors", "--stroke-size", 32, "--headless", "--frames", 3, "--report"]
    assert webcam("--camera", clip, "--style", "style.png", "--style", "second.png", *options) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 3


def test_bundled_styles_are_the_default(fake, clip):
    assert webcam("--camera", clip, "--headless", "--frames", 1) == 0
    assert fake.loaded == (None, "auto", "auto")


def press(monkeypatch, *keys):
    """Let the keys be pressed, those of one word at once; an iterator over what is left."""
    presses = iter([word.split() for word in keys])

    def events():
        return [SimpleNamespace(type=pygame.KEYDOWN, key=getattr(pygame, f"K_{name}")) for name in next(presses)]

    monkeypatch.setattr(pygame.event, "get", events)
    return presses


def press_when_painted(monkeypatch, *keys):
    """The same, but only after the first painting was shown."""
    left, get = press(monkeypatch, *keys), pygame.event.get
    show, painted = Session.show, []
    monkeypatch.setattr(Session, "show", lambda self, new: painted.append(1) or show(self, new))
    monkeypatch.setattr(pygame.event, "get", lambda: get() if painted else [])
    return left


def test_window_until_quit(fake, clip, desk, monkeypatch, capsys):
    recorded = ["r", *[""] * 20, "r"]
    keys = press_when_painted(monkeypatch, "", "h", "h", "n", "DOWN", "c", "s", "b f", "m", *recorded, "s", "q")
    assert webcam("--camera", clip, "--style", "style.png", "--style", "second.png") == 0
    assert next(keys, None) is None
    pictures = sorted(desk.glob("artnet-*.png"))
    assert sorted(Image.open(path).size for path in pictures) == [(64, 48), (128, 48)]
    [recording] = desk.glob("artnet-*.mp4")
    assert sorted(capsys.readouterr().out.split()) == sorted(path.name for path in (*pictures, recording))
    frames = frames_of(recording)
    assert frames[0][0] == 0 < frames[1][0] < frames[2][0]
    assert frames[0][1].shape == (48, 128, 3)
    assert {round(strength, 1) for strength, _ in fake.calls} == {1.0, 0.9}


class Silent:
    """A camera that opens, and then never gives a picture."""

    def __init__(self, source):
        self.released = threading.Event()

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return True

    def read(self):
        self.released.wait(600)
        return False, None

    def set(self, *_):
        pass

    def release(self):
        pass


def test_keys_work_while_the_camera_is_silent(fake, desk, monkeypatch):
    monkeypatch.setattr(cameras.cv2, "VideoCapture", Silent)
    monkeypatch.setattr(cameras, "LEAVE", 0.01)
    drawn, keys = [], press(monkeypatch, "", "", "s", "h", "n", "", "q")
    monkeypatch.setattr(Window, "show", lambda self, rgb, words: drawn.append((rgb, words)))
    assert webcam("--style", "style.png") == 0
    assert next(keys, None) is None
    assert drawn == [(None, Words(("starting the camera…",), ("q: quit",)))] * 7  # also before all else
    assert not list(desk.glob("artnet-*"))


def test_a_word_is_there_before_what_cameras_need(fake, desk, monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr(Window, "show", lambda self, rgb, words: drawn.append(words.top))
    press(monkeypatch, "")
    monkeypatch.setitem(sys.modules, "av", None)
    assert webcam("--style", "style.png") == 2
    assert "pip install 'artnet[webcam]'" in capsys.readouterr().err
    assert drawn == [("starting the camera…",)]


@pytest.mark.parametrize("failing", [False, True])
def test_no_display_is_an_error(failing, fake, clip, desk, monkeypatch, capsys):
    monkeypatch.delenv("SDL_VIDEODRIVER")
    if failing:
        monkeypatch.setattr(pygame.display, "init", lambda: (_ for _ in ()).throw(pygame.error("no video")))
    else:
        monkeypatch.setattr(pygame.display, "get_driver", lambda: "offscreen")
    assert webcam("--camera", clip, "--style", "style.png") == 2
    err = capsys.readouterr().err
    assert "there is no display for a window; give --headless" in err
    assert err.count("\n") == 1


def test_a_playlist_is_no_camera(fake, clip, desk, capsys):
    (desk / "list.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n")
    assert webcam("--camera", "list.m3u8", "--style", "style.png", "--headless", "--frames", 1) == 2
    assert "list.m3u8" in capsys.readouterr().err


def test_mailbox_that_stays_empty():
    assert Mailbox().take(0.0) is None


def test_every_key_is_in_the_help():
    assert len({key for keys in KEYS.values() for key in keys}) == sum(map(len, KEYS.values()))
    named = {part.partition(":")[0] for part in HELP}
    assert named == {pygame.key.name(keys[0]) for keys in KEYS.values()} - {"right", "left", "up", "down"} | {"arrows"}


def shown(window):
    """The window's pixels, (H, W, 3)."""
    return pygame.surfarray.array3d(window.window.get_surface()).swapaxes(0, 1)


RANDOM = np.random.default_rng(0).integers(1, 256, (480, 640, 3), dtype=np.uint8)


def test_window_takes_the_size_of_the_first_picture():
    with Window() as window:
        window.show(None, Words(("starting the camera…",)))
        assert shown(window).any()
        window.show(RANDOM, Words())
        assert (shown(window) == RANDOM).all()
        window.show(RANDOM, Words(("30 fps",)))
        assert (shown(window) != RANDOM).any()
        window.show(RANDOM[:240], Words())
        assert shown(window).shape == RANDOM.shape  # later ones do not make it jump


@pytest.mark.parametrize(
    ("size", "left", "top"), [((1000, 480), 180, 0), ((640, 600), 0, 60), ((320, 480), 0, 120), ((960, 240), 320, 0)]
)
def test_bars_are_black_and_the_picture_is_not_squeezed(size, left, top):
    with Window() as window:
        window.show(RANDOM, Words())
        window.window.size = size
        window.show(RANDOM, Words())
        pixels = shown(window)
        inside = np.zeros(pixels.shape[:2], bool)
        inside[top : size[1] - top, left : size[0] - left] = True
        assert (pixels[~inside] == 0).all()
        assert (pixels[inside] > 0).any(1).all()
        width, height = size[0] - 2 * left, size[1] - 2 * top
        assert width / height == 4 / 3


def test_a_window_that_was_resized_keeps_its_size():
    with Window() as window:
        window.show(None, Words())
        window.window.size = (500, 500)
        window.show(RANDOM, Words())
        assert shown(window).shape == (500, 500, 3)


def test_full_screen_and_back():
    with Window() as window:
        window.show(RANDOM, Words())
        window.window.size = (700, 500)
        window.toggle_full_screen()
        window.show(RANDOM, Words())
        screen = pygame.display.get_desktop_sizes()[0]
        assert shown(window).shape[:2] == screen[::-1]
        window.toggle_full_screen()
        window.show(RANDOM, Words())
        assert shown(window).shape == (500, 700, 3)


def test_escape_leaves_full_screen_before_it_quits(monkeypatch):
    with Window() as window:
        press(monkeypatch, "ESCAPE", "ESCAPE")
        window.toggle_full_screen()
        assert window.actions() == ["full screen"]
        window.toggle_full_screen()
        assert window.actions() == ["quit"]


def text_height(pixels):
    return int((pixels > 0).any((1, 2)).sum())


@pytest.mark.parametrize(("size", "rows"), [((1920, 1080), 1), ((1280, 720), 1), ((640, 480), 1), ((240, 320), 4)])
def test_help_fits_the_window(size, rows):
    """In one line where it is wide enough; what is drawn ends before the edges."""
    with Window() as window:
        window.window.size = size
        window.show(None, Words(bottom=HELP))
        pixels = shown(window)
        assert not pixels[:, 0].any()
        assert not pixels[:, -1].any()
        heights = np.diff(np.flatnonzero(np.diff((pixels > 0).any((1, 2)).astype(int), prepend=0, append=0)))[::2]
        assert len(heights) >= rows
        assert (len(heights) == 1) == (rows == 1)


def test_text_grows_with_the_window():
    heights = []
    with Window() as window:
        for size in ((640, 480), (1920, 1080), (3840, 2160)):
            window.window.size = size
            window.show(None, Words(("H",)))
            heights.append(text_height(shown(window)))
    assert heights[0] >= 12
    assert heights[1] >= 1.8 * heights[0]
    assert heights[2] >= 1.8 * heights[1]


def session(names=("a", "b", "c"), **options):
    return Session(Controls(), list(names), **options)


PAINTED = Painted(Shot(np.zeros((4, 6, 3), np.uint8), 0.0), np.full((4, 6, 3), 9, np.uint8), 0.01)


def test_keys_change_the_controls():
    sitting = session()
    for action, expected in [("next style", 1), ("previous style", 0), ("previous style", 2), ("next style", 0)]:
        assert sitting.act(action)
        assert sitting.controls.style == expected
    for _ in range(3):
        sitting.act("weaker")
    assert sitting.controls.settings.strength == 0.7
    for _ in range(9):
        sitting.act("stronger")
    assert sitting.controls.settings.strength == 1
    sitting.act("keep colours")
    assert sitting.controls.settings == StyleSettings(1.0, preserve_color=True)
    assert not sitting.act("quit")


def test_recording_is_finished_when_the_camera_is_lost(tmp_path):
    sitting = session(folder=tmp_path)
    sitting.act("record")
    assert sitting.recording is None  # there is nothing to record yet
    sitting.show(PAINTED)
    sitting.act("record")
    assert not list(tmp_path.glob("*.mp4"))  # it appears whole
    camera = SimpleNamespace(shots=Mailbox())
    camera.shots.close(ValueError("gone"))
    with pytest.raises(ValueError, match="gone"):
        sitting.run(camera, lambda: Painter(Level(), [RANDOM], Controls()))
    assert len(frames_of(next(tmp_path.glob("*.mp4")))) == 1


class Level:
    """Paints everything in one grey level, that of its style."""

    def prepare_style(self, image, *, stroke_size=512):
        return int(image[0, 0, 0])

    def stylize(self, content, style, settings, **_):
        return np.full_like(content, style)


def test_styles_fade_into_each_other(monkeypatch):
    controls, now = Controls(), [0.0]
    monkeypatch.setattr("apps.webcam.live.time", SimpleNamespace(perf_counter=lambda: now[0]))
    painter = Painter(Level(), [np.full((4, 4, 3), level, np.uint8) for level in (0, 200)], controls)
    rgb = np.zeros((2, 2, 3), np.uint8)
    assert painter.paint(rgb).max() == 0
    painter.prepare(1).result()
    controls.style, seen = 1, []
    for now[0] in (1.0, 1.15, 1.3, 1.45, 1.6, 9.0):
        seen.append(int(painter.paint(rgb)[0, 0, 0]))
    assert seen == [0, 50, 100, 150, 200, 200]


def test_a_film_that_is_shown_again_and_again_leaves_no_frames(tmp_path):
    make_clip(tmp_path / "short.mp4", np.zeros((4, 32, 48, 3), np.uint8))
    gc.disable()  # as good as in a long run, where what has lived for a while is hardly ever looked at
    try:
        before = frames_held()
        with cameras.Camera(str(tmp_path / "short.mp4"), 480, print) as camera:
            wait_until(lambda: camera.captured > 40)  # ten rounds
        assert frames_held() <= before + 4
    finally:
        gc.enable()


def frames_held():
    return sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())


def test_mailbox_keeps_the_newest():
    box = Mailbox()
    for n in range(3):
        box.put(n)
    assert box.take() == 2
    threading.Timer(0.05, box.put, [7]).start()
    assert box.take() == 7
    box.close()
    with pytest.raises(ClosedError):
        box.take()


def test_meter(monkeypatch):
    meter, now = Meter(), [0.0]
    monkeypatch.setattr("apps.webcam.live.time", SimpleNamespace(perf_counter=lambda: now[0]))
    for n in range(11):
        now[0] = n * 0.1
        meter.count(Painted(Shot(PAINTED.rgb, now[0] - 0.05), PAINTED.rgb, 0.02))
    report = meter.report()
    assert (report["frames"], report["fps"], report["seconds"]) == (11, 10.0, 1.0)
    assert report["latency_ms"] == {"p50": 50.0, "p95": 50.0, "p99": 50.0, "max": 50.0}
    assert meter.line == "10 fps  50 ms"


def test_meter_keeps_no_more_than_the_last_frames(monkeypatch):
    monkeypatch.setattr("apps.webcam.live.REMEMBERED", 3)
    meter, now = Meter(), [0.0]
    monkeypatch.setattr("apps.webcam.live.time", SimpleNamespace(perf_counter=lambda: now[0]))
    for n in range(21):
        now[0] = n * 0.1
        meter.count(Painted(Shot(PAINTED.rgb, now[0] - n / 100), PAINTED.rgb, 0.02))
    assert [len(times) for times in (meter.shown, meter.latency, meter.paint)] == [3, 3, 3]
    report = meter.report()
    assert (report["frames"], report["fps"], report["seconds"]) == (21, 10.0, 2.0)
    assert report["latency_ms"]["p50"] == 190


class Unplugged:
    """A camera that opens `opens` times, and gives two pictures each time."""

    opens = 0

    def __init__(self, source):
        Unplugged.opens -= 1
        self.pictures = 2

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return Unplugged.opens >= 0

    def read(self):
        self.pictures -= 1
        time.sleep(0.01)
        return self.pictures >= 0, np.zeros((480, 640, 3), np.uint8)

    def set(self, *_):
        pass

    get = release = set


@pytest.mark.parametrize("opens", [0, 2])
def test_lost_camera_is_tried_again_then_given_up(opens, fake, desk, monkeypatch, capsys):
    monkeypatch.setattr(Unplugged, "opens", opens)
    monkeypatch.setattr(cameras.cv2, "VideoCapture", Unplugged)
    assert webcam("--style", "style.png", "--headless", "--frames", 100) == 2
    *told, last = capsys.readouterr().err.splitlines()
    assert sum("gives no pictures any more; trying again" in line for line in told) == opens
    assert sum("does not open; trying again" in line for line in told) == cameras.ATTEMPTS - 1
    assert last.startswith("artnet: error: camera 0 cannot be opened: plug it in")


@pytest.mark.parametrize(
    ("devices", "camera", "message"),
    [
        ([], "0", "there is no camera here; plug one in, or give a video file"),
        (["video0", "video2", "video10"], "1", "there is no camera 1, but 0 and 2 and 10: choose with --camera"),
        (["video0"], "7", "there is no camera 7, but 0: choose with --camera"),
    ],
)
def test_a_missing_camera_is_said_at_once(devices, camera, message, fake, desk, one_camera, monkeypatch, capsys):
    (one_camera / "video0").unlink()
    for name in devices:
        (one_camera / name).touch()
    monkeypatch.setattr(Unplugged, "opens", 0)
    monkeypatch.setattr(cameras.cv2, "VideoCapture", Unplugged)
    monkeypatch.setattr(cameras.sys, "platform", "linux")
    assert webcam("--style", "style.png", "--headless", "--frames", 1, "--camera", camera) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("size", "asked"), [(480, [(640, 480)]), (720, ["MJPG", (1280, 720)]), (1080, ["MJPG", (1920, 1080)])]
)
def test_cameras_are_asked_for_the_size(size, asked, fake, desk, monkeypatch):
    calls = {}
    monkeypatch.setattr(Silent, "set", lambda self, name, value: calls.__setitem__(name, value))
    monkeypatch.setattr(cameras.cv2, "VideoCapture", Silent)
    monkeypatch.setattr(cameras, "LEAVE", 0.01)
    cv2, leave = cameras.cv2, SimpleNamespace(type=pygame.QUIT)
    monkeypatch.setattr(pygame.event, "get", lambda: [leave] if cv2.CAP_PROP_FRAME_HEIGHT in calls else [])
    assert webcam("--style", "style.png", "--size", size) == 0
    found = [(calls.pop(cv2.CAP_PROP_FRAME_WIDTH), calls.pop(cv2.CAP_PROP_FRAME_HEIGHT))]
    if cv2.CAP_PROP_FOURCC in calls:
        found.insert(0, int(calls.pop(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode())
    assert found == asked
    assert not calls


def test_large_pictures_are_scaled_down(desk):
    clip = make_clip(desk / "clip.mp4", moving_frames(3, 96, 128))
    with Camera(str(clip), 48, print) as camera:
        assert camera.shots.take().rgb.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--camera", "gone.mp4"], "gone.mp4 does not exist; give a camera's number"),
        (["--camera", "photo.txt"], "photo.txt is not a video that can be read"),
        (["--camera", "clip.mp4", "--style", "gone.png"], "gone.png does not exist"),
        (["--size", "9"], "'9' is not a whole number from 64 to 2160"),
    ],
)
def test_bad_input_is_one_line(arguments, message, fake, clip, desk, capsys):
    (desk / "photo.txt").write_text("Dear Sir or Madam")
    assert webcam("--headless", "--frames", 1, *arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_web_serves_the_painting(fake, clip, desk, free_port, monkeypatch, capsys):
    port, seen, show = free_port(), [], Session.show

    def look(self, painted):
        show(self, painted)
        with urlopen(f"http://127.0.0.1:{port}/snapshot.jpg") as answer:
            seen.append((Image.open(answer).convert("RGB"), painted.rgb))

    monkeypatch.setattr(Session, "show", look)
    assert webcam("--camera", clip, "--style", "style.png", "--headless", "--frames", 2, "--web", port) == 0
    assert f"the painting is on http://127.0.0.1:{port}/" in capsys.readouterr().err
    for picture, painted in seen:
        assert np.abs(np.asarray(picture).astype(int) - painted).mean() < 6
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{port}/")


def test_web_port_in_use_is_one_line(fake, clip, desk, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert webcam("--camera", clip, "--style", "style.png", "--headless", "--web", port) == 2
    err = capsys.readouterr().err
    assert f"port {port} cannot be had" in err
    assert err.count("\n") == 1


def test_the_window_is_a_mirror_and_nothing_else_is(tmp_path):
    left, painting = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)
    left[:, :3], painting[:, :3] = 10, 20
    window, screen = SimpleNamespace(show=lambda rgb, words: window.seen.append(rgb), seen=[]), []
    sitting = session(window=window, screens=[SimpleNamespace(show=screen.append)], folder=tmp_path, mirrored=True)
    sitting.show(Painted(Shot(left, 0.0), painting, 0.01))
    sitting.act("side by side")
    sitting.act("snapshot")
    sitting.show(Painted(Shot(left, 0.0), painting, 0.01))
    sitting.act("mirror")
    sitting.show(Painted(Shot(left, 0.0), painting, 0.01))
    assert [rgb[0, :, 0].tolist() for rgb in window.seen] == [
        [0, 0, 0, 20, 20, 20],
        [0, 0, 0, 10, 10, 10, 0, 0, 0, 20, 20, 20],
        [10, 10, 10, 0, 0, 0, 20, 20, 20, 0, 0, 0],
    ]
    assert all((rgb == painting).all() for rgb in screen)
    with Image.open(next(tmp_path.glob("*.png"))) as snapshot:
        assert (np.asarray(snapshot) == np.hstack([left, painting])).all()


@pytest.mark.parametrize(("source", "mirrored"), [("clip", False), ("0", True)])
def test_a_film_is_no_mirror(source, mirrored, fake, clip, desk, monkeypatch):
    made = []
    monkeypatch.setattr(cameras.cv2, "VideoCapture", Silent)
    monkeypatch.setattr(cameras, "LEAVE", 0.01)
    monkeypatch.setattr(Session, "run", lambda self, *_: made.append(self.mirrored))
    source = clip if source == "clip" else source
    assert webcam("--camera", source, "--style", "style.png", "--headless", "--frames", 1) == 0
    assert made == [mirrored]


def test_help_is_shown_at_first_and_on_h(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("apps.webcam.session.time", SimpleNamespace(perf_counter=lambda: now[0]))
    sitting = session()
    sitting.show(PAINTED)
    assert sitting.words().bottom == HELP
    now[0] += 9
    assert sitting.words() == Words()
    sitting.act("help")
    assert sitting.words().bottom == HELP
    now[0] += 900
    assert sitting.words().bottom == HELP
    sitting.act("help")
    assert sitting.words() == Words()
    sitting.act("next style")
    assert sitting.words().top == ("b, strength 1.0",)
    now[0] += 4
    assert sitting.words() == Words()


def test_the_window_says_what_is_awaited(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("apps.webcam.session.time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr("apps.webcam.live.time", SimpleNamespace(perf_counter=lambda: now[0]))
    sitting, camera = session(), SimpleNamespace(captured=0, trouble="")
    said = [sitting.words(camera).top]
    camera.captured = 1
    said.append(sitting.words(camera).top)
    camera.trouble = "camera 0 does not open; trying again (1 of 5)"
    said.append(sitting.words(camera).top)
    assert said == [("starting the camera…",), ("loading the network…",), (camera.trouble,)]
    sitting.show(PAINTED)
    sitting.act("help")
    assert sitting.words(camera).top == ()
    now[0] += 2
    assert sitting.words(camera).top == (camera.trouble,)
    camera.trouble = ""
    assert sitting.words(camera).top == ("waiting for the camera…",)


def test_virtual_camera(fake, clip, desk, monkeypatch, capsys):
    sent = []

    class Driver:
        def __init__(self, **options):
            sent.append(options)

        def send(self, rgb):
            sent.append(rgb)

        def close(self):
            sent.append("closed")

    monkeypatch.setitem(sys.modules, "pyvirtualcam", SimpleNamespace(Camera=Driver))
    options = ["--style", "style.png", "--headless", "--frames", 2]
    assert webcam("--camera", clip, *options, "--virtual-camera", "OBS") == 0
    assert (sent[0]["width"], sent[0]["height"], sent[0]["device"]) == (64, 48, "OBS")
    assert [getattr(item, "shape", item) for item in sent[1:]] == [(48, 64, 3), (48, 64, 3), "closed"]


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (None, "pip install 'artnet[virtualcam]'"),
        (SimpleNamespace(Camera=lambda **_: (_ for _ in ()).throw(RuntimeError("no driver"))), "no virtual camera"),
    ],
)
def test_virtual_camera_says_what_to_install(module, message, fake, clip, desk, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    assert webcam("--camera", clip, "--style", "style.png", "--headless", "--virtual-camera") == 2
    assert message in capsys.readouterr().err
