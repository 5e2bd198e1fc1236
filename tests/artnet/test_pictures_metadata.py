"""What a picture's file says about it: what travels into the result, and what must not."""

import pytest
from picture_files import EVERY, RGB, flat, stream
from PIL import Image

from artnet.pictures import Picture, read_picture, write_picture


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
