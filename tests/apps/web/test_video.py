"""The page's videos: a frame painted at once, trials, places in line; test_page_live.py looks at the tab."""

import json

import numpy as np
import pytest

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

from helpers.clips import audio_packets, frames_of, make_clip, moving_frames
from helpers.web_requests import upload

from apps import samples
from apps.video.convert import Clip
from apps.web.clips import Progress, Stills, Waiting, file_name, paint_video
from apps.web.confined import Bounds, run
from apps.web.excerpts import TRIAL, still
from apps.web.reading import VideoLimits
from apps.web.shared_stylizer import MOST_WAITING, SharedStylizer, Wish
from artnet.settings import StyleSettings

WISH = Wish(((str(samples.style("wave-print")), 1.0),), StyleSettings(stroke_size=32))
PANEL = {"styles": [{"name": "wave-print", "weight": 1}], "stroke_size": 64}


def bands(count=90, height=48, width=64):
    """Frames that tell their number by their brightness."""
    return (np.full((height, width, 3), 20 + 2 * n, np.uint8) for n in range(count))


class TestStills:
    def test_a_frame_from_a_third_of_it(self, tmp_path):
        seen = still(str(make_clip(tmp_path / "in.mp4", bands(), rate=30)), VideoLimits())
        assert (seen.shape, seen.seconds, seen.rate) == ((48, 64), pytest.approx(3), 30)
        assert abs(seen.rgb.mean() - (20 + 2 * 30)) < 6
        assert seen.about == "0:03, 64 × 48, 30 frames a second"
        assert seen.frames == pytest.approx(90)

    def test_one_frame_is_enough(self, tmp_path):
        seen = still(str(make_clip(tmp_path / "in.mp4", bands(1))), VideoLimits())
        assert seen.rgb.shape == (48, 64, 3)

    def test_of_a_stream_without_a_length(self, tmp_path):
        seen = still(str(make_clip(tmp_path / "in.h264", bands(5))), VideoLimits())
        assert seen.about == "64 × 48, 25 frames a second"

    def test_large_ones_are_scaled_down(self, tmp_path):
        seen = still(str(make_clip(tmp_path / "in.mp4", bands(2))), VideoLimits(side=24))
        assert (seen.rgb.shape, seen.shape) == ((24, 32, 3), (48, 64))

    @pytest.mark.parametrize(("limit", "value"), [("seconds", 1), ("pixels", 1000), ("frames", 5)])
    def test_limits_are_said_at_once(self, limit, value, tmp_path):
        with pytest.raises(ValueError, match=r"this video .*(page takes|more than)"):
            still(str(make_clip(tmp_path / "in.mp4", bands())), VideoLimits(**{limit: value}))

    def test_are_read_elsewhere_once(self, tmp_path):
        clip, stills = make_clip(tmp_path / "in.mp4", bands(9)), Stills()
        first = stills.of(str(clip))
        assert stills.of(str(clip)) is first
        (tmp_path / "bad.mp4").write_bytes(b"Dear Sir or Madam")
        with pytest.raises(ValueError, match="this video is not a video that can be read"):
            stills.of(str(tmp_path / "bad.mp4"))
        with pytest.raises(ValueError, match="this video is deleted by now"):
            stills.of(str(tmp_path / "gone.mp4"))
        with pytest.raises(ValueError, match="no video yet"):
            stills.of(None)

    def test_bombs_end_elsewhere(self, tmp_path):
        clip = make_clip(tmp_path / "in.mp4", bands(2, 1080, 1920))
        with pytest.raises(ValueError, match="this video"):
            run(still, str(clip), VideoLimits(), bounds=Bounds(1_000_000, 60), what="video")


