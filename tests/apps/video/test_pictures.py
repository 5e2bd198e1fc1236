"""What players show: colours, turned and stretched frames, interlaced ones, transparency."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

av = pytest.importorskip("av", reason="PyAV comes with artnet[video]")

from helpers.clips import frames_of, make_clip, moving_frames  # noqa: E402

from apps.cli import main  # noqa: E402
from apps.video.color import HLG, PQ, Colors, to_bt709  # noqa: E402
from apps.video.pictures import Turn, square_size, turn_of  # noqa: E402
from apps.video.reading import Frame, VideoReader  # noqa: E402


def video(*arguments):
    return main(["video", *map(str, arguments), "--style", "style.png", "--no-steady"])


def pictures(path):
    with VideoReader(path) as reader:
        return [item.rgb for item in reader if isinstance(item, Frame)]


def encode(path, frames, codec="libx264", *, pix_fmt="yuv420p", rate=10, tags=None, options=None, aspect=None):
    """Write arrays that are in `pix_fmt` already, or (H, W, 3) uint8."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = frames[0].height, frames[0].width
        stream.pix_fmt = pix_fmt
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        for n, frame in enumerate(frames):
            frame.pts, frame.time_base = n, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


# What light of the SDR levels looks like in the other systems, by the formulas of BT.2100 and BT.1886, in 16 bits.
LEVELS = np.array([0, 30, 90, 128, 180, 220], np.float64)
LIGHT = (LEVELS / 255) ** 2.4


def pq_code(light):
    power = (light * 203 / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg_code(light):
    scene = (light * 203 / 1000) ** (1 / 1.2)
    log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)


@pytest.mark.parametrize(("transfer", "code"), [(PQ, pq_code), (HLG, hlg_code), (1, lambda light: light ** (1 / 2.4))])
@pytest.mark.parametrize("primaries", [1, 9, 12])
def test_greys_come_back_from_every_system(transfer, code, primaries):
    grey = np.rint(65535 * code(LIGHT)).astype(np.uint16)
    rgb = to_bt709(np.repeat(grey[None, :, None], 3, 2), Colors(1, primaries, transfer))
    assert np.abs(rgb[0].astype(int) - LEVELS[:, None]).max() <= 2


@pytest.mark.parametrize(
    ("primaries", "matrix"),
    [
        (9, [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]),  # BT.2087, from BT.709
        (12, [[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]]),
    ],
)
def test_wide_gamuts_against_published_matrices(primaries, matrix):
    colours = np.array([[200, 60, 40], [50, 180, 90], [70, 80, 210]], np.float64)
    wide = np.rint(65535 * ((colours / 255) ** 2.4 @ np.array(matrix).T) ** (1 / 2.4)).astype(np.uint16)
    rgb = to_bt709(wide[None], Colors(1, primaries, 1))
    assert np.abs(rgb[0].astype(int) - colours).max() <= 3


def test_highlights_beyond_white_stay_ordered_and_in_range():
    nits = np.array([150, 203, 400, 1000])
    grey = np.rint(65535 * pq_code(nits / 203)).astype(np.uint16)
    rgb = to_bt709(np.repeat(grey[None, :, None], 3, 2), Colors(9, 9, PQ))[0, :, 0]
    assert (np.diff(rgb.astype(int)) >= 0).all()
    assert rgb[1] >= 240


