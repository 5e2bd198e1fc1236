"""Clients of the page: jobs end with them, places and room are shared fairly, and what they leave is deleted."""

import gc
import hashlib
import multiprocessing.util
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

from gradio.state_holder import StateHolder
from helpers.clips import make_clip, moving_frames
from helpers.waiting import wait_until
from helpers.web_requests import OPTIONS, call, stylize, upload

from apps import samples
from apps.web.cache import PREFIX, cache_folder, sweep_leftovers
from apps.web.clients import Clients
from apps.web.painting import paint_photo
from apps.web.panel import keep_alive, wish
from apps.web.places import Places, SharedEngine, Turn
from apps.web.quota import LIFETIME, Quota, QuotaError
from apps.web.shared_stylizer import SharedStylizer, Wish
from artnet.engines.base import Look, Style
from artnet.image import Picture
from artnet.settings import StyleSettings


class TestJobs:
    @pytest.fixture
    def now(self):
        return [100.0]

    @pytest.fixture
    def clients(self, now):
        return Clients(3.0, lambda: now[0])

    def test_who_never_listens_is_gone_after_a_while(self, clients, now):
        clients.asked("job", None)
        now[0] += 2.9
        assert not clients.gone("job")
        now[0] += 0.2
        assert clients.gone("job")
        assert not clients.gone("a job that nobody told of")

    @pytest.mark.parametrize(("session", "key"), [(None, "job"), ("page", "page"), ("page", "job")])
    def test_who_listens_stays(self, session, key, clients, now):
        clients.asked("job", session)
        opened = clients.opened(key)
        now[0] += 1000
        assert not clients.gone("job")
        clients.closed(opened)
        now[0] += 2.9
        assert not clients.gone("job")
        now[0] += 0.2
        assert clients.gone("job")

    def test_streams_that_break_and_come_again(self, clients, now):
        clients.asked("job", "page")
        first, second = clients.opened("page"), clients.opened("page")
        clients.closed(first)
        now[0] += 1000
        assert not clients.gone("job")
        clients.closed(second)
        clients.opened("page")
        now[0] += 1000
        assert not clients.gone("job")

    def test_cancelled(self, clients):
        clients.asked("job", "page")
        clients.asked("other", "page")
        clients.opened("page")
        clients.cancelled("job")
        assert (clients.gone("job"), clients.gone("other")) == (True, False)

    def test_a_job_whose_result_is_forgotten_is_not_waited_for(self, clients, now):
        """Else a job that asks rarely would never learn of it."""
        clients.asked("job", None)
        clients.closed(clients.opened("job"))
        now[0] += 3.1
        clients.forget("job")
        assert clients.gone("job")
        assert not clients.knows("job")


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A clip that takes minutes to be painted."""
    return make_clip(tmp_path_factory.mktemp("long") / "long.mp4", moving_frames(9000, 32, 32), options={})


def never_listens(http, values):
    http.post("/gradio_api/call/stylize_video", json={"data": values}).raise_for_status()


def breaks_off(http, values):
    event = http.post("/gradio_api/call/stylize_video", json={"data": values}).json()["event_id"]
    with http.stream("GET", f"/gradio_api/call/stylize_video/{event}"):
        pass


def leaves_its_session(http, values):
    index = next(d["id"] for d in http.get("/config").json()["dependencies"] if d["api_name"] == "stylize_video")
    body = {"data": values, "fn_index": index, "session_hash": "left"}
    http.post("/gradio_api/queue/join", json=body).raise_for_status()
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "left"}):
        pass


def cancels(http, values):
    index = next(d["id"] for d in http.get("/config").json()["dependencies"] if d["api_name"] == "stylize_video")
    body = {"data": values, "fn_index": index, "session_hash": "cancels"}
    event = http.post("/gradio_api/queue/join", json=body).json()["event_id"]
    cancelled = {"event_id": event, "session_hash": "cancels", "fn_index": index}
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "cancels"}):
        http.post("/gradio_api/cancel", json=cancelled).raise_for_status()


@pytest.mark.parametrize("leave", [never_listens, breaks_off, leaves_its_session, cancels])
def test_a_dropped_video_leaves_its_place(leave, http, long, tmp_path):
    leave(http, [upload(http, long), *OPTIONS, 1080, True])
    short = make_clip(tmp_path / "short.mp4", moving_frames(3))
    made = call(http, "stylize_video", upload(http, short), *OPTIONS, 32, True)  # else it waits until the time-out
    assert made[0]["path"].endswith(".mp4")


def test_nothing_is_kept_of_clients_without_a_session(http, tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    file = upload(http, tmp_path / "a.png")
    event = http.post("/gradio_api/call/stylize", json={"data": [file, *OPTIONS, "png"]}).json()["event_id"]
    http.get(f"/gradio_api/call/stylize/{event}")
    holders = [thing for thing in gc.get_objects() if isinstance(thing, StateHolder)]
    assert any(event in holder for holder in holders)
    while any(event in holder for holder in holders):  # for as long as it may listen again
        time.sleep(0.1)


def test_one_photo_has_one_result(http, stylizer, tmp_path):
    content = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    Image.fromarray(content).save(tmp_path / "a.png")
    file, results = upload(http, tmp_path / "a.png"), set()
    for n in range(6):
        stylize(http, file, None, "ink-gorge", n / 10, 128 + n, True)  # others in between
        made = stylize(http, file)
        results.add(hashlib.sha256(http.get(f"/gradio_api/file={made[0]['path']}").content).hexdigest())
    assert len(results) == 1


class TestPlaces:
    def take(self, places, client, order, leave):
        def work():
            with places.taken(client):
                order.append(client)
                leave.wait(30)

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def test_a_client_takes_only_its_share(self):
        places, order, leave = Places(3, 2), [], threading.Event()
        threads = [self.take(places, "many", order, leave) for _ in range(4)]
        wait_until(lambda: len(order) == 2)
        threads.append(self.take(places, "one", order, leave))
        wait_until(lambda: len(order) == 3)
        assert order == ["many", "many", "one"]
        leave.set()
        for thread in threads:
            thread.join()
        assert order.count("many") == 4

    def test_waiting_ends_with_the_client(self):
        places = Places(1, 1)

        def check():
            raise RuntimeError("gone")

        with places.taken("a"), pytest.raises(RuntimeError), places.taken("b", check):
            pass
        with places.taken("c"):
            pass

    def test_turns_come_in_order(self):
        turn, order, waiting = Turn(), [], []

        def work(name):
            with turn:
                order.append(name)

        with turn:
            for name in range(5):
                waiting.append(threading.Thread(target=work, args=(name,)))
                waiting[-1].start()
                wait_until(lambda name=name: len(turn) == name + 1)
        for thread in waiting:
            thread.join()
        assert order == list(range(5))

    def test_styles_are_prepared_while_others_paint(self, stylizer):
        rgb = np.zeros((32, 32, 3), np.uint8)
        started, proceed = threading.Event(), threading.Event()

        class Slow:
            config, choice, stride, streams, whole_pixels = stylizer.engine.config, "", 8, 1, 10**9

            def prepare(self, rgb):
                started.set()
                proceed.wait(30)
                return stylizer.engine.prepare(rgb)

            paint, measure = staticmethod(stylizer.engine.paint), staticmethod(stylizer.engine.measure)

        shared = SharedEngine(Slow())
        thread = threading.Thread(target=shared.prepare, args=(rgb,))
        thread.start()
        started.wait(30)
        look = Look(Style([stylizer.engine.prepare(rgb)]))
        assert shared.paint(rgb, look)[0].shape == rgb.shape  # would wait for ever
        proceed.set()
        thread.join()
        assert shared.whole_pixels == Slow.whole_pixels


def test_a_job_stops_between_tiles(stylizer, monkeypatch):
    seen = []
    monkeypatch.setattr(stylizer.engine, "whole_pixels", 64 * 64)

    def check():
        seen.append(1)
        if len(seen) > 2:
            raise RuntimeError("gone")

    picture = Picture(np.zeros((16, 8 * 2560, 3), np.uint8))
    wished = Wish(((str(samples.style("wave-print")), 1.0),), StyleSettings(stroke_size=32))
    with pytest.raises(RuntimeError, match="gone"):
        paint_photo(SharedStylizer(stylizer), picture, wished, check=check)


class TestQuota:
    @pytest.fixture
    def now(self):
        return [0.0]

    @pytest.fixture
    def quota(self, tmp_path, now):
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "page.jpg").touch()
        return Quota(tmp_path, 100, 150, lambda: now[0])

    def test_of_each_and_of_all(self, quota, now):
        quota.begin("a", 60)
        with pytest.raises(QuotaError, match="your files"):
            quota.begin("a", 41)
        quota.settle(quota.begin("a", 40), 0)  # broken off
        quota.begin("b", 90)
        with pytest.raises(QuotaError, match="no room"):
            quota.begin("c", 1)
        now[0] = LIFETIME + 1
        quota.begin("c", 100)

    def test_many_threads_write_at_once(self, tmp_path):
        quota, failed = Quota(tmp_path, 10**9, 10**9), []

        def work(client):
            try:
                for _ in range(200):
                    quota.begin(client, 1)
            except RuntimeError as error:  # what is summed up changes meanwhile
                failed.append(error)

        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            threads = [threading.Thread(target=work, args=(str(n),)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(before)
        assert not failed

    def test_old_files_go(self, quota, tmp_path):
        upload = tmp_path / "up" / "load.jpg"
        upload.parent.mkdir()
        upload.touch()
        quota.sweep(time.time() + LIFETIME / 2)
        assert upload.exists()
        quota.sweep(time.time() + LIFETIME + 60)
        assert [path.name for path in tmp_path.rglob("*")] == ["own", "page.jpg"]

    @pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="sockets have no files here")
    def test_sockets_of_helpers_stay(self, quota, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # as the path must be short
        with socket.socket(socket.AF_UNIX) as helper:
            helper.bind("listener")
            quota.sweep(time.time() + LIFETIME + 60)
            assert (tmp_path / "listener").exists()

    def test_styles_in_use_stay(self, quota, tmp_path):
        used, unused = tmp_path / "used.jpg", tmp_path / "unused.jpg"
        for path in (used, unused):
            path.touch()
        after = unused.stat().st_ctime
        while used.stat().st_ctime <= after:
            keep_alive([str(used), str(samples.style("wave-print"))])
        quota.sweep((after + used.stat().st_ctime) / 2 + LIFETIME)
        assert [path.exists() for path in (used, unused)] == [True, False]

    def test_painting_with_a_style_keeps_it(self, tmp_path):
        path = tmp_path / "mine.jpg"
        path.touch()
        os.utime(path, (5, 5))
        wish({"styles": [{"file": {"path": str(path)}}]})
        assert path.stat().st_mtime > 1e9


def test_uploads_over_the_quota_are_refused(http, server, tmp_path, monkeypatch):
    monkeypatch.setattr(Quota, "begin", lambda *_: (_ for _ in ()).throw(QuotaError("the server has no room")))
    answer = http.post("/gradio_api/upload", files={"files": ("a.png", b"a")})
    assert (answer.status_code, answer.json()["error"]) == (413, "the server has no room")


def test_results_count_too(stylizer, tmp_path):
    shared = SharedStylizer(stylizer, work=tmp_path)
    shared.quota = Quota(tmp_path, 100, 100)
    with shared.folder() as folder:
        (folder / "a.png").write_bytes(bytes(101))
    assert not folder.exists()
    with pytest.raises(QuotaError), shared.folder():
        pass


HOLD = "import sys, tempfile\nfrom apps.web.cache import cache_folder\n" + (
    "with cache_folder() as folder:\n    print(folder, flush=True)\n    sys.stdin.read()\n"
)


def test_leftovers_of_killed_servers_go(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    killed, running = (subprocess.Popen([sys.executable, "-c", HOLD], **pipes) for _ in range(2))
    gone, kept = (Path(process.stdout.readline().strip()) for process in (killed, running))
    killed.kill()
    killed.wait()
    others = tmp_path / f"{PREFIX}new"
    others.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(kept)
    assert gone.exists()
    sweep_leftovers()
    assert (gone.exists(), kept.exists(), others.exists()) == (False, True, True)
    running.communicate("")
    assert not kept.exists()
    with cache_folder() as folder:
        assert Path(folder).parent == tmp_path
    for process in (killed, running):
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("deep", [False, True])
def test_helpers_have_their_sockets_in_the_folder(deep, monkeypatch):
    before = multiprocessing.util.get_temp_dir()
    with tempfile.TemporaryDirectory(prefix="a") as base:  # shorter than pytest's
        place = Path(base) / ("a" * 80 if deep else "b")
        place.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(place))
        with cache_folder() as folder:
            assert multiprocessing.util.get_temp_dir() == (before if deep else folder)
        assert multiprocessing.util.get_temp_dir() == before


HELPERS = "from multiprocessing.util import get_temp_dir\nfrom apps.web.cache import cache_folder\n" + (
    "with cache_folder() as folder:\n    print(folder, get_temp_dir(), sep='\\n', flush=True)\n"
)


@pytest.mark.parametrize("deep", [False, True])
def test_a_process_ends_without_a_word_on_its_helpers_folder(deep):
    with tempfile.TemporaryDirectory(prefix="a") as base:
        place = Path(base) / ("a" * 80 if deep else "b")
        place.mkdir()
        environment = {**os.environ, "TMPDIR": str(place)}
        run = subprocess.run([sys.executable, "-c", HELPERS], env=environment, capture_output=True, text=True)
        folder, sockets = map(Path, run.stdout.split())
        assert (run.returncode, run.stderr) == (0, "")
        assert sockets.parent == place if deep else sockets == folder
        assert not any(place.iterdir())
