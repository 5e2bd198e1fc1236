"""The page's server, asked through its API and by hand; tests/apps/web/test_page.py looks at it in a browser."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

gr = pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

from gradio_client import Client, handle_file  # noqa: E402
from helpers.clips import audio_packets, frames_of, make_clip, moving_frames  # noqa: E402

from apps import samples  # noqa: E402
from apps.web.command import EPILOG, credentials  # noqa: E402
from apps.web.painting import paint_photo  # noqa: E402
from apps.web.shared_stylizer import SharedStylizer, Wish  # noqa: E402
from apps.web.uploads import read_mask, read_upload, told  # noqa: E402
from artnet.image import read_picture  # noqa: E402
from artnet.settings import StyleSettings  # noqa: E402

PAGE = Path(__file__).parents[3] / "docs" / "python-api.md"
STYLE = ((str(samples.style("wave-print")), 1.0),)


@pytest.fixture(scope="session")
def client(server):
    return Client(server, verbose=False, analytics_enabled=False)


def expected(stylizer, path, style, strength=1.0):
    prepared = stylizer.prepare_style(samples.style(style))
    return stylizer.stylize(read_picture(path).rgb, prepared, StyleSettings(strength))


def rgb_of(path):
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.open(samples.photo()).resize((96, 64)).save(path)
    return path


def test_stylize(client, stylizer, photo):
    result = client.predict(handle_file(photo), style_name="wave-print", strength=0.5, api_name="/stylize")
    assert result.endswith(".png")
    assert (rgb_of(result) == expected(stylizer, photo, "wave-print", 0.5)).all()


def test_stylize_with_an_own_style_as_jpeg(client, stylizer, photo):
    style = handle_file(samples.style("ink-gorge"))
    result = client.predict(handle_file(photo), style, preserve_color=True, format="jpg", api_name="/stylize")
    assert Image.open(result).format == "JPEG"
    assert Image.open(result).size == (96, 64)


def test_video(client, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", moving_frames(5), audio="aac")
    result = client.predict(handle_file(clip), size=32, api_name="/stylize_video")
    assert [rgb.shape for _, rgb in frames_of(result)] == [(32, 44, 3)] * 5
    assert audio_packets(result) == audio_packets(clip)


def test_endpoints_are_named_and_documented(client):
    api = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(api) == {"/styles", "/stylize", "/stylize_video"}
    names = [parameter["parameter_name"] for parameter in api["/stylize"]["parameters"]]
    assert names == ["photo", "style", "style_name", "strength", "stroke_size", "preserve_color", "format"]
    assert "stroke_size: short side in pixels" in str(api["/stylize"])


def examples():
    """The example of `artnet serve --help`, and that of the documentation."""
    blocks = [block.split("```")[0] for block in PAGE.read_text().split("```python\n")[1:]]
    yield "\n".join(line[4:] for line in EPILOG.splitlines() if line.startswith("    "))
    yield from (block for block in blocks if "gradio_client" in block)


@pytest.mark.parametrize("code", list(examples()))
def test_documented_examples(code, server, photo, monkeypatch, capsys):
    monkeypatch.chdir(photo.parent)
    exec(code.replace("http://127.0.0.1:7860", server), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith(".png")
    assert Image.open(lines[-1]).size == (96, 64)
    assert str(list(samples.styles())) in lines


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (b"Dear Sir or Madam", {}, "this photo is not a picture that can be read"),
        (b"", {}, "this photo is empty"),
        (None, {"strength": 2}, "strength must be between 0 and 1"),
        (None, {"stroke_size": 3}, "stroke size must be between 16 and 1024 pixels, got 3"),
        (None, {"style_name": "monet"}, "monet"),
    ],
)
def test_bad_requests_say_why(data, options, message, client, photo):
    if data is not None:
        photo.write_bytes(data)
    with pytest.raises(Exception, match=message):
        client.predict(handle_file(photo), **options, api_name="/stylize")


def test_bad_video_says_why(client, tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"Dear Sir or Madam")
    with pytest.raises(Exception, match="this video is not a video that can be read"):
        client.predict(handle_file(tmp_path / "x.mp4"), api_name="/stylize_video")


def status(address):
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path", ["/etc/passwd", "pyproject.toml", str(Path(__file__)), str(samples.photo())])
def test_no_file_is_exposed(path, server):
    assert status(f"{server}gradio_api/file={path}") in (403, 404)


def test_page_asks_no_other_server(server):
    with urllib.request.urlopen(server) as answer:
        page = answer.read().decode()
    assert "fonts.googleapis" not in page
    assert '"analytics_enabled":false' in page.replace(" ", "")


def test_auth_and_port(stylizer, serve):
    url = serve(stylizer, auth=[("ann", "secret")])
    assert status(f"{url}gradio_api/info") == 401
    with pytest.raises(ValueError, match="choose another --port"):
        serve(stylizer, port=int(url.rstrip("/").rsplit(":", 1)[1]))


def test_credentials():
    assert credentials("ann:a:b") == ("ann", "a:b")
    with pytest.raises(Exception, match="give a name and a password"):
        credentials("ann")


def test_too_many_pixels(photo):
    Image.new("1", (30_000, 30_000)).save(photo, "PNG")
    with pytest.raises(ValueError, match="this photo has 30000 x 30000 pixels; the page takes up to 52 megapixels"):
        read_upload(str(photo))
    with pytest.raises(ValueError, match="no photo yet"):
        read_upload(None)


def test_handlers_tell_errors():
    def steps():
        yield 1
        raise ValueError("a\nb")

    shown = told(steps)()
    assert next(shown) == 1
    with pytest.raises(gr.Error, match="a b"):
        next(shown)


def test_part_of_a_photo(stylizer, photo):
    shared, picture = SharedStylizer(stylizer), read_picture(photo)
    wished, mask = Wish(STYLE), np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    whole = paint_photo(shared, picture, wished)
    inside = paint_photo(shared, picture, wished, "inside", mask)
    outside = paint_photo(shared, picture, wished, "outside", mask)
    assert (inside[:, :48] == whole[:, :48]).all()
    assert (inside[:, 48:] == picture.rgb[:, 48:]).all()
    assert (outside[:, 48:] == whole[:, 48:]).all()
    two = Wish((*STYLE, (str(samples.style("ink-gorge")), 1.0)))
    both = paint_photo(shared, picture, two, "both", mask)
    assert (both[:, :48] == whole[:, :48]).all()
    assert (both[:, 48:] == paint_photo(shared, picture, Wish(two.mix[1:]))[:, 48:]).all()
    with pytest.raises(ValueError, match="two styles"):
        paint_photo(shared, picture, wished, "both", mask)
    with pytest.raises(ValueError, match="nothing is marked"):
        paint_photo(shared, picture, wished, "inside", None)


def test_mask_has_the_photos_size(tmp_path):
    layer, path = Image.new("RGBA", (48, 32)), tmp_path / "layer.png"
    layer.save(path)
    assert read_mask([str(path)], 64, 96) is None
    layer.paste((225, 29, 72, 255), (0, 0, 24, 32))
    layer.save(path)
    mask = read_mask([str(path)], 64, 96)
    assert mask.shape == (64, 96)
    assert mask[:, :40].min() > 250 > 5 > mask[:, 56:].max()


def test_prepared_styles_keep_apart(stylizer, photo):
    shared, rgb = SharedStylizer(stylizer), read_picture(photo).rgb
    first = shared.paint(rgb, Wish(STYLE))
    other = shared.paint(rgb, Wish(((str(samples.style("ink-gorge")), 1.0),)))
    assert not (first == other).all()
    assert (shared.paint(rgb, Wish(STYLE)) == first).all()
    assert (shared.paint(rgb, Wish(STYLE, StyleSettings(0.0))) != first).any()
    with pytest.raises(ValueError, match="no style is chosen"):
        shared.paint(rgb, Wish(()))


def test_frames_have_no_grain():
    settings = StyleSettings(0.5, stroke_size=256, preserve_color=True)
    assert Wish(STYLE, settings).in_motion() == Wish(STYLE, replace(settings, grain=0.0))


def test_stopping_the_command_deletes_the_cache(tiny, tmp_path, free_port):
    from artnet import save_checkpoint

    save_checkpoint(tiny, tmp_path / "net.safetensors")
    command = [sys.executable, "-m", "apps.cli", "serve", "--weights", str(tmp_path / "net.safetensors")]
    process = subprocess.Popen(
        [*command, "--port", str(free_port())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stderr.readline().startswith("artnet: starting")
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    assert list(tmp_path.glob("artnet-web-*"))
    process.terminate()
    assert process.wait(20) == 0
    assert not list(tmp_path.glob("artnet-web-*"))
    process.stdout.close()
    process.stderr.close()
