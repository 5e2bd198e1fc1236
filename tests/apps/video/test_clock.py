"""Clocks that repeat, step back, start anew or begin below zero: nothing is lost, and sound stays with the picture."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

av = pytest.importorskip("av", reason="PyAV comes with artnet[video]")

from helpers.clips import frames_of, make_clip, moving_frames  # noqa: E402

from apps.cli import main  # noqa: E402
from apps.video.clock import Clock, Times  # noqa: E402

TOLERANCE = 0.04  # seconds by which sound may be off


def video(*arguments):
    return main(["video", *map(str, arguments), "--style", "style.png", "--no-steady"])


def flash_and_beep(path, codec="libx264", audio="aac", seconds=2, at=1, layout="mono", **options):
    """A clip of 25 frames a second that is white, and not silent, in the tenth of a second from `at` on."""
    with av.open(str(path), "w", **options) as out:
        picture = out.add_stream(codec, rate=25)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound = out.add_stream(audio, rate=48000, layout=layout)
        for n in range(25 * seconds):
            lit = at <= n / 25 < at + 0.1
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 255 * lit, np.uint8), format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            out.mux(picture.encode(frame))
        time = np.arange(48000 * seconds) / 48000
        wave = 0.5 * np.sin(2 * np.pi * 1000 * time) * ((time >= at) & (time < at + 0.1))
        whole = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="flt", layout="mono")
        whole.rate, whole.pts = 48000, 0
        size = sound.codec_context.frame_size or 1024
        resampler = av.AudioResampler(sound.codec_context.format, layout, 48000, frame_size=size)
        for part in (*resampler.resample(whole), *resampler.resample(None)):
            out.mux(sound.encode(part))
        out.mux(picture.encode())
        out.mux(sound.encode())
    return path


def offsets(path):
    """Seconds from each flash to the beep that belongs to it."""
    with av.open(str(path)) as container:
        lit = [f.time for f in container.decode(video=0) if f.reformat(format="gray").to_ndarray().mean() > 60]
    flashes = [time for time, before in zip(lit, [-1, *lit], strict=False) if time - before > 0.5]
    with av.open(str(path)) as container:
        loud = []
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(float).reshape(len(frame.layout.channels), -1)[0]
            scale = 1 if frame.format.name.startswith("flt") else 32768
            hits = np.flatnonzero(np.abs(samples) > 0.1 * scale)
            loud += [frame.time + hits[0] / frame.sample_rate] if len(hits) else []
    beeps = [time for time, before in zip(loud, [-1, *loud], strict=False) if time - before > 0.5]
    assert len(beeps) == len(flashes)
    return [beep - flash for beep, flash in zip(beeps, flashes, strict=True)]


@pytest.mark.parametrize(
    ("name", "codec", "audio"),
    [("a.avi", "mpeg4", "libmp3lame"), ("a.mkv", "libx264", "pcm_s16le"), ("a.ts", "libx264", "aac"),
     ("a.flv", "libx264", "aac"), ("a.mov", "libx264", "pcm_s16le"), ("a.webm", "libvpx", "libopus")],
)  # fmt: skip
def test_sound_stays_with_the_picture(name, codec, audio, fake, desk, monkeypatch):
    monkeypatch.setattr(fake, "stylize", lambda content, *_, **__: content)
    flash_and_beep(name, codec, audio)
    assert video(name, "-o", "out.mp4") == 0
    assert len(frames_of("out.mp4")) == 50
    assert offsets("out.mp4") == pytest.approx(offsets(name), abs=TOLERANCE)


def test_recordings_joined_move_all_streams_together(fake, desk, monkeypatch):
    monkeypatch.setattr(fake, "stylize", lambda content, *_, **__: content)
    part = flash_and_beep(desk / "part.ts").read_bytes()
    (desk / "joined.ts").write_bytes(3 * part)
    assert video("joined.ts", "-o", "out.mp4") == 0
    frames = frames_of("out.mp4")
    assert len(frames) == 150
    assert np.diff([time for time, _ in frames]).min() > 0
    assert frames[-1][0] == pytest.approx(6, abs=0.1)
    assert np.abs(offsets("out.mp4")).max() <= TOLERANCE
    assert len(offsets("out.mp4")) == 3


def test_sound_that_changes_its_kind_midway(fake, desk, monkeypatch):
    monkeypatch.setattr(fake, "stylize", lambda content, *_, **__: content)
    parts = [flash_and_beep(desk / "part.ts", audio="mp2", layout=layout).read_bytes() for layout in ("mono", "stereo")]
    (desk / "joined.ts").write_bytes(b"".join([*parts, parts[0]]))
    assert video("joined.ts", "-o", "out.mp4") == 0
    assert len(offsets("out.mp4")) == 3
    assert np.abs(offsets("out.mp4")).max() <= TOLERANCE


def test_a_clock_that_begins_below_zero_loses_no_frame(fake, desk):
    """A clock of 33 bits at 90 kHz runs over after 95,443 s, in the middle of this."""
    make_clip("in.ts", moving_frames(25), audio="aac", options={"output_ts_offset": "95443.2"})
    assert video("in.ts", "-o", "out.mp4") == 0
    frames = frames_of("out.mp4")
    assert len(frames) == 25
    assert [time for time, _ in frames] == pytest.approx([n / 25 for n in range(25)], abs=0.05)


def remuxed(source, target, change):
    """The packets of a file, each as `change` leaves it, in another."""
    with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
        streams = {stream.index: writing.add_stream_from_template(stream) for stream in reading.streams}
        for packet in reading.demux():
            if packet.dts is not None:
                change(packet)
                packet.stream = streams[packet.stream.index]
                writing.mux(packet)


@pytest.mark.parametrize("audio", ["aac", "pcm_s16le"])
def test_times_that_repeat_are_made_to_increase(audio, fake, desk):
    make_clip("base.mov", moving_frames(25), audio=audio)
    last = {}

    def repeat(packet):
        count, time = last.get(packet.stream.type, (0, 0))
        if packet.stream.type == "audio" and count == 5:
            packet.pts = packet.dts = time
        last[packet.stream.type] = count + 1, packet.dts

    remuxed("base.mov", "repeated.mkv", repeat)
    assert video("repeated.mkv", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        times = [packet.dts for packet in container.demux(audio=0) if packet.dts is not None]
    assert np.diff(times).min() > 0
    assert len(frames_of("out.mp4")) == 25


def test_a_packet_without_content_shows_the_picture_before_again(fake, desk, capsys):
    data = bytearray(make_clip(desk / "base.mp4", moving_frames(12), codec="mpeg4", audio="aac").read_bytes())
    table = data.find(b"stsz") + 16  # the sizes of the packets, which stand alone between those of the sound
    for n in (5, 11):
        data[table + 4 * n : table + 4 * n + 4] = bytes(4)
    (desk / "in.mp4").write_bytes(data)
    with av.open("in.mp4") as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.pts is not None]
    assert [n for n, size in enumerate(sizes) if not size] == [5, 11]
    assert video("in.mp4", "-o", "out.mp4") == 0
    frames = frames_of("out.mp4")
    assert [time for time, _ in frames] == pytest.approx([n / 25 for n in range(12)], abs=0.002)
    assert np.abs(frames[5][1].astype(int) - frames[4][1]).mean() < 1
    assert np.abs(frames[6][1].astype(int) - frames[5][1]).mean() > 1
    assert capsys.readouterr().err == "artnet: in.mp4: 2 damaged packets passed over\n"


def test_days_between_two_frames_are_damage(fake, desk):
    make_clip("in.mkv", moving_frames(5), times=[0, 40, 80, 400_000_000, 400_000_040])
    assert video("in.mkv", "-o", "out.mp4") == 0
    times = [time for time, _ in frames_of("out.mp4")]
    assert len(times) == 5
    assert times[-1] < 1


def told(clock, stream, time, duration=1):
    """The offset of a packet that is shown when it is decoded, in seconds."""
    return clock.offset(stream, Times(Fraction(time), Fraction(time), Fraction(duration)))


def test_a_new_beginning_goes_on_where_the_longest_stream_came_to():
    clock = Clock()
    assert told(clock, 0, 0) == 0
    assert told(clock, 1, 0, 4) == 0
    assert told(clock, 0, 1) == 0
    assert told(clock, 0, 0) == 4  # begins anew where stream 1 ends
    assert told(clock, 1, 4) == 0  # is still in the section before
    assert told(clock, 1, 0) == 4  # follows into the same one
    assert told(clock, 0, 2) == 4
    assert told(clock, 0, 0) == 7
    assert clock.latest() == 7


def test_streams_that_begin_apart_leave_no_gap():
    """The picture ends at 4; the sound began earlier by a quarter of a second and ended so."""
    clock = Clock()
    for time in range(1, 4):
        assert told(clock, 0, time) == 0
        assert told(clock, 1, time - Fraction(1, 4)) == 0
    assert told(clock, 1, Fraction(3, 4)) == 3
    assert told(clock, 0, 1) == 3


def test_only_formats_that_jump_begin_anew_by_running_ahead_a_little():
    for jumps, step, expected in ((False, 100, 0), (True, 100, -99), (False, 10**6, 1 - 10**6)):
        clock = Clock(jumps=jumps)
        told(clock, 0, 0)
        assert told(clock, 0, step) == expected


def test_a_stream_that_was_silent_for_long_has_not_begun_anew():
    clock = Clock(jumps=True)
    told(clock, 0, 0)
    for time in range(30):
        assert told(clock, 1, time) == 0
    assert told(clock, 0, 29) == 0
    assert told(clock, 1, 100) == -70  # but here all jump, to where they had come
    assert told(clock, 0, 100) == -70


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-100, 100)), max_size=60))
def test_no_section_begins_before_its_first_stream_has_ended(packets):
    clock, ends = Clock(), {}
    for stream, time in packets:
        section = len(clock.offsets)
        offset = told(clock, stream, time)
        if len(clock.offsets) > section:
            assert time + offset >= ends[stream]
        ends[stream] = max(ends.get(stream, time), time + offset + 1)
