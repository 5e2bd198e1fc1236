"""What the page's scripts call, over HTTP; and the page's own files."""

import json
import zipfile
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

from helpers.web_requests import upload

from apps import samples
from artnet.image import read_picture, write_picture

PANEL = {"styles": [{"name": "wave-print"}], "strength": 1, "stroke_size": 64, "preserve_color": False}


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.open(samples.photo("cat")).resize((96, 64)).save(path)
    return path


def run(http, name, value):
    answer = http.post(f"/gradio_api/run/page_{name}", json={"data": [value]})
    return answer.json()["data"][0] if answer.status_code == 200 else answer.json()["error"]


def job(http, name, value):
    """[said, file] of the end of a job, and what it said before."""
    event = http.post(f"/gradio_api/call/page_{name}", json={"data": [value]}).json()["event_id"]
    text = http.get(f"/gradio_api/call/page_{name}/{event}").text
    said = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    return said[-1], said[:-1]


def picture(inline):
    return np.array(Image.open(BytesIO(b64decode(inline.partition(",")[2]))))


def painted(stylizer, path, size=64):
    style = stylizer.prepare_style(samples.style("wave-print"), stroke_size=size)
    return stylizer.stylize(read_picture(path).rgb, style)


def test_preview(http, stylizer, photo):
    said = run(http, "preview", {"photo": upload(http, photo), "panel": PANEL, "before": True})
    assert said["full"] == [96, 64]
    assert np.abs(picture(said["image"]).astype(int) - painted(stylizer, photo)).mean() < 6
    assert np.abs(picture(said["before"]).astype(int) - read_picture(photo).rgb).mean() < 3


def test_preview_of_a_sample_is_made_small(http):
    said = run(http, "preview", {"photo": {"sample": "bridge"}, "panel": PANEL, "side": 320})
    assert max(said["full"]) == 1200
    assert max(picture(said["image"]).shape) == 320
    assert "before" not in said


def test_preview_of_a_part(http, photo):
    mask = photo.with_name("mask.png")
    layer = Image.new("RGBA", (48, 32))
    layer.paste((217, 84, 30, 255), (0, 0, 24, 32))
    layer.save(mask)
    ask = {"photo": upload(http, photo), "panel": PANEL, "place": "inside", "mask": upload(http, mask)}
    changed = np.abs(picture(run(http, "preview", ask)["image"]).astype(int) - read_picture(photo).rgb).mean(axis=2)
    assert changed[:, 60:].mean() < 4 < changed[:, :40].mean()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"Dear Sir or Madam", "this photo is not a picture that can be read"), (b"", "this photo is empty")],
)
def test_bad_photos_say_why(content, message, http, photo):
    photo.write_bytes(content)
    assert message in run(http, "preview", {"photo": upload(http, photo), "panel": PANEL})


@pytest.mark.parametrize("name", ["preview", "tiles", "style", "save", "zip"])
def test_only_uploads_are_opened(name, http, photo):
    file = {"path": str(photo), "meta": {"_type": "gradio.FileData"}}
    ask = {"photo": file, "photos": [file], "names": ["x"], "panel": PANEL, "styles": [{"name": "udnie"}], **file}
    for way in ("run", "call"):
        answer = http.post(f"/gradio_api/{way}/page_{name}", json={"data": [ask]})
        assert answer.status_code == 422
        assert "was not uploaded here" in answer.json()["error"]


@pytest.mark.parametrize(
    "name", ["preview", "tiles", "style", "alive", "save", "zip", "video", "video_still", "live_open", "live_change"]
)
@pytest.mark.parametrize("value", [None, 5, "x"])
def test_requests_of_another_kind(value, name, http, caplog):
    said = job(http, name, value)[0]["error"]
    assert "must be" in said or "a file of this request is none" in said
    assert not caplog.records  # the fault is the client's: nothing for the server's log


@pytest.mark.parametrize("size", [[], {}, 360.0, True, None])
def test_sizes_of_another_kind(size, http, photo, caplog):
    said = job(http, "video", {"video": upload(http, photo), "panel": PANEL, "size": size})[0]["error"]
    assert said.startswith("size must be one of 360, 480, 720, 1080")
    assert not caplog.records


def test_tiles(http, photo):
    ask = {"photo": upload(http, photo), "styles": [{"name": "udnie"}, {"file": upload(http, photo)}], "page": "a"}
    images = run(http, "tiles", ask | {"number": 2, "side": 64})["images"]
    assert [picture(image).shape for image in images] == [(64, 64, 3)] * 2
    assert not (picture(images[0]) == picture(images[1])).all()
    assert run(http, "tiles", ask | {"number": 1}) == {"images": []}  # the page wants something else by now
    assert "1 to 6 styles" in run(http, "tiles", ask | {"styles": [{"name": "udnie"}] * 7})


def test_own_style(http, photo):
    assert picture(run(http, "style", upload(http, photo))["image"]).shape == (224, 224, 3)
    photo.write_bytes(b"no picture")
    assert "this style is not a picture" in run(http, "style", upload(http, photo))


def test_files_stay_while_the_page_is_open(http, photo):
    assert run(http, "alive", [upload(http, photo)]) == {}


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_saved_as_the_library_writes_it(kind, http, stylizer, photo, tmp_path):
    (said, file), before = job(
        http, "save", {"photo": upload(http, photo), "panel": PANEL, "format": kind, "name": "photo-wave"}
    )
    assert before[0] == [{"share": 0.0}, None]
    assert said == {"share": 1.0}
    assert file["orig_name"] == f"photo-wave.{kind}"
    expected = tmp_path / f"expected.{kind}"
    write_picture(expected, painted(stylizer, photo), like=read_picture(photo))
    assert http.get(f"/gradio_api/file={file['path']}").content == expected.read_bytes()


def test_several_photos_in_one_archive(http, photo):
    bad = photo.with_name("bad.jpg")
    bad.write_bytes(b"no picture")
    files = [upload(http, photo), upload(http, bad), upload(http, photo)]
    (said, file), _ = job(http, "zip", {"photos": files, "names": ["a", "b", "a"], "panel": PANEL, "name": "photos"})
    assert said["failed"] == ["b: this photo is not a picture that can be read " + said["failed"][0].split("read ")[1]]
    content = http.get(f"/gradio_api/file={file['path']}").content
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.namelist() == ["a.jpg", "a-2.jpg"]
        assert Image.open(archive.open("a.jpg")).size == (96, 64)


def test_an_archive_of_nothing_says_why(http, photo):
    photo.write_bytes(b"no picture")
    said, _ = job(http, "zip", {"photos": [upload(http, photo)], "names": ["a"], "panel": PANEL})
    assert "a: this photo is not a picture" in said["error"]


def test_own_files_are_served(http):
    kinds = {"photo.js": "javascript", "page.css": "css", "icon.svg": "svg", "photos/bee.jpg": "jpeg",
             "tiles/styles/udnie.jpg": "jpeg"}  # fmt: skip
    for name, kind in kinds.items():
        answer = http.get(f"/static/artnet/{name}")
        assert (answer.status_code, kind in answer.headers["content-type"]) == (200, True)
    for name in ("../page.py", "%2e%2e/page.py", "tiles/styles/x.jpg", "photos/x.jpg", "nothing.js"):
        assert http.get(f"/static/artnet/{name}").status_code == 404


def test_the_page_comes_with_its_own_head(http):
    answer = http.get("/")
    assert "<title>ArtNet: your photo as a painting</title>" in answer.text
    assert "og:image" in answer.text
    assert 'content="Gradio"' not in answer.text
    assert http.head("/").status_code == 200
