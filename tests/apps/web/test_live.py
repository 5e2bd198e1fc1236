"""The live view's server: visits in line, frames in and out; test_page_live.py looks at it in a browser."""

import sys
from contextlib import ExitStack
from io import BytesIO
from struct import pack
from zlib import crc32

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

import httpx

from apps import samples
from apps.web.frames import MAX_BYTES, SIDE, decoded, encoded, painted
from apps.web.places import FullError, Places
from apps.web.visits import EACH, LINE, PATIENCE, SEATS, SECONDS, SHARED_SECONDS, OverError, Visit, Visits

PANEL = {"styles": [{"name": "great-wave", "weight": 1}], "stroke_size": 64}
OTHER = {"styles": [{"name": "scream", "weight": 1}], "stroke_size": 64}


class TestVisits:
    @pytest.fixture
    def now(self):
        return [100.0]

    @pytest.fixture
    def visits(self, now):
        return Visits(Places(1, 1, 2), lambda: now[0])

    def open(self, visits, paint="paint"):
        return visits.open("ann", paint)

    def number(self, visits, secret):
        return visits.turn(secret)[1]

    def test_the_line_moves_up(self, visits):
        first, second, third = (self.open_at_once(visits) for _ in range(3))
        assert [self.number(visits, one) for one in (first, second, third)] == [0, 1, 2]
        visits.close(second)
        assert self.number(visits, third) == 1
        visits.close(first)
        assert self.number(visits, third) == 0

    def open_at_once(self, visits):
        secret = self.open(visits)
        visits.turn(secret)
        return secret

    def test_the_line_has_an_end(self, visits):
        for _ in range(3):
            self.open_at_once(visits)
        with pytest.raises(FullError, match="the server is busy: 2 others wait already; please try again"):
            self.open(visits)

    def test_secrets_cannot_be_guessed(self, visits):
        assert len(self.open(visits)) >= 32
        with pytest.raises(OverError):
            visits.turn("")

    def test_pages_that_fall_silent_lose_their_place(self, visits, now):
        silent, waiting = self.open_at_once(visits), self.open_at_once(visits)
        now[0] += PATIENCE - 1
        assert self.number(visits, waiting) == 1
        now[0] += 2
        assert self.number(visits, waiting) == 0
        assert not visits.has(silent)
        with pytest.raises(OverError, match="lost for a while, and so your place"):
            visits.turn(silent)

    def live_for(self, visits, now, secrets, seconds):
        """Every page speaks up once a second."""
        for _ in range(int(seconds)):
            now[0] += 1
            for secret in secrets:
                visits.turn(secret)

    def test_time_is_up(self, visits, now):
        alone = self.open_at_once(visits)
        self.live_for(visits, now, [alone], SECONDS)
        now[0] += 1
        with pytest.raises(OverError, match=r"You were live for 10 minutes.*Start again"):
            visits.turn(alone)

    def test_time_is_up_sooner_while_others_wait(self, visits, now):
        first, second = self.open_at_once(visits), self.open_at_once(visits)
        self.live_for(visits, now, [first, second], SHARED_SECONDS)
        now[0] += 1
        with pytest.raises(OverError, match="2 minutes, others wait in line"):
            visits.turn(first)
        assert self.number(visits, second) == 0

    def test_changes_reach_the_visit(self, visits):
        secret = self.open(visits, "old")
        visits.change(secret, "new")
        assert visits.turn(secret)[0].paint == "new"
        visits.close(secret)
        visits.change(secret, "newest")
        assert not visits.has(secret)


def jpeg(rgb, kind="JPEG", **options):
    data = BytesIO()
    Image.fromarray(rgb).save(data, kind, **options)
    return data.getvalue()


@pytest.fixture(scope="module")
def camera():
    with Image.open(samples.photo()) as photo:
        return np.array(photo.convert("RGB").resize((64, 48)))


@pytest.fixture
def page(http):
    """A page of its own: its requests, which carry the secret of a visit."""
    made = Page(http)
    yield made
    made.send("leave")


class Page:
    def __init__(self, http, panel=PANEL):
        self.http = http
        self.secret = self.ask("live_open", {"panel": panel}).json()["data"][0]["secret"]

    def ask(self, name, value):
        return self.http.post(f"/gradio_api/run/page_{name}", json={"data": [value]})

    def send(self, what, body=b""):
        return self.http.post(f"/live/{what}", content=body, headers={"x-live": self.secret})


def expected(stylizer, camera, style):
    """The JPEG that a frame becomes."""
    prepared = stylizer.prepare_style(samples.style(style), stroke_size=64)
    return encoded(stylizer.stylize(decoded(jpeg(camera)), prepared, live=True))


def test_frames_come_back_painted(page, camera, stylizer):
    first = page.send("frame", jpeg(camera))
    assert (first.headers["content-type"], first.content) == ("image/jpeg", expected(stylizer, camera, "great-wave"))
    assert page.ask("live_change", {"secret": page.secret, "panel": OTHER}).status_code == 200
    second = page.send("frame", jpeg(camera)).content
    assert second == expected(stylizer, camera, "scream") != first.content


def test_bad_changes_say_why_and_change_nothing(page, camera):
    before = page.send("frame", jpeg(camera)).content
    for panel, words in (
        ({"styles": [{"name": "monet"}]}, "no sample style"),
        ({"styles": [{"file": {"path": "/etc/passwd"}}]}, "was not uploaded here"),
        (PANEL | {"strength": 7}, "must be between 0 and 1"),
        (None, "no style is chosen"),
    ):
        answer = page.ask("live_change", {"secret": page.secret, "panel": panel})
        assert answer.status_code >= 400
        assert words in answer.text
    assert page.send("frame", jpeg(camera)).content == before


