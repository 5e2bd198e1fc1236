"""A workspace with small pictures, stylizers, and servers."""

import copy
import socket
from contextlib import contextmanager

import pytest
from helpers.fake_stylizer import FakeStylizer
from PIL import Image

import apps.common.network


@pytest.fixture
def fake(monkeypatch):
    stylizer = FakeStylizer()

    def load(weights, engine, device, streams=1):
        stylizer.loaded = (weights, engine, device)
        return stylizer

    monkeypatch.setattr(apps.common.network, "load_stylizer", load)
    return stylizer


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The current folder: photo.png, second.png, style.png, and photos/ with a.jpg, b.png and deep/c.bmp."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    for name, color in {
        "photo.png": (200, 40, 90),
        "second.png": (10, 20, 30),
        "style.png": (0, 90, 200),
        "photos/a.jpg": (250, 250, 0),
        "photos/b.png": (0, 250, 0),
        "photos/deep/c.bmp": (0, 0, 250),
    }.items():
        Image.new("RGB", (24, 16), color).save(tmp_path / name)
    return tmp_path


@pytest.fixture(scope="session")
def stylizer(tiny):
    """A real one, with the tiny network."""
    from artnet.engines.torch_engine import TorchEngine
    from artnet.stylizer import Stylizer

    return Stylizer(TorchEngine(copy.deepcopy(tiny), "cpu"))


@pytest.fixture(scope="session")
def web_cache(tmp_path_factory):
    """One for all: Gradio keeps its place in the process's environment."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture
def serve(web_cache):
    """serve(stylizer, auth=, port=) -> the address of a page that is there until the test ends."""
    with _servers(web_cache) as start:
        yield start


@pytest.fixture(scope="session")
def server(stylizer, web_cache):
    """The address of a page that many tests share."""
    with _servers(web_cache) as start:
        yield start(stylizer)


@pytest.fixture
def http(server):
    """A client of the shared page, past the browser."""
    import httpx

    with httpx.Client(base_url=server, timeout=60) as client:
        yield client


@contextmanager
def _servers(cache):
    import apps.web.command
    from apps.web.options import ServeOptions

    closing = []

    def start(stylizer, auth=None, port=None):
        with pytest.MonkeyPatch.context() as patch:  # only meanwhile: a server outlives the tests that use it
            patch.setattr(apps.common.network, "load_stylizer", lambda *_: copy.copy(stylizer))
            url, close = apps.web.command.start(ServeOptions(port=port or _free_port(), auth=auth), str(cache))
        closing.append(close)
        return url

    yield start
    for close in closing:
        close()


@pytest.fixture
def free_port():
    """free_port() -> a port that nobody listens on."""
    return _free_port


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
