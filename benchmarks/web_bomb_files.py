"""Files that ask for far more than their size: for `benchmarks.web_bombs`."""

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from PIL import Image


def plain(path: Path, width: int, height: int, mode: str = "RGB", **options: object) -> Path:
    """A picture of a few colours."""
    image = Image.new(mode, (width, height), 1 if mode == "1" else None)
    if mode == "RGB" and width * height < 20_000_000:
        image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.save(path, **options)
    return path


def layer_bomb(folder: Path) -> Path:
    return plain(folder / "layer.png", 30_000, 30_000, "1")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(path: Path, kind: bytes, head: bytes, times: int = 1) -> Path:
    """A small PNG with chunks that each inflate to 200 MB."""
    content = plain(path, 64, 64).read_bytes()
    packed = zlib.compress(bytes(200_000_000), 9)
    path.write_bytes(content[:33] + chunk(kind, head + packed) * times + content[33:])
    return path


def gif(path: Path, frames: int, screen: int) -> Path:
    frame = b"\x21\xf9\x04\0\x01\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    head = b"GIF89a" + struct.pack("<HH", screen, screen) + b"\x80\0\0" + bytes([0, 0, 0, 255, 255, 255])
    path.write_bytes(head + frame * frames + b";")
    return path


def tiff(path: Path, width: int, height: int, strip_bytes: int, pages: int = 1) -> Path:
    """A TIFF that says one strip holds it all; its bytes are not there, or a few where there are several pages."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
            (278, 4, height), (279, 4, strip_bytes)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    page = struct.pack("<H", len(tags)) + entries
    starts = [8 + n * (len(page) + 4) for n in range(pages)]
    following = b"".join(page + struct.pack("<I", start) for start in [*starts[1:], 0])
    path.write_bytes(b"II*\0\x08\0\0\0" + following)
    return path


def jpeg_lie(path: Path) -> Path:
    content = bytearray(plain(path, 64, 64).read_bytes())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    path.write_bytes(content)
    return path


def jpeg_scans(path: Path, scans: int = 3000) -> Path:
    """A progressive JPEG of 15 megapixels whose last scan comes again and again."""
    content = plain(path, 3900, 3900, progressive=True).read_bytes()
    last = content.rindex(b"\xff\xda")
    path.write_bytes(content[:last] + content[last:-2] * scans + content[-2:])
    return path


def patched(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def bmp_lie(path: Path) -> Path:
    content = bytearray(plain(path, 64, 64).read_bytes())
    content[18:26] = struct.pack("<ii", 3900, 4000)
    return patched(path, bytes(content))


def clip(path: Path, sizes: list[tuple[int, int]], frames: int = 3, codec: str = "libx264", rate: int = 25) -> Path:
    """A video whose frames change their size midway, where several are given."""
    streams = []
    for width, height in sizes:
        memory = BytesIO()
        with av.open(memory, "w", format="mpegts") as out:
            video = out.add_stream(codec, rate=rate, options={"preset": "ultrafast"})
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            for n in range(frames):
                frame = av.VideoFrame(width, height, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes([80 + n]) * plane.buffer_size)
                out.mux(video.encode(frame))
            out.mux(video.encode())
        streams.append(memory.getvalue())
    return patched(path, b"".join(streams))


def repeated(path: Path, frames: int, rate: int, codec: str = "mjpeg") -> Path:
    """A tiny frame so many times; of MPEG-4 all but the first say that nothing changes, in a few bytes."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = 16, 16, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        video.codec_context.time_base = Fraction(1, rate)
        data = []
        for n in range(2):
            frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 99, np.uint8), format="rgb24")
            frame.pts = n
            data += map(bytes, video.encode(frame))
        for n in range(frames):
            packet = av.Packet(data[min(n, 1)])
            packet.stream, packet.pts, packet.dts, packet.time_base = video, n, n, Fraction(1, rate)
            packet.is_keyframe = n == 0 or codec == "mjpeg"
            out.mux(packet)
    return path


def mp4_lie(path: Path, box: bytes, at: int, value: bytes, frames: int = 50) -> Path:
    """An MP4 of which one box says something else."""
    content = bytearray(repeated(path, frames, 25).read_bytes())
    place = content.index(box) + 4 + at
    content[place : place + len(value)] = value
    return patched(path, bytes(content))


def matroska(path: Path) -> Path:
    content = bytearray(repeated(path, 50, 25).read_bytes())
    place = content.index(bytes.fromhex("1654ae6b")) + 4  # the tracks
    content[place : place + 1] = b"\x01"  # their size takes eight bytes
    content[place + 1 : place + 8] = b"\0\xff\xff\xff\xff\xff\xff"
    return patched(path, bytes(content))


