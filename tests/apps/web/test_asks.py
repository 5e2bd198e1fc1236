"""What the page's scripts ask for, taken apart, and the parts that answer: photos made small, newest wishes, steps."""

import threading

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

from apps import samples
from apps.web.asks import Ask, ask_of, photos_of, stem
from apps.web.assets import tile
from apps.web.clients import GoneError
from apps.web.newest import Newest
from apps.web.panel import first_value, wish
from apps.web.shared_stylizer import Wish
from apps.web.shell import DESCRIPTION, TITLE, rewritten
from apps.web.smalls import Small, Smalls
from apps.web.steps import Steps
from artnet.image import Picture
from artnet.settings import StyleSettings

WAVE = str(samples.style("wave-print"))


def test_first_wish_is_of_the_defaults():
    assert wish(first_value()) == Wish(((str(samples.style("starry-night")), 1.0),))


def test_wish_of_a_blend():
    own = {"file": {"path": "own.jpg"}, "weight": 1}
    styles = [{"name": "wave-print", "weight": 0.4}, own, {"name": "udnie", "weight": 0}]
    wanted = {"styles": styles, "strength": 0.5, "stroke_size": 256, "preserve_color": True}
    expected = StyleSettings(0.5, stroke_size=256, preserve_color=True)
    assert wish(wanted) == Wish(((WAVE, 0.4), ("own.jpg", 1.0)), expected)
    assert wish({"styles": [{"name": "wave-print", "weight": 0}]}).mix == ((WAVE, 1.0),)  # one alone is the whole


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "no style is chosen"),
        ({"styles": "wave-print"}, "no style is chosen"),
        ({"styles": ["wave-print"]}, "a style of this request is none"),
        ({"styles": [{"name": "../../etc/passwd"}]}, "no sample style"),
        ({"styles": [{"file": "/etc/passwd"}]}, "a file of this request is none"),
        ({"styles": [{"name": "udnie"}] * 5}, "up to 4 styles"),
        ({"styles": [{"name": "udnie", "weight": 2}]}, "weight must be between 0 and 1"),
        ({"styles": [{"name": "udnie"}], "strength": float("nan")}, "strength must be between 0 and 1"),
        ({"styles": [{"name": "udnie"}], "stroke_size": 5000}, "stroke size must be between 16 and 1024"),
        ({"styles": [{"name": "udnie"}], "stroke_size": "x"}, "stroke size must be between"),
    ],
)
def test_other_wishes_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        wish(value)


def test_ask():
    value = {"photo": {"sample": "cat"}, "panel": first_value(), "side": 640, "page": "a", "number": 3}
    assert ask_of(value) == Ask(str(samples.photo("cat")), wish(first_value()), side=640, page="a", number=3)
    part = ask_of(value | {"place": "inside", "mask": {"path": "mask.png"}})
    assert (part.place, part.mask) == ("inside", "mask.png")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photo": None}, "no photo yet"),
        ({"photo": {"sample": "../cat"}}, "no sample photo"),
        ({"photo": "/etc/passwd"}, "a file of this request is none"),
        ({"place": "left"}, "place must be one of"),
        ({"side": 5000}, "side must be between 320 and 1600"),
        ({"number": -1}, "number must be between"),
        ({"page": ["x"]}, "page must be a word"),
    ],
)
def test_other_asks_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        ask_of({"photo": {"sample": "cat"}, "panel": first_value()} | change)


def test_photos_of_an_archive():
    asked = {"photos": [{"sample": "cat"}, {"path": "b.jpg"}], "names": ["A/b", ""]}
    assert photos_of(asked) == [(str(samples.photo("cat")), "A_b"), ("b.jpg", "artnet")]
    for wrong in ({"photos": []}, {"photos": [{"sample": "cat"}] * 21}, {"photos": [{"sample": "cat"}], "names": []}):
        with pytest.raises(ValueError, match=r"1 to 20 photos|every photo needs a name"):
            photos_of(wrong)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Été 1-udnie+scream", "Été 1-udnie+scream"),
        ("../../x", "_.._x"),
        ("a:b\0c", "a_b_c"),
        (None, "artnet"),
        ("..", "artnet"),
        ("x" * 99, "x" * 80),
        ("\U00020000" * 80, "\U00020000" * 50),  # four bytes a letter, and names have 255 of them
        ("a" + "\U00020000" * 80, "a" + "\U00020000" * 49),
    ],
)
def test_names_of_files(name, expected):
    assert stem(name) == expected