def test_only_who_knows_a_secret_is_served(http, camera):
    for headers in ({}, {"x-live": "guess"}):
        answer = http.post("/live/frame", content=jpeg(camera), headers=headers)
        assert (answer.status_code, answer.json()["error"][-12:]) == (410, "Start again.")
    assert http.post("/live/other", headers={"x-live": "guess"}).status_code == 404
    assert http.get("/live/frame").status_code == 404


def test_others_hosts_are_refused(http, camera):
    answer = http.post("/live/frame", content=jpeg(camera), headers={"host": "evil.example"})
    assert answer.status_code == 421


def png(*chunks):
    """A PNG of chunks (kind, content), whatever they say."""
    parts = (pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


HUGE = png((b"IHDR", pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b""))


@pytest.mark.parametrize("frame", [b"", b"Dear Sir or Madam", b"GIF89a", HUGE, png((b"IHDR", bytes(3)))])
def test_what_is_no_frame_is_refused_in_words(frame, page, caplog):
    answer = page.send("frame", frame)
    assert not caplog.records
    assert (answer.status_code, answer.json()["error"]) == (422, "the camera's frame cannot be read")


def test_frames_are_bounded(page):
    answer = page.send("frame", bytes(MAX_BYTES + 1))
    assert answer.status_code == 413
    answer = page.send("frame", iter([bytes(MAX_BYTES), b"more"]))  # says no length
    assert answer.status_code == 413


@pytest.fixture
def elsewhere(server):
    """elsewhere(n) -> a client of the shared page with an address of its own."""
    with ExitStack() as opened:
        yield lambda n: opened.enter_context(
            httpx.Client(base_url=server, timeout=60, transport=httpx.HTTPTransport(local_address=f"127.0.0.{2 + n}"))
        )


@pytest.mark.skipif(sys.platform != "linux", reason="needs more than one address of this machine")
def test_who_comes_later_waits_for_a_seat(elsewhere, camera):
    pages = [Page(elsewhere(n)) for n in range(SEATS + 2)]
    try:
        answers = [page.send("frame", jpeg(camera)) for page in pages]
        assert [answer.status_code for answer in answers] == [200] * SEATS + [202, 202]
        assert [answer.json() for answer in answers[SEATS:]] == [{"number": 1}, {"number": 2}]
        assert pages[0].send("leave").status_code == 200
        assert pages[SEATS].send("turn").json() == {"number": 0}
        assert pages[SEATS + 1].send("turn").json() == {"number": 1}
        assert pages[SEATS].send("frame", jpeg(camera)).status_code == 200
        assert pages[0].send("frame", jpeg(camera)).status_code == 410
    finally:
        for page in pages:
            page.send("leave")


@pytest.mark.skipif(sys.platform != "linux", reason="needs more than one address of this machine")
def test_one_address_never_takes_all_seats(elsewhere, camera):
    greedy, other = elsewhere(0), elsewhere(1)
    pages = [Page(greedy) for _ in range(SEATS + 1)]
    pages.append(Page(other))
    try:
        statuses = [page.send("frame", jpeg(camera)).status_code for page in pages]
        assert statuses == [200] * EACH + [202] * (SEATS + 1 - EACH) + [200]
    finally:
        for page in pages:
            page.send("leave")


def test_a_full_line_is_said_politely(http):
    pages = []
    try:
        for _ in range(EACH + LINE):
            pages.append(Page(http))
            pages[-1].send("turn")
        answer = http.post("/gradio_api/run/page_live_open", json={"data": [{"panel": PANEL}]})
        assert answer.status_code == 422
        assert f"the server is busy: {LINE} others wait already; please try again in a few minutes" in answer.text
    finally:
        for page in pages:
            page.send("leave")


def test_login_comes_first(stylizer, serve):
    with httpx.Client(base_url=serve(stylizer, auth=[("ann", "secret")])) as http:
        assert http.post("/gradio_api/run/page_live_open", json={"data": [{"panel": PANEL}]}).status_code == 401
        http.post("/login", data={"username": "ann", "password": "secret"})
        assert Page(http).send("turn").json() == {"number": 0}


def test_frames_leave_no_files(page, camera, web_cache):
    before = {path for path in web_cache.rglob("*") if path.is_file()}
    page.send("frame", jpeg(camera))
    assert {path for path in web_cache.rglob("*") if path.is_file()} == before


def test_large_frames_are_scaled_down():
    large = np.zeros((2 * SIDE, 2 * SIDE + 64, 3), np.uint8)
    visit = Visit(None, lambda rgb, usual: 255 - rgb, 0.0)
    assert Image.open(BytesIO(painted(visit, jpeg(large)))).size == (SIDE + 32, SIDE)


def test_frames_are_what_cameras_give(camera):
    assert (decoded(jpeg(camera, "PNG")) == camera).all()
    assert decoded(jpeg(camera, "WEBP")).shape == camera.shape
    large = jpeg(np.zeros((2001, 2000, 3), np.uint8), "PNG")
    for frame in (large, jpeg(camera, progressive=True), jpeg(camera, "GIF")):
        with pytest.raises(ValueError, match="camera"):
            decoded(frame)