def named(path: Path, text: str) -> Path:
    return patched(path, text.encode())


PICTURES: dict[str, Callable[[Path], Path]] = {
    "PNG of 16,000,000 x 1": lambda f: plain(f / "wide.png", 16_000_000, 1, "1"),
    "PNG of 1 x 3,000,000": lambda f: plain(f / "high.png", 1, 3_000_000, "1"),
    "PNG of 30000 x 30000, 1 bit": lambda f: plain(f / "bits.png", 30_000, 30_000, "1"),
    "PNG, zTXt of 200 MB": lambda f: png_with(f / "ztxt.png", b"zTXt", b"Comment\0\0"),
    "PNG, 10 iTXt of 200 MB": lambda f: png_with(f / "itxt.png", b"iTXt", b"Comment\0\x01\0\0\0", 10),
    "PNG, iCCP of 200 MB": lambda f: png_with(f / "iccp.png", b"iCCP", b"icc\0\0"),
    "GIF, screen of 65535 x 65535": lambda f: gif(f / "screen.gif", 1, 65_535),
    "GIF of 100,000 frames": lambda f: gif(f / "frames.gif", 100_000, 64),
    "TIFF of 200000 x 200000": lambda f: tiff(f / "huge.tif", 200_000, 200_000, 1000),
    "TIFF, strip of 4 GB": lambda f: tiff(f / "strip.tif", 3000, 3000, 4_000_000_000),
    "TIFF of 20,000 pages": lambda f: tiff(f / "pages.tif", 8, 8, 64, 20_000),
    "WebP of 16383 x 16383": lambda f: plain(f / "big.webp", 16_383, 16_383, "RGB", lossless=True, method=0),
    "AVIF of 8000 x 8000": lambda f: plain(f / "big.avif", 8000, 8000, "RGB", speed=10),
    "JPEG 2000 of 8000 x 8000": lambda f: plain(f / "big.jp2", 8000, 8000, "L"),
    "JPEG of 65500 x 300": lambda f: plain(f / "long.jpg", 65_500, 300),
    "JPEG that says 65500 x 65500": lambda f: jpeg_lie(f / "lie.jpg"),
    "progressive JPEG of 3,000 scans": lambda f: jpeg_scans(f / "scans.jpg"),
    "BMP that says 3900 x 4000": lambda f: bmp_lie(f / "lie.bmp"),
    "PPM that says 999999 x 999999": lambda f: named(f / "lie.ppm", "P6 999999 999999 255\n"),
    "PPM that says 3900 x 4000": lambda f: named(f / "less.ppm", "P6 3900 4000 255\n"),
    "SVG that names a file": lambda f: named(
        f / "a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/hostname"/></svg>'
    ),
}
VIDEOS: dict[str, Callable[[Path], Path]] = {
    "video, frames of 8192 x 4352": lambda f: clip(f / "large.ts", [(8192, 4352)], 2),
    "video, 64 x 64, midway 8192 x 4352": lambda f: clip(f / "midway.ts", [(64, 64), (8192, 4352)], 8),
    "video of 1,000,000 frames at 2,000 a second": lambda f: repeated(f / "million.mkv", 1_000_000, 2000, "mpeg4"),
    "MP4 that says 0 s": lambda f: mp4_lie(f / "short.mp4", b"mvhd", 16, bytes(4)),
    "MP4 of 3 billion samples": lambda f: mp4_lie(f / "samples.mp4", b"stsz", 4, struct.pack(">II", 1, 3_000_000_000)),
    "MP4 of 150 million samples": lambda f: mp4_lie(f / "some.mp4", b"stsz", 4, struct.pack(">II", 1, 150_000_000)),
    "Matroska, element of 2^48 bytes": lambda f: matroska(f / "element.mkv"),
    "playlist that names a file": lambda f: named(
        f / "list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///tmp/cases/sdr.mp4\n#EXT-X-ENDLIST\n"
    ),
    "concat list that names a file": lambda f: named(
        f / "list.ffconcat", "ffconcat version 1.0\nfile /tmp/cases/sdr.mp4\n"
    ),
    "SDP that names an address": lambda f: named(
        f / "a.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    ),
    "DASH that names a file": lambda f: named(
        f / "a.mpd",
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period>'
        "<AdaptationSet><Representation id='1' mimeType='video/mp4' codecs='avc1' width='64' height='64' bandwidth='1'>"
        "<BaseURL>file:///tmp/cases/sdr.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>",
    ),
}