class TestNewest:
    def test_an_older_wish_ends(self):
        newest = Newest()
        first = newest.begin("page", 1)
        first()
        newest.begin("other", 7)
        first()
        second = newest.begin("page", 2)
        with pytest.raises(GoneError):
            first()
        second()

    def test_one_that_comes_late_is_old(self):
        newest = Newest()
        newest.begin("page", 2)
        with pytest.raises(GoneError):
            newest.begin("page", 1)()


class TestSmalls:
    def test_jpegs_are_scaled_as_others(self, tmp_path):
        image = Image.open(samples.photo("bridge"))
        for suffix in ("jpg", "png"):
            image.resize((1203, 801)).save(tmp_path / f"a.{suffix}", quality=95)
        draft, whole = (Smalls().get(str(tmp_path / f"a.{suffix}"), 320) for suffix in ("jpg", "png"))
        assert draft.full == whole.full == (801, 1203)
        assert draft.picture.rgb.shape == whole.picture.rgb.shape == (213, 320, 3)
        assert np.abs(draft.picture.rgb.astype(int) - whole.picture.rgb).mean() < 4

    def test_turned_photos_are_upright(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (800, 400)).save(tmp_path / "a.jpg", exif=exif)
        small = Smalls().get(str(tmp_path / "a.jpg"), 320)
        assert small.full == (800, 400)
        assert small.picture.rgb.shape == (320, 160, 3)

    def test_read_once(self, tmp_path):
        path = tmp_path / "a.png"
        Image.new("RGB", (64, 32)).save(path)
        smalls = Smalls(most=64 * 32)
        assert smalls.get(str(path), 320) is smalls.get(str(path), 320)
        first = smalls.get(str(path), 320)
        smalls.get(str(path), 640)
        assert smalls.get(str(path), 320) is not first  # there was room for one
        path.unlink()
        with pytest.raises(ValueError, match="deleted by now"):
            smalls.get(str(path), 320)

    def test_middle(self):
        rgb = np.zeros((40, 80, 3), np.uint8)
        rgb[:, 30:50] = 255
        middle = Small(Picture(rgb), (40, 80)).middle(20)
        assert middle.shape == (20, 20, 3)
        assert middle[:, 8:12].min() > 250
        assert middle[:, :4].max() < 5


class TestSteps:
    def test_shares_then_the_result(self):
        heard, go_on = [], threading.Event()

        def work(progress):
            progress(0.5)
            assert go_on.wait(10)
            return "done"

        steps = Steps(work)
        for share in steps:
            heard.append(share)
            go_on.set()
        assert (heard, steps.result) == ([0.5], "done")

    def test_what_goes_wrong_is_raised(self):
        def work(progress):
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            list(Steps(work))


GRADIO = b"""<html><head><meta charset="utf-8"/><meta property="og:title" content="Gradio" />
<meta name="twitter:creator" content="@Gradio" />
<link rel="manifest" href="/manifest.json" /></head><body></body></html>"""


def test_the_page_describes_itself():
    page = rewritten(GRADIO, "http://painter.local:7860/").decode()
    assert "Gradio" not in page
    assert "manifest" not in page
    assert f"<title>{TITLE}</title>" in page
    assert f'<meta property="og:description" content="{DESCRIPTION}">' in page
    assert '<meta property="og:image" content="http://painter.local:7860/static/artnet/example.jpg">' in page
    assert page.index("photo.css") < page.index("</head>")
    assert rewritten(b"no page", "") == b"no page"


def test_tiles_of_samples():
    for kind, names in {"styles": samples.styles(), "photos": samples.PHOTOS}.items():
        for name in names:
            assert tile(kind, name).startswith(b"\xff\xd8")
    with pytest.raises(ValueError, match="no sample style"):
        tile("styles", "cat")
    with pytest.raises(ValueError, match="no kind of sample"):
        tile("secrets", "cat")
