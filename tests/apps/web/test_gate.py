"""What stands before the page: hostile requests over HTTP, each refused in words that name no path of the server."""

import asyncio
import json
import os
import re
import socket
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

import httpx
from gradio_client import Client, handle_file
from helpers.clips import make_clip
from helpers.waiting import wait_until
from helpers.web_requests import META, OPTIONS, call, stylize, upload
from starlette.requests import ClientDisconnect

from apps import samples
from apps.web.bodies import MAX_BYTES, BodyError, check_files, parsed
from apps.web.gate import Gate
from apps.web.hosts import Hosts
from apps.web.logins import FREE, LONGEST, Logins
from apps.web.multipart import UploadCheck, UploadError


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((32, 48, 3), 90, np.uint8)).save(path)
    return path


def in_words(message):
    """Whether a message is a sentence without a path."""
    return isinstance(message, str) and " " in message and not re.search(r"(?<![\w:/])/\w+/", message)


def test_photo_and_its_result_over_http(http, photo):
    made = stylize(http, upload(http, photo))
    assert http.get(f"/gradio_api/file={made[0]['path']}").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1", "localhost.evil.example:80"]
)
def test_other_hosts_are_refused(host, http):
    for path in ("/", "/config", "/gradio_api/info"):
        assert http.get(path, headers={"host": host}).status_code == 421
    assert http.get("/config", headers={"x-forwarded-host": host or "x"}).status_code == 421


@pytest.mark.parametrize("path", ["/", "/config", "/nothing", "/static/artnet/page.css", "/local/"])
def test_other_hosts_pages_cannot_show_it_within_theirs(path, http):
    headers = http.get(path).headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert len(headers.get_list("content-security-policy")) == 1


