"""/local of `artnet serve`: the middleware before a page that knows who has logged in."""

import pytest
from helpers.tiny import noise_picture
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("httpx", reason="Starlette's test client needs it")

from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from apps.local import HEADERS
from apps.local.folder import write_page
from apps.web.hosts import Hosts
from apps.web.local import LocalPage
from artnet.model.checkpoint import save_checkpoint


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    """A page, written before it is asked for."""
    place = tmp_path_factory.mktemp("local")
    save_checkpoint(tiny, place / "tiny.safetensors")
    Image.fromarray(noise_picture(64, 64)).save(place / "style.png")
    (place / "secret.txt").write_text("secret")
    write_page(place / "page", place / "tiny.safetensors", [place / "style.png"])
    return place / "page"


def client_of(folder, *, welcome=True, host="localhost", weights="none"):
    async def behind(scope, receive, send):
        asks_who = scope["path"] == "/gradio_api/login_check"
        answer = PlainTextResponse("behind", 401 if asks_who and not welcome else 200 if asks_who else 418)
        await answer(scope, receive, send)

    page = LocalPage(behind, Hosts("127.0.0.1"), folder, str(weights))
    return TestClient(page, base_url=f"http://{host}", follow_redirects=False)


def test_the_page_and_its_headers(folder):
    client = client_of(folder)
    assert client.get("/local").headers["location"] == "/local/"
    for path, kind in (("", "text/html"), ("js/app.js", "javascript"), ("runtime/tfjs-backend-wasm-simd.wasm", "wasm")):
        answer = client.get(f"/local/{path}")
        assert answer.status_code == 200
        assert kind in answer.headers["content-type"]
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert client.get("/local/artnet.safetensors").content == (folder / "artnet.safetensors").read_bytes()


@pytest.mark.parametrize(
    "path", ["/local/no.js", "/local/../secret.txt", "/local/%2e%2e/secret.txt", "/local//etc/passwd"]
)
def test_nothing_else_is_served(folder, path):
    answer = client_of(folder).get(path)
    assert answer.status_code in (404, 418)
    assert "secret" not in answer.text


def test_other_paths_methods_and_hosts_go_on_to_the_gate(folder):
    assert client_of(folder).get("/").status_code == 418
    assert client_of(folder).get("/locality").status_code == 418
    assert client_of(folder).post("/local/").status_code == 418
    assert client_of(folder, host="elsewhere.example").get("/local/").status_code == 418
    assert client_of(folder).get("/local/", headers={"x-forwarded-host": "elsewhere.example"}).status_code == 418


def test_visitors_who_are_not_logged_in_are_sent_to_the_login(folder):
    client = client_of(folder, welcome=False)
    for path in ("/local", "/local/"):
        assert client.get(path).headers["location"] == "/"
    assert client.get("/local/page.json").status_code == 401


def test_the_page_is_written_when_it_is_first_asked_for(folder, tmp_path):
    client = client_of(tmp_path / "local", weights=folder.parent / "tiny.safetensors")
    assert not (tmp_path / "local").exists()
    assert client.get("/local/").text == (folder / "index.html").read_text()
    assert (tmp_path / "local" / "files.js").is_file()