@pytest.mark.parametrize(("transfer", "code"), [(PQ, pq_code), (HLG, hlg_code)])
def test_high_dynamic_range_video_is_painted_and_tagged_as_bt709(transfer, code, fake, desk):
    grey = np.rint(1023 * (64 + 876 * code(np.array((120 / 255) ** 2.4))) / 1023).astype(np.uint16)
    planes = np.concatenate([np.full((64, 64), grey), np.full((32, 64), 512)]).astype(np.uint16)
    frames = [av.VideoFrame.from_ndarray(planes, format="yuv420p10le") for _ in range(3)]
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": transfer, "color_range": 1}
    params = {"x265-params": "log-level=none"}
    encode("in.mp4", frames, "libx265", pix_fmt="yuv420p10le", tags=tags, options=params)
    assert np.abs(np.mean(pictures("in.mp4")) - 120) <= 3
    assert video("in.mp4", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
    assert np.abs(np.mean([rgb for _, rgb in frames_of("out.mp4")]) - (255 - 120)) <= 6


def test_full_range_is_not_stretched(desk):
    frame = av.VideoFrame.from_ndarray(np.concatenate([np.full((64, 64), 40), np.full((32, 64), 128)]).astype(np.uint8),
                                       format="yuvj420p")  # fmt: skip
    encode("in.mp4", [frame] * 2, pix_fmt="yuvj420p", tags={"color_range": 2})
    assert np.abs(np.mean(pictures("in.mp4")) - 40) <= 2


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(2), (48, 128)), (Fraction(1, 2), (96, 64)), (None, (48, 64))])
def test_pixels_become_square(aspect, size, fake, desk):
    frames = [av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p") for rgb in moving_frames(3)]
    encode("in.mp4", frames, aspect=aspect)
    assert video("in.mp4", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.height, stream.width) == size
        assert Fraction(stream.sample_aspect_ratio or 1) in (0, 1)  # 0 where it is not said


@given(st.integers(1, 8192), st.integers(1, 4352), st.fractions(0, 100))
def test_square_pixels_keep_the_shape_and_never_shrink(width, height, aspect):
    wide, high = square_size(width, height, aspect)
    assert wide >= width
    assert high >= height
    assert (wide, high) == (width, height) or min(wide - width, high - height) == 0


CORNERS = np.array([[10, 80], [160, 240]], np.uint8)
MATRICES = {  # a, b, c, d of the display matrix, and where the corners are then
    (1, 0, 0, 1): CORNERS,
    (-1, 0, 0, 1): CORNERS[:, ::-1],
    (1, 0, 0, -1): CORNERS[::-1],
    (-1, 0, 0, -1): CORNERS[::-1, ::-1],
    (0, 1, -1, 0): np.rot90(CORNERS, -1),
    (0, -1, 1, 0): np.rot90(CORNERS, 1),
    (0, 1, 1, 0): CORNERS.T,
    (0, -1, -1, 0): np.rot90(CORNERS, 2).T,
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_every_display_matrix(matrix, desk):
    """As written into the track header of an MP4, 16.16 numbers a b u c d v x y w."""
    make_clip("plain.mp4", [np.repeat(CORNERS.repeat(24, 0).repeat(32, 1)[..., None], 3, 2)] * 2)
    data = bytearray((desk / "plain.mp4").read_bytes())
    at = data.find(b"tkhd") + 44
    a, b, c, d = (value * 65536 for value in matrix)
    data[at : at + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, 64 << 16, 48 << 16, 0x40000000)
    )
    (desk / "turned.mp4").write_bytes(data)
    shown = pictures("turned.mp4")[0].mean(2)
    height, width = shown.shape
    assert (height, width) == ((48, 64) if a else (64, 48))
    found = shown.reshape(2, height // 2, 2, width // 2).mean((1, 3))
    assert np.abs(found - MATRICES[matrix]).max() < 6


def test_no_matrix_is_upright():
    assert turn_of(av.VideoFrame(8, 8, "rgb24")) == Turn()


def test_interlaced_frames_have_no_combs(fake, desk):
    """Two moments woven into each frame: a square that is 16 pixels further in every second row."""
    frames = []
    for n in range(8):
        rgb = np.full((64, 96, 3), 20, np.uint8)
        rgb[0::2, 4 + 8 * n : 20 + 8 * n], rgb[1::2, 8 + 8 * n : 24 + 8 * n] = 230, 230
        frames.append(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv444p"))
    flags = {"flags": "+ilme+ildct", "crf": "4", "x264-params": "tff=1"}
    encode("in.mkv", frames, pix_fmt="yuv444p", options=flags)
    shown = pictures("in.mkv")
    assert len(shown) == 8
    woven = np.abs(np.diff(frames[4].reformat(format="gray").to_ndarray().astype(int), axis=0)).mean()
    assert np.abs(np.diff(shown[4].mean(2), axis=0)).mean() < woven / 2
    assert video("in.mkv", "-o", "out.mp4") == 0
    assert [time for time, _ in frames_of("out.mp4")] == pytest.approx([n / 10 for n in range(8)], abs=0.002)


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx"])
def test_transparent_video_is_laid_on_white(codec, desk):
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[..., 0] = 255
    rgba[:, :32, 3] = 255
    frames = [av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva420p") for _ in range(3)]
    encode("in.webm", frames, codec, pix_fmt="yuva420p", options={"auto-alt-ref": "0"})
    shown = pictures("in.webm")
    assert len(shown) == 3
    assert np.abs(shown[0][:, 4:28].astype(int) - (255, 0, 0)).max() < 25
    assert shown[0][:, 36:60].min() > 235


@pytest.mark.parametrize(("suffix", "pace"), [("webp", 70), ("gif", 70), ("png", 70)])
def test_animated_pictures_are_videos(suffix, pace, fake, desk):
    frames = [Image.new("RGB", (64, 48), (90 * n, 40, 40)) for n in range(3)]
    frames[0].save(f"in.{suffix}", save_all=True, append_images=frames[1:], duration=pace, loop=0)
    assert video(f"in.{suffix}", "-o", "out.mp4") == 0
    painted = frames_of("out.mp4")
    assert [round(1000 * time) for time, _ in painted] == [0, 70, 140]
    for n, (_, rgb) in enumerate(painted):
        assert np.abs(rgb.reshape(-1, 3).mean(0) - (255 - 90 * n, 215, 215)).max() < 10


@pytest.mark.parametrize("size", [(16, 640), (640, 16), (2, 2), (8, 400), (64, 64)])
def test_frames_of_any_shape_are_steadied(size, fake, desk):
    frames = [np.full((*size, 3), 40 * n, np.uint8) for n in range(4)]
    encode("in.mkv", [av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="bgr0") for rgb in frames],
           "ffv1", pix_fmt="bgr0")  # fmt: skip
    assert main(["video", "in.mkv", "--style", "style.png", "-o", "out.mp4"]) == 0
    assert [rgb.shape[:2] for _, rgb in frames_of("out.mp4")] == [size] * 4