def test_a_broken_photo_is_refused_and_no_failure_of_the_server(http, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    ask = {"photo": upload(http, tmp_path / "broken.png"), "panel": {"styles": [{"name": "great-wave", "weight": 1}]}}
    answer = http.post("/gradio_api/run/page_preview", json={"data": [ask]})
    assert answer.status_code == 422
    assert in_words(answer.json()["error"])


def test_own_hosts_are_served(http, server):
    port = server.rstrip("/").rpartition(":")[2]
    for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert http.get("/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "more", "status"),
    [
        ("http://evil.example", {}, 403),
        ("http://127.0.0.1.evil.example", {}, 403),
        ("http://10.0.0.1", {"sec-fetch-site": "cross-site"}, 403),
        ("null", {}, 403),
        ("http://localhost:3000", {"sec-fetch-site": "cross-site"}, 200),  # a page of this machine
        ("null", {"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_pages_of_other_hosts_send_nothing(origin, more, status, http, photo):
    headers = {"origin": origin, **more}
    with open(photo, "rb") as file:  # a form, which browsers send without asking first
        assert http.post("/gradio_api/upload", files={"files": file}, headers=headers).status_code == status
    if status == 403:
        assert http.post("/live/leave", headers=headers).status_code == 403
        assert http.post("/login", data={"username": "a", "password": "b"}, headers=headers).status_code == 403


def test_origins_of_a_server_for_others():
    house = Hosts("0.0.0.0", ["Art.example"])
    assert house.is_foreign({"host": "192.168.1.5:7860", "origin": "http://1.2.3.4"})
    own = ["http://192.168.1.5:7860", "https://art.example", "http://[::1]:7860"]
    assert not any(house.is_foreign({"host": "192.168.1.5:7860", "origin": origin}) for origin in own)
    assert not house.is_foreign({"host": "192.168.1.5:7860"})  # no browser


def test_who_leaves_while_sending_is_no_fault(caplog):
    async def broken_off(scope, receive, send):
        raise ClientDisconnect

    sent = []
    scope = {"type": "http", "method": "GET", "path": "/config", "headers": [(b"host", b"localhost")]}
    asyncio.run(Gate(broken_off, SimpleNamespace(hosts=Hosts("localhost")))(scope, None, sent.append))
    assert sent == []
    assert not caplog.records


HALF = (
    "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    '--b\r\nContent-Disposition: form-data; name="files"; filename="half.jpg"\r\n\r\n' + 1000 * "a"
)


@pytest.mark.parametrize("end", ["", 20 * '\r\n--b\r\nContent-Disposition: form-data; name="more"\r\n\r\n1'])
def test_nothing_stays_of_uploads_that_are_broken_off_or_refused(end, http, web_cache, caplog):
    with socket.create_connection((http.base_url.host, http.base_url.port), timeout=20) as link:
        link.sendall(HALF.encode())
        wait_until(lambda: parts_of_uploads(web_cache))
        if end:
            link.sendall(end.encode())
            answer = link.recv(4000).partition(b"\r\n\r\n")
            assert b" 400 " in answer[0]
            assert "takes up to 20 files" in json.loads(answer[2] or link.recv(4000))["error"]
    wait_until(lambda: not parts_of_uploads(web_cache))
    assert not caplog.records


def parts_of_uploads(cache):
    return [path for path in (Path(cache) / "served").glob("tmp*") if path.is_file()]


def test_streams_of_unknown_sessions_end_quietly(http, caplog):
    assert "unexpected_error" in http.get("/gradio_api/queue/data", params={"session_hash": "nobody"}).text
    assert not caplog.records


def test_hosts_of_a_server_for_others():
    house = Hosts("0.0.0.0", ["Art.example"])
    assert all(map(house.serve, ["192.168.1.5:7860", "[fe80::1]:7860", "fe80::1", "localhost", "art.example:443"]))
    assert not any(map(house.serve, ["evil.example", "1.2.3.4.evil.example", "xart.example", ""]))


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/proxy=http://127.0.0.1/", "/gradio_api/file=http://127.0.0.1:1/a.png", "/monitoring",
     "/gradio_api/file=/etc/hostname", "/gradio_api/runs", "/gradio_api/deep_link?session_hash=a",
     "/gradio_api/file=..%2F..%2Fetc%2Fhostname", "/gradio_api/file=file:///etc/hostname", "/gradio_api/vibe-code",
     "/gradio_api/custom_component/a/client/b/c", "/dev/reload"],
)  # fmt: skip
def test_closed_routes(path, http):
    answer = http.get(path)
    assert answer.status_code == 404
    assert in_words(answer.json()["error"])


@pytest.mark.parametrize("path", ["/gradio_api/process_recording", "/gradio_api/vibe-edit", "/gradio_api/api/stylize"])
def test_closed_routes_to_write_to(path, http):
    assert http.post(path, json={"data": []}).status_code == 404


def outside(folder, photo):
    """Files that nobody uploaded, one of them by a link within the served folder."""
    link = Path(folder) / "link.jpg"
    link.symlink_to(photo)
    yield str(link)
    yield from ("/etc/hostname", "/dev/zero", str(folder), f"{folder}/../.lock", f"{folder}/none.png", "", "a\0b")
    yield from (str(samples.photo()), "http://127.0.0.1:9/a.png", "https://example.com/a.png", "file:///etc/hostname")


def test_files_that_were_not_uploaded(http, photo):
    folder = os.environ["GRADIO_TEMP_DIR"]
    for path in outside(folder, photo):
        value = {"path": path, "meta": META}
        for data in ([value, *OPTIONS], [value, value, *OPTIONS[1:]]):
            assert in_words(stylize(http, *data))
        assert in_words(call(http, "stylize_video", value, *OPTIONS, 32, True))
        assert http.post("/gradio_api/call/v2/stylize", json={"photo": value}).status_code == 422
    (Path(folder) / "link.jpg").unlink()


def test_files_deep_in_a_request(tmp_path):
    (tmp_path / "a.png").touch()
    check_files({"layers": [{"path": str(tmp_path / "a.png")}]}, tmp_path)
    for value in ({"layers": [{"path": "/etc/hostname"}]}, [[{"a": {"path": 5}}]], [{"path": {"path": "x"}}]):
        with pytest.raises(BodyError):
            check_files(value, tmp_path)


def test_client_is_told_that_addresses_are_not_fetched(server):
    client = Client(server, verbose=False, analytics_enabled=False)
    with pytest.raises(Exception, match="fetches no files from addresses"):
        client.predict(handle_file("http://127.0.0.1:9/photo.png"), api_name="/stylize")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (3, "much", "strength must be a number"),
        (3, True, "strength must be a number"),
        (3, None, "strength must be a number"),
        (3, 7, "strength must be between 0 and 1, got 7"),
        (4, 1e300, "stroke size must be between 16 and 1024"),
        (4, [1], "stroke_size must be a number"),
        (4, 0, "stroke size must be between 16 and 1024"),
        (5, 1, "preserve_color must be true or false"),
        (2, 5, "style_name must be one of"),
        (2, "../coffee", "style_name must be one of"),
        (0, "photo.png", "photo must be an uploaded file"),
        (0, {"path": 5}, "was not uploaded here"),
        (0, {"url": 5}, "photo must be an uploaded file"),
        (0, [], "photo must be an uploaded file"),
        (0, None, "no photo yet"),
        (6, "exe", "format must be one of png, jpg"),
        (6, {}, "format must be one of png, jpg"),
    ],
)
def test_values_of_wrong_types(place, value, message, http, photo):
    values = [upload(http, photo), *OPTIONS, "png"]
    values[place] = value
    said = call(http, "stylize", *values)
    assert message in said
    assert in_words(said)


@pytest.mark.parametrize("file", [{"size": "x"}, {"meta": None}, {"is_stream": True}, {"orig_name": 5}])
def test_files_described_wrongly(file, http, photo):
    assert "must be an uploaded file" in stylize(http, upload(http, photo) | file)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"data": 5}', b'{"data": [NaN]}', b'{"data": []}', b'{"data": [1e999]}', b"\xff",
     b'{"data": ' + b"[" * 100_000, b'{"data": [' + b"{}," * 100_000, b'{"data": [], "session_hash": 5}',
     b'{"data": ["' + b"a" * MAX_BYTES + b'"]}', b'{"data": [], "session_hash": "' + b"a" * 100 + b'"}'],
    ids=range(13),
)  # fmt: skip
def test_bodies(body, http):
    for path in ("/gradio_api/call/stylize", "/gradio_api/queue/join"):
        answer = http.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422
        assert in_words(answer.json()["error"])