class TestPainting:
    @pytest.fixture
    def shared(self, stylizer):
        return SharedStylizer(stylizer)

    def paint(self, shared, clip, target, **options):
        return paint_video(shared, str(clip), target, WISH, Clip(), **options)

    def test_three_seconds_from_the_middle(self, shared, tmp_path):
        clip = make_clip(tmp_path / "in.mp4", bands(50), rate=10, audio="aac")
        steps = list(self.paint(shared, clip, tmp_path / "out.mp4", trial=True))
        assert all(isinstance(step, Progress) and step.whole == pytest.approx(TRIAL) for step in steps)
        made = frames_of(tmp_path / "out.mp4")
        assert len(made) == 30
        assert 0 < len(audio_packets(tmp_path / "out.mp4")) < len(audio_packets(clip))

    def test_a_trial_of_less_than_that_is_all_of_it(self, shared, tmp_path):
        clip = make_clip(tmp_path / "in.mp4", bands(7))
        list(self.paint(shared, clip, tmp_path / "out.mp4", trial=True))
        assert len(frames_of(tmp_path / "out.mp4")) == 7

    def test_limits_of_the_whole_are_those_of_a_trial(self, shared, tmp_path):
        clip = make_clip(tmp_path / "in.mp4", bands(90))
        with pytest.raises(ValueError, match="this video lasts 4 s; the page takes up to 3"):
            list(self.paint(shared, clip, tmp_path / "out.mp4", trial=True, limits=VideoLimits(seconds=3)))

    @pytest.mark.parametrize(
        ("limit", "value", "message"),
        [
            ("seconds", 0.1, "this video lasts 0 s; the page takes up to 0: cut it first"),
            ("pixels", 1000, "this video has frames of 64 x 48; the page takes up to"),
            ("frames", 5, "this video has 25 frames a second, more than 5 in all"),
        ],
    )
    def test_videos_over_the_limits_are_refused(self, limit, value, message, shared, tmp_path):
        limits = VideoLimits(**{limit: value})
        with pytest.raises(ValueError, match=message):
            list(self.paint(shared, make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4", limits=limits))

    def test_closing_stops_it(self, shared, tmp_path):
        steps = self.paint(shared, make_clip(tmp_path / "in.mp4", moving_frames(200)), tmp_path / "out.mp4")
        first = next(steps)
        assert 0 < first.done < first.whole
        assert first.left > 0
        steps.close()
        assert not (tmp_path / "out.mp4").exists()
        assert shared.videos.join("another").ahead() == 0

    def test_who_comes_later_hears_how_many_are_ahead(self, shared, tmp_path):
        clip = make_clip(tmp_path / "in.mp4", moving_frames(2))
        working, waiting = shared.videos.join("ann"), shared.videos.join("ben")
        working.ahead()
        steps = self.paint(shared, clip, tmp_path / "out.mp4")
        assert next(steps) == Waiting(2)
        waiting.leave()
        assert next(steps) == Waiting(1)
        working.leave()
        assert {type(step) for step in steps} <= {Progress}
        assert len(frames_of(tmp_path / "out.mp4")) == 2

    def test_trials_do_not_wait_for_whole_videos(self, shared, tmp_path):
        shared.videos.join("ann").ahead()
        clip = make_clip(tmp_path / "in.mp4", moving_frames(2))
        assert not any(isinstance(step, Waiting) for step in self.paint(shared, clip, tmp_path / "a.mp4", trial=True))

    def test_a_long_line_is_said_politely(self, shared, tmp_path):
        tickets = [shared.videos.join("ann") for _ in range(MOST_WAITING)]
        with pytest.raises(ValueError, match=f"busy: {MOST_WAITING} others wait already; please try again"):
            next(self.paint(shared, make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4"))
        tickets[0].leave()


@pytest.mark.parametrize(
    ("source", "trial", "name"),
    [
        ("Our holiday (2).MOV", False, "Our-holiday-2-wave-print.mp4"),
        ("../../etc/passwd", True, "passwd-wave-print-trial.mp4"),
        ("día.mp4", False, "d-a-wave-print.mp4"),
        ("x" * 300 + ".mp4", False, "x" * 100 + ".mp4"),
    ],
)
def test_names_of_results(source, trial, name):
    assert file_name(source, WISH, trial) == name


def test_names_of_blends_and_of_own_styles():
    wished = Wish(((str(samples.style("scream")), 0.5), ("/tmp/served/abc/mine.jpg", 0.5)))
    assert file_name("a.mp4", wished, False) == "a-scream-own-style.mp4"


def ask(http, file, **more):
    return {"video": file, "panel": PANEL, "size": 360} | more


def preview(http, value):
    answer = http.post("/gradio_api/run/page_video_still", json={"data": [value]})
    return answer.json()["data"][0] if answer.status_code == 200 else answer.json()["error"]


def test_preview(http, tmp_path):
    file = upload(http, make_clip(tmp_path / "in.mp4", bands()))
    answer = preview(http, ask(http, file))
    assert answer["about"] == "0:04, 64 × 48, 25 frames a second"
    assert answer["takes"] > 0
    assert answer["before"].startswith("data:image/jpeg;base64,")
    assert answer["image"] != answer["before"]
    assert preview(http, ask(http, file, size=720))["image"] == answer["image"]  # it is smaller anyway
    other = ask(http, file) | {"panel": {"styles": [{"name": "scream"}]}}
    assert preview(http, other)["image"] != answer["image"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"size": 17}, "size must be one of 360, 480, 720, 1080, got 17"),
        ({"size": True}, "size must be one of"),
        ({"panel": {"styles": [{"name": "monet"}]}}, "no sample style"),
        ({"video": None}, "add it again"),
        ({"video": {"path": "/etc/passwd"}}, "was not uploaded here"),
    ],
)
def test_bad_requests_say_why(more, words, http, tmp_path):
    file = upload(http, make_clip(tmp_path / "in.mp4", bands(3)))
    assert words in preview(http, ask(http, file) | more)


def test_the_whole_as_a_job(http, tmp_path):
    file = upload(http, make_clip(tmp_path / "in.mp4", moving_frames(6), audio="aac"))
    value = ask(http, file, name="My clip.mp4")
    event = http.post("/gradio_api/call/page_video", json={"data": [value]}).json()["event_id"]
    lines = http.get(f"/gradio_api/call/page_video/{event}").text.splitlines()
    said, made = json.loads(next(line[6:] for line in reversed(lines) if line.startswith("data: [")))
    assert said == {"name": "My-clip-wave-print.mp4"}
    assert made["path"].endswith("/My-clip-wave-print.mp4")
    (tmp_path / "out.mp4").write_bytes(http.get(f"/gradio_api/file={made['path']}").content)
    assert len(frames_of(tmp_path / "out.mp4")) == 6
