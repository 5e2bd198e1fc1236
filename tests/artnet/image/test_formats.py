"""Formats: which are read, which are named where they cannot be, and what is said of files with several pictures."""

import io

import numpy as np
import pytest
from helpers.picture_files import flat, gradient, stream, tiff
from PIL import Image, features

from artnet.image import READ_SUFFIXES, PictureError, read_picture, unread_suffixes

FRAMES = [Image.fromarray(gradient()), Image.fromarray(gradient()[:, ::-1])]
SAID = "first of 2 frames; `artnet video` paints all of them"


def animated(kind, frames=FRAMES, **options):
    return stream(frames[0], kind, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize(("kind", "said"), [("GIF", SAID), ("PNG", SAID), ("WEBP", SAID), ("TIFF", "first of 2 pages")])
def test_the_first_of_several_pictures_is_said(kind, said):
    picture = read_picture(animated(kind))
    assert picture.warnings == (said,)
    assert np.abs(picture.rgb.astype(int) - gradient()).mean() < 12
    assert read_picture(stream(FRAMES[0], kind)).warnings == ()


def test_the_second_picture_of_a_phone_is_not_worth_a_word():
    assert read_picture(animated("MPO")).warnings == ()


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_avif():
    assert ".avif" in READ_SUFFIXES
    picture = read_picture(stream(FRAMES[0], "AVIF", quality=95))
    assert np.abs(picture.rgb.astype(int) - gradient()).mean() < 6
    assert picture.warnings == ()
    assert read_picture(animated("AVIF")).warnings == (SAID,)


def heic():
    pillow_heif = pytest.importorskip("pillow_heif")
    content = io.BytesIO()
    pillow_heif.from_pillow(FRAMES[0]).save(content, format="HEIF", quality=95)
    return content.getvalue()


def test_heic_with_the_extra():
    content = heic()
    assert {".heic", ".heif"} <= READ_SUFFIXES
    assert np.abs(read_picture(io.BytesIO(content)).rgb.astype(int) - gradient()).mean() < 6
    with pytest.raises(PictureError, match=r"^IMG_1\.HEIC is "):
        read_picture(io.BytesIO(content[:500]), name="IMG_1.HEIC")


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\0\0\0\x18ftypcrx isom", "a raw camera file: export it"),
        (b"FUJIFILMCCD-RAW 0201", "a raw camera file: export it"),
        (b"IIU\0\x18\0\0\0", "a raw camera file: export it"),
        (b"II*\0\x10\0\0\0CR\x02\0", "a raw camera file: export it"),
        (b"8BPS\0\1", "Photoshop: save it"),
        (b"\xff\x0a\xfa", "JPEG XL: save it"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000: save it"),
        (b"%!PS-Adobe-3.0 EPSF", "EPS: save it"),
        (b"<?xml version='1.0'?>\n<svg xmlns='x'/>", "SVG: save it"),
        (b"\0\0\0\x20ftypisom", "a video: `artnet video`"),
        (b"\x1a\x45\xdf\xa3webm", "a video: `artnet video`"),
    ],
)
def test_what_cannot_be_read_is_named(head, what):
    with pytest.raises(PictureError, match=f"^photo is {what}"):
        read_picture(io.BytesIO(head + bytes(2000)), name="photo")


def test_suffixes_that_cannot_be_read_say_what_to_do():
    unread = unread_suffixes()
    assert not READ_SUFFIXES & unread.keys()
    assert {
        ".cr2",
        ".nef",
        ".arw",
        ".dng",
        ".raf",
        ".orf",
        ".rw2",
        ".psd",
        ".jxl",
        ".svg",
        ".jp2",
        ".eps",
    } <= unread.keys()
    assert {".avif", ".heic", ".heif"} <= READ_SUFFIXES | unread.keys()
    assert all(": " in advice for advice in unread.values())


PREVIEW = gradient(8, 12)


def sub_directory(photometric):
    """A TIFF of a small picture and, in a sub-directory, a larger one of the given photometric interpretation."""
    plain = tiff(PREVIEW, 2, tags=[(330, 4, [0])])
    inner = b"\x01\0" + (262).to_bytes(2, "little") + b"\x03\0\1\0\0\0" + photometric.to_bytes(4, "little") + bytes(4)
    return tiff(PREVIEW, 2, tags=[(330, 4, [len(plain)])]) + inner


RAW = {
    "DNG": tiff(PREVIEW, 2, tags=[(50706, 4, [1025])]),
    "NEF, ARW": tiff(PREVIEW, 2, tags=[(254, 4, [1]), (330, 4, [8])]),
    "SRW": sub_directory(32803),
    "linear": sub_directory(34892),
    "DNG without preview": tiff(PREVIEW[..., :1].copy(), 32803, tags=[(50706, 4, [1025])]),
}


@pytest.mark.parametrize("name", RAW)
def test_raw_files_are_not_painted_from_their_preview(name):
    with pytest.raises(PictureError, match=r"^IMG\.x is a raw camera file: export it as JPEG or TIFF first$"):
        read_picture(io.BytesIO(RAW[name]), name="IMG.x")


def test_other_sub_directories_are_no_raw_files():
    np.testing.assert_array_equal(read_picture(io.BytesIO(sub_directory(2))).rgb, PREVIEW)


def test_a_stream_is_called_by_the_given_name():
    with pytest.raises(PictureError, match=r"^holiday\.jpg is empty"):
        read_picture(io.BytesIO(), name="holiday.jpg")
    assert read_picture(stream(flat("RGB", 9), "PNG"), name="x").rgb.shape == (16, 24, 3)
