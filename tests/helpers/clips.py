"""Small videos that tests make for themselves."""

from fractions import Fraction

import av
import numpy as np


def moving_frames(count=12, height=48, width=64):
    """A bright square that wanders over a gradient, (H, W, 3) uint8 each."""
    rows, columns = np.mgrid[:height, :width]
    ground = np.stack([rows * 2, columns * 2, np.full_like(rows, 90)], axis=2).astype(np.uint8)
    for n in range(count):
        frame = ground.copy()
        frame[10:26, 4 + 2 * n : 20 + 2 * n] = (250, 240, 80)
        yield frame


def make_clip(
    path,
    frames=None,
    *,
    times=None,
    rate=25,
    audio=None,
    rotation=None,
    matrix=None,
    codec="libx264",
    options=None,
    aspect=None,
):
    """Write a video; `times` are the frames' begins in 1/1000 s, `audio` a codec for a tone of the same length."""
    frames = list(moving_frames() if frames is None else frames)
    base = Fraction(1, 1000) if times is not None else Fraction(1, rate)
    times = list(range(len(frames))) if times is None else times
    with av.open(str(path), "w", options=options or {}) as out:
        video = out.add_stream(codec, rate=rate, options={"crf": "6"} if codec == "libx264" else {})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = "yuv420p" if not (video.height % 2 or video.width % 2) else "yuv444p"
        video.codec_context.time_base = base
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        if matrix:
            video.codec_context.colorspace = matrix
            video.codec_context.color_primaries = video.codec_context.color_trc = matrix
        tone = out.add_stream(audio, rate=48000) if audio else None
        for rgb, time in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
                format=video.pix_fmt, dst_colorspace=matrix, dst_color_range=1
            )
            picture.pts, picture.time_base = time, base
            out.mux(video.encode(picture))
        out.mux(video.encode())
        if tone:
            _mux_tone(out, tone, float((times[-1] + 1) * base))
    return path


def _mux_tone(out, tone, seconds):
    length = int(seconds * 48000)
    wave = (np.sin(np.arange(length) / 48000 * 2 * np.pi * 440) * 12000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
    frame.rate, frame.pts = 48000, 0
    resampler = av.AudioResampler(tone.format.name, "mono", 48000, frame_size=tone.codec_context.frame_size or 1024)
    for ready in (*resampler.resample(frame), *resampler.resample(None)):
        out.mux(tone.encode(ready))
    out.mux(tone.encode())


def frames_of(path):
    """[(seconds, (H, W, 3) uint8), ...] as a player shows them, but not turned."""
    with av.open(str(path)) as container:
        return [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def audio_packets(path):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(audio=0) if p.size]