@pytest.mark.parametrize("body", [{"fn_index": 9999}, {"fn_index": "x"}, {}, {"fn_index": [1]}, {"fn_index": -1}])
def test_unknown_jobs(body, http):
    answer = http.post("/gradio_api/queue/join", json={"data": [], "session_hash": "a"} | body)
    assert "no such endpoint" in answer.json()["error"]
    assert "no such endpoint" in call(http, "nothing")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"photo": 5}, "photo must be an uploaded file"),
        ({"strength": "much"}, "strength must be a number"),
        ({"picture": None}, "there is no 'picture' here, but photo, style"),
    ],
)
def test_named_values(body, message, http, photo):
    asked = http.post("/gradio_api/call/v2/stylize", json=body)
    assert message in asked.json()["error"]
    event = http.post("/gradio_api/call/v2/stylize", json={"photo": upload(http, photo)}).json()["event_id"]
    assert "event: complete" in http.get(f"/gradio_api/call/v2/stylize/{event}").text


def test_unknown_results(http):
    answer = http.get("/gradio_api/call/stylize/none")
    assert (answer.status_code, in_words(answer.json()["error"])) == (404, True)
    assert "error" in http.get("/gradio_api/queue/data", params={"session_hash": "none"}).text


def test_page_names_no_file_of_the_program(http):
    folder = os.environ["GRADIO_TEMP_DIR"]
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/openapi.json"):
        text = http.get(path).text.replace(folder, "")
        assert str(samples.FOLDER) not in text
        assert str(Path(__file__).parents[3]) not in text


