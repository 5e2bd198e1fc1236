"""What a picture's file says about it: what travels into the result, and what must not."""

import io

import numpy as np
import pytest
from helpers.picture_files import EVERY, RGB, flat, stream, tiff
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from artnet.image import Picture, fit_short_side, read_picture, write_picture
from artnet.image.large import read_large, write_large


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_is_kept_unless_stripped(suffix, source, tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif[0x8769] = {0x9003: "2020:02:20 20:20:20", 0xA002: 24, 0xA003: 16}
    exif[0x8825] = {1: "N"}
    picture = read_picture(stream(flat("RGB", (90, 90, 90)), source, exif=exif.tobytes()))
    path = tmp_path / f"out.{suffix}"
    write_picture(path, picture.rgb, like=picture)
    with Image.open(path) as image:
        image.load()
        found = image.getexif()
        assert image.size == (16, 24)
        assert found[0x010F] == "Maker"
        assert found.get(0x0112, 1) == 1
        assert found.get_ifd(0x8825) == {1: "N"}
        assert found.get_ifd(0x8769) == {0x9003: "2020:02:20 20:20:20"}
    write_picture(path, picture.rgb, like=picture, strip_metadata=True)
    with Image.open(path) as image:
        assert 0x010F not in image.getexif()
        assert 0x8769 not in image.getexif()


def test_exif_too_long_for_jpeg_is_left_out(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "long " * 20_000
    like = Picture(RGB, exif=exif.tobytes())
    write_picture(tmp_path / "out.jpg", RGB, like=like)
    write_picture(tmp_path / "out.png", RGB, like=like)
    assert read_picture(tmp_path / "out.jpg").exif is None
    assert read_picture(tmp_path / "out.png").exif is not None


SECRET = b"ORIGINAL" * 50
PRIVATE = {37724: b"Adobe Photoshop Document Data Block\0" + SECRET, 34377: SECRET, 33723: SECRET, 50341: SECRET}
LAYOUT = {254, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 330, 338, 339, 347}


@pytest.mark.parametrize("suffix", EVERY)
def test_layers_and_other_blocks_of_the_original_stay_behind(suffix, tmp_path):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, content in PRIVATE.items():
        tags.tagtype[tag] = 7
        tags[tag] = content
    tags[315] = "somebody"
    picture = read_picture(stream(flat("RGB", (90, 90, 90)), "TIFF", tiffinfo=tags))
    write_picture(tmp_path / f"out.{suffix}", picture.rgb, like=picture)
    assert b"ORIGINAL" not in (tmp_path / f"out.{suffix}").read_bytes()
    with Image.open(tmp_path / f"out.{suffix}") as image:
        assert image.getexif()[315] == "somebody"


def test_thumbnail_and_maker_note_stay_behind(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x927C: SECRET, 0x9003: "2020:02:20 20:20:20", 0xA005: {1: "R98"}}
    block = bytearray(exif.tobytes())
    head = 6
    entries = int.from_bytes(block[head + 8 : head + 10], "little")
    link = head + 10 + 12 * entries  # where the second directory, that of the thumbnail, is named
    block[link : link + 4] = (len(block) - head).to_bytes(4, "little")
    block += (1).to_bytes(2, "little") + (0x0201).to_bytes(2, "little") + b"\4\0\1\0\0\0" + bytes(8) + SECRET
    picture = read_picture(stream(flat("RGB", (90, 90, 90)), "JPEG", exif=bytes(block)))
    for suffix in EVERY:
        path = tmp_path / f"out.{suffix}"
        write_picture(path, picture.rgb, like=picture)
        assert b"ORIGINAL" not in path.read_bytes()
        with Image.open(path) as image:
            assert image.getexif().get_ifd(0x8769) == {0x9003: "2020:02:20 20:20:20"}
            assert image.getexif().get_ifd(ExifTags.IFD.IFD1) == {}


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize(
    "content",
    [tiff(np.full((16, 24, 1), 0.5, "<f4"), 1), tiff(np.full((16, 24, 3), 99, "<u2"), 2)],
    ids=["grey float", "16 bits"],
)
def test_how_the_old_pixels_were_stored_is_not_said_of_the_new(content, suffix, tmp_path):
    picture = read_picture(io.BytesIO(content))
    write_picture(tmp_path / f"out.{suffix}", picture.rgb, like=picture)
    with Image.open(tmp_path / f"out.{suffix}") as image:
        if image.format == "TIFF":
            assert image.tag_v2[258] == (8, 8, 8)
            assert 339 not in image.tag_v2
            assert image.tag_v2[262] == 2
        else:
            assert not LAYOUT & set(image.getexif())


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "BMP"])
def test_resolution_is_kept_unless_stripped(source, suffix, tmp_path):
    picture = read_picture(stream(flat("RGB", (90, 90, 90)), source, dpi=(300, 300)))
    assert picture.dpi == pytest.approx((300, 300), abs=0.02)
    path = tmp_path / f"out.{suffix}"
    write_picture(path, picture.rgb, like=fit_short_side(picture, 16))
    assert read_picture(path).dpi == pytest.approx((300, 300), abs=0.03)
    write_picture(path, picture.rgb, like=picture, strip_metadata=True)
    assert read_picture(path).dpi is None


