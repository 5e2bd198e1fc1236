import http.client
import socket
import threading
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av", reason="PyAV comes with artnet[webcam]")

from apps.webcam import stream as streams
from apps.webcam.stream import Pictures, Stream

NEXT = b"\r\n--painting\r\nContent-Type: image/jpeg\r\n\r\n"
RED, BLUE = (200, 10, 10), (10, 10, 200)


def flat(color, height=48, width=64):
    return np.full((height, width, 3), color, np.uint8)


def noise(seed, height=720, width=1280):
    """A picture that is large as a JPEG too."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def color_of(jpeg):
    return np.asarray(Image.open(BytesIO(jpeg))).mean((0, 1))


@pytest.fixture
def stream():
    with Stream(0) as stream:
        yield stream


def port_of(stream):
    return int(stream.url.rpartition(":")[2].strip("/"))


def get(stream, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port_of(stream), timeout=10)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


class Viewer:
    """Someone who watches the stream."""

    def __init__(self, stream, buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port_of(stream)))
        self.socket.sendall(f"GET /stream.mjpg HTTP/1.0\r\nHost: localhost:{port_of(stream)}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.head, self.come = self.lines(), b""
        assert self.lines() == ["--painting", "Content-Type: image/jpeg"]

    def lines(self):
        """Up to an empty line."""
        found = []
        while (line := self.file.readline()) not in (b"\r\n", b""):
            found.append(line.decode().strip())
        return found

    def picture(self):
        """The next JPEG, up to the head of the one after it, without which browsers do not show it yet."""
        while NEXT not in self.come:
            part = self.file.read1(65536)
            assert part
            self.come += part
        jpeg, _, self.come = self.come.partition(NEXT)
        return jpeg

    def leave(self):
        self.file.close()
        self.socket.close()


def threads():
    return [thread for thread in threading.enumerate() if "process_request" in thread.name]


def wait_for(condition):
    ready = threading.Event()
    for _ in range(1000):
        if condition():
            return
        ready.wait(0.01)
    raise AssertionError("it never happened")


def test_page_asks_for_the_stream(stream):
    answer = get(stream, "/")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'src="/stream.mjpg"' in answer.read()


def test_head_has_no_body_and_names_the_run(stream):
    answer = get(stream, "/", "HEAD")
    assert (answer.status, answer.read()) == (200, b"")
    with Stream(0) as other:
        assert get(other, "/", "HEAD").headers["ETag"] != answer.headers["ETag"]
    assert get(stream, "/", "HEAD").headers["ETag"] == answer.headers["ETag"]


def test_snapshot_is_the_newest_picture(stream):
    assert get(stream, "/snapshot.jpg").status == 503
    stream.show(flat(BLUE))
    stream.show(flat(RED))
    answer = get(stream, "/snapshot.jpg")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert color_of(answer.read()) == pytest.approx(RED, abs=4)


def test_viewers_see_what_is_shown(stream):
    viewers = [Viewer(stream) for _ in range(3)]
    assert "Content-Type: multipart/x-mixed-replace; boundary=painting" in viewers[0].head
    for color in (RED, BLUE, RED):
        stream.show(flat(color))
        for viewer in viewers:
            assert color_of(viewer.picture()) == pytest.approx(color, abs=4)
    for viewer in viewers:
        viewer.leave()


def test_a_picture_is_encoded_once_for_all_and_never_for_nobody(stream, monkeypatch):
    encoded, encode = [], streams.cv2.imencode
    monkeypatch.setattr(streams.cv2, "imencode", lambda *args: encoded.append(1) or encode(*args))
    stream.show(flat(RED))
    assert not encoded
    viewers = [Viewer(stream) for _ in range(3)]
    assert {viewer.picture() for viewer in viewers} == {get(stream, "/snapshot.jpg").read()}
    assert len(encoded) == 1
    for viewer in viewers:
        viewer.leave()


def test_a_viewer_who_does_not_read_holds_nobody_up(stream):
    slow, quick = Viewer(stream, buffer=4096), Viewer(stream)
    for n in range(12):  # several megabytes, far more than is held on the way
        stream.show(noise(n))
        quick.picture()
    stream.show(flat(BLUE))
    assert color_of(quick.picture()) == pytest.approx(BLUE, abs=4)
    seen = 1
    while color_of(slow.picture()) != pytest.approx(BLUE, abs=4):
        seen += 1
    assert seen < 12  # it missed some, and then sees the newest one
    slow.leave()
    quick.leave()


def test_viewers_who_leave_are_forgotten(stream, capfd):
    before = len(threads())
    idle, watching = Viewer(stream), Viewer(stream)
    wait_for(lambda: len(threads()) == before + 2)
    idle.leave()
    wait_for(lambda: len(threads()) == before + 1)
    watching.leave()
    wait_for(lambda: stream.show(noise(0)) or len(threads()) == before)
    assert capfd.readouterr().err == ""


def test_too_many_viewers_are_refused_until_one_leaves(stream, monkeypatch):
    viewers = [Viewer(stream) for _ in range(streams.VIEWERS)]
    refused = get(stream, "/stream.mjpg")
    assert (refused.status, refused.read()) == (503, b"16 viewers are watching already\n")
    viewers.pop().leave()
    wait_for(lambda: get(stream, "/stream.mjpg", "HEAD").status == 200)
    for viewer in viewers:
        viewer.leave()


def test_the_end_ends_the_viewers():
    with Stream(0) as stream:
        viewer = Viewer(stream)
        stream.show(flat(RED))
        viewer.picture()
    assert viewer.file.read() == b""
    viewer.leave()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("LOCALHOST:{port}", 200),
        ("127.0.0.1:{port}", 200),
        ("127.0.0.1:1", 403),
        ("evil.example", 403),
        ("evil.example:{port}", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("path", ["/", "/snapshot.jpg", "/stream.mjpg"])
def test_only_own_names_are_served(path, host, status, stream):
    stream.show(flat(RED))
    assert get(stream, path, "HEAD", Host=host.format(port=port_of(stream))).status == status


def test_pages_elsewhere_cannot_embed_it(stream):
    stream.show(flat(RED))
    for path in ("/", "/snapshot.jpg", "/stream.mjpg", "/nothing"):
        answer = get(stream, path, "HEAD")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/nothing", "/../pyproject.toml", "/stream.mjpg/"])
def test_there_is_nothing_else(path, stream):
    assert get(stream, path).status == 404


def test_only_this_machine_reaches_it(stream):
    assert stream.url == f"http://127.0.0.1:{port_of(stream)}/"
    own = socket.gethostbyname_ex(socket.gethostname())[2]
    for address in [address for address in own if not address.startswith("127.")]:
        with pytest.raises(OSError, match=r"refused|timed out"):
            socket.create_connection((address, port_of(stream)), timeout=2)


def test_a_port_in_use_is_said(stream):
    with pytest.raises(ValueError, match=rf"port {port_of(stream)} cannot be had .*choose another for --web"), Stream(
        port_of(stream)
    ):
        pass


def test_pictures_number_what_is_new():
    pictures = Pictures()
    assert pictures.newer(0, 0) is None
    pictures.put(flat(RED))
    number, jpeg = pictures.newer(0, 0)
    assert pictures.newer(number, 0) is None
    pictures.put(flat(BLUE))
    assert pictures.newer(number, 0) == pictures.newer(0, 0) != (number, jpeg)
    pictures.close()
    assert pictures.newer(0, 60) is None