def test_small_bodies_are_read_as_they_are():
    assert parsed(b'{"data": [1, {"a": [2]}]}') == {"data": [1, {"a": [2]}]}


def form(*parts):
    return b"".join(b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--x--\r\n"


FILE = b'name="files"; filename="a"\r\n\r\nb'


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_uploads_of_files_pass(step):
    body, check = form(*[FILE] * 20), UploadCheck("multipart/form-data; boundary=x")
    for start in range(0, len(body), step):
        check.feed(body[start : start + step])


@pytest.mark.parametrize(
    "body",
    [form(*[FILE] * 21), form(b'name="a"\r\n\r\n' + b"b" * 10_001), form(*[b'name="a"\r\n\r\nb'] * 11),
     form(b'name="a"\r\n' + b"X-Y: z\r\n" * 2000 + b"\r\nb"), b"nothing of the kind"],
    ids=range(5),
)  # fmt: skip
def test_other_uploads_are_refused(body, http):
    answer = http.post("/gradio_api/upload", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 400
    assert in_words(answer.json()["error"])


def test_uploads_say_their_length(http):
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert http.post("/gradio_api/upload", content=iter([form(FILE)]), headers=kind).status_code == 411
    assert http.post("/gradio_api/upload", content=form(FILE)).status_code == 400
    with pytest.raises(UploadError, match="multipart"):
        UploadCheck("text/plain")


def test_nothing_calls_components(http, photo):
    data = {"type": "layer", "id": "x", "component_id": 1, "session_hash": "s", "fn_name": "accept_blobs"}
    answer = http.post("/gradio_api/component_server", data=data, files={"file": photo.read_bytes()})
    assert answer.status_code == 404


LISTS = {
    "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "m3u8.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "a.ffconcat": "ffconcat version 1.0\nfile {}\n",
    "concat.mp4": "ffconcat version 1.0\nfile {}\n",
    "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "a.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{}</BaseURL></MPD>',
    "a%d.png": "no picture",
}


@pytest.mark.parametrize("name", LISTS)
def test_uploads_open_no_other_file(name, http, tmp_path):
    clip = make_clip(tmp_path / "private.mp4")
    (tmp_path / name).write_text(LISTS[name].format(clip))
    said = call(http, "stylize_video", upload(http, tmp_path / name), *OPTIONS, 32, True)
    assert in_words(said)
    assert "private" not in said


def test_svg_is_refused(http, tmp_path):
    path = tmp_path / "a.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/hostname"/></svg>')
    assert in_words(stylize(http, upload(http, path)))
    assert in_words(stylize(http, upload(http, path).copy(), upload(http, path), *OPTIONS[1:]))


def test_failed_logins_take_longer_and_longer():
    now = [0.0]
    logins = Logins(lambda: now[0])
    assert [logins.begin("1.2.3.4") for _ in range(FREE)] == [0.0] * FREE
    assert [logins.begin("1.2.3.4") for _ in range(3)] == [1, 3, 7]  # one after the other, though all came at once
    assert logins.begin("1.2.3.5") == 0
    logins.succeeded("1.2.3.4")
    assert logins.begin("1.2.3.4") == 0
    waits = [logins.begin("2001:db8::1"), *(logins.begin(f"2001:db8::{n}") for n in range(20))]
    assert waits[-1] > LONGEST
    now[0] = 1e6
    assert logins.begin("2001:db8::1") == LONGEST


def test_login(stylizer, serve):
    url = serve(stylizer, auth=[("ann", "secret")])
    with httpx.Client(base_url=url) as http:
        wrong = [http.post("/login", data={"username": "ann", "password": "x"}).status_code for _ in range(2)]
        assert wrong == [400, 400]
        assert http.post("/login", data={"username": "ann", "password": "secret"}).status_code == 200
        assert http.get("/gradio_api/info").status_code == 200