def test_resolution_turns_with_the_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_picture(stream(flat("RGB", 0), "JPEG", exif=exif, dpi=(300, 150))).dpi == (150, 300)


@pytest.mark.parametrize("dpi", [(0, 0), (70_000, 70_000)])
def test_no_resolution_and_absurd_ones(dpi):
    assert read_picture(stream(flat("RGB", 0), "TIFF")).dpi is None
    assert read_picture(stream(flat("RGB", 0), "TIFF", dpi=dpi)).dpi is None


XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:GImage="http://ns.google.com/photos/1.0/image/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
  xmp:Rating="4" tiff:Orientation="1" tiff:ImageWidth="24" exif:PixelXDimension="24" GImage:Data="ORIGINAL">
  <dc:title><rdf:Alt><rdf:li xml:lang="x-default">A title</rdf:li></rdf:Alt></dc:title>
  <xmp:Thumbnails>ORIGINAL</xmp:Thumbnails><xmpMM:History>ORIGINAL</xmpMM:History>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def with_xmp(kind, packet):
    """A file of the kind with an XMP packet, which Pillow writes into each in another way."""
    options = {"xmp": packet}
    if kind == "PNG":
        options = {"pnginfo": PngImagePlugin.PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
    elif kind == "TIFF":
        options = {"tiffinfo": {700: packet}}
    return stream(flat("RGB", (90, 90, 90)), kind, **options)


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_xmp_is_kept_without_what_shows_or_describes_the_old_pixels(source, suffix, tmp_path):
    picture = read_picture(with_xmp(source, XMP))
    path = tmp_path / f"out.{suffix}"
    write_picture(path, picture.rgb, like=picture)
    with Image.open(path) as image:
        packet = image.info["xmp"]
    assert b"A title" in packet
    assert b'xmp:Rating="4"' in packet
    for gone in (b"ORIGINAL", b"Orientation", b"ImageWidth", b"PixelXDimension", b"History"):
        assert gone not in path.read_bytes()
    write_picture(path, picture.rgb, like=picture, strip_metadata=True)
    assert b"A title" not in path.read_bytes()


@pytest.mark.parametrize(
    "packet",
    [
        b"nonsense",
        b"<x:xmpmeta",
        b"\xff\xfe<\0",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + XMP,
        b'<a xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></a>',
    ],
)
def test_odd_xmp_is_left_behind(packet):
    assert read_picture(stream(flat("RGB", 0), "JPEG", xmp=packet)).xmp is None


def test_xmp_too_long_for_jpeg_is_left_out(tmp_path):
    like = Picture(RGB, xmp=XMP + b" " * 70_000)
    write_picture(tmp_path / "out.jpg", RGB, like=like)
    write_picture(tmp_path / "out.png", RGB, like=like)
    assert read_picture(tmp_path / "out.jpg").xmp is None
    assert read_picture(tmp_path / "out.png").xmp is not None


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_libvips_keeps_the_same(suffix, tmp_path):
    pytest.importorskip("pyvips")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    (tmp_path / "a.jpg").write_bytes(
        stream(flat("RGB", (90, 90, 90)), "JPEG", exif=exif, xmp=XMP, dpi=(300, 300)).getvalue()
    )
    small, huge = read_picture(tmp_path / "a.jpg"), read_large(tmp_path / "a.jpg", tmp_path)
    assert (huge.exif, huge.xmp) == (small.exif, small.xmp)
    assert huge.dpi == pytest.approx(small.dpi)
    path = tmp_path / f"out.{suffix}"
    write_large(path, huge.rgb, like=huge)
    again = read_picture(path)
    assert b"A title" in again.xmp
    assert again.dpi == pytest.approx((300, 300), abs=0.03)
    write_large(path, huge.rgb, like=huge, strip_metadata=True)
    again = read_picture(path)
    assert (again.exif, again.xmp) == (None, None)
    assert again.dpi is None or again.dpi == pytest.approx((25.4, 25.4))  # which libvips says of all it knows none of


def test_tags_of_the_wrong_type_cost_only_themselves():
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "Maker", "Software"
    block = exif.tobytes()
    order = "big" if block[6:8] == b"MM" else "little"
    tag, text, no_type = (number.to_bytes(2, order) for number in (0x0131, 2, 99))
    assert tag + text in block
    block = block.replace(tag + text, tag + no_type)
    found = Image.Exif()
    found.load(read_picture(stream(flat("RGB", 0), "JPEG", exif=block)).exif)
    assert found[0x010F] == "Maker"
    assert 0x0131 not in found
