"""Animated pictures that FFmpeg cannot decode (WebP, AVIF), as a video that it can."""

import tempfile
from fractions import Fraction
from typing import BinaryIO

import av
from PIL import Image, ImageSequence

_USUAL = 100  # milliseconds of a frame that does not say
FORMATS = ("WEBP", "AVIF", "GIF", "PNG", "TIFF", "JPEG", "BMP", "PPM", "MPO")
"""Pictures that are told from videos; TIFF and MPO hold pages, not moments."""
_PAGES = ("TIFF", "MPO")


def as_video(file: BinaryIO) -> BinaryIO | None:
    """A temporary lossless video of an animated picture; None for a picture that does not move.

    Raises:
        Exception: of nearly any kind, where the file is no picture, or damaged.
    """
    file.seek(0)
    with Image.open(file, formats=FORMATS) as picture:
        if getattr(picture, "n_frames", 1) < 2 or picture.format in _PAGES:
            return None
        video = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads the video closes it
        with av.open(video, "w", format="matroska") as container:
            stream = container.add_stream("ffv1", rate=Fraction(1000))
            stream.width, stream.height = picture.size
            stream.pix_fmt = "bgra"
            time = 0
            for shown in ImageSequence.Iterator(picture):
                shown.load()
                frame = av.VideoFrame.from_image(shown.convert("RGBA")).reformat(format="bgra")
                frame.pts, frame.time_base = time, Fraction(1, 1000)
                frame.duration = round(shown.info.get("duration") or _USUAL)
                time += frame.duration
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    video.seek(0)
    return video
