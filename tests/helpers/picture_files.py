"""Picture files that tests of reading and writing make: of kinds that Pillow cannot write, and with odd profiles."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

RGB = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3) * 2
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = ["png", "tif", "tiff"]
EVERY = [*LOSSLESS, "jpg", "jpeg", "webp"]


def stream(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return io.BytesIO(buffer.getvalue())


def flat(mode, color, size=(24, 16)):
    return Image.new(mode, size, color)


def swapped_profile():
    """sRGB with the primaries of red and blue exchanged: a picture that ignores it shows red as blue."""
    tags = {SRGB[o : o + 4]: o for o in range(132, 132 + 12 * struct.unpack(">I", SRGB[128:132])[0], 12)}
    profile = bytearray(SRGB)
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red + 4 : red + 12], profile[blue + 4 : blue + 12] = SRGB[blue + 4 : blue + 12], SRGB[red + 4 : red + 12]
    return bytes(profile)


def profile_of(space, device, pcs, **tags):
    """The bytes of a minimal ICC profile (version 2) of a colour space."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name.encode() + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", 0, b"test", 0x02100000, device, space, pcs) + bytes(12) + b"acsp" + bytes(28)
    header += struct.pack(">3i", 63190, 65536, 54061) + bytes(48)  # the illuminant D50
    profile = header + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def inverted_ink_profile():
    """A CMYK profile in which full black ink is white paper, and no ink at all is black, whatever C, M and Y."""
    ramp = bytes(range(256))
    unit = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    corners = bytes([0, 128, 128, 255, 128, 128]) * 8  # L*, a*, b* over C, M, Y and, changing fastest, K
    return profile_of(
        b"CMYK", b"prtr", b"Lab ", A2B0=b"mft1" + bytes([0] * 4 + [4, 3, 2, 0]) + unit + ramp * 4 + corners + ramp * 3
    )


def png(depth, color_type, row, width, extra=b""):
    """The bytes of a PNG of one row in a depth that Pillow cannot write."""

    def chunk(body):
        return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR" + struct.pack(">IIBBBBB", width, 1, depth, color_type, 0, 0, 0))
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT" + zlib.compress(b"\0" + row)) + chunk(b"IEND")
    )


def gradient(height=40, width=64):
    """(H, W, 3) uint8 without flat regions."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x + y) % 32 * 8], 2).astype(np.uint8)


def tiff(values, photometric, extra=None, tags=()):
    """The bytes of an uncompressed TIFF of any type of values.

    Args:
        values: (H, W, C) of any integer or float type, little-endian.
        photometric: its tag: 0 white is zero, 1 grey, 2 RGB, 5 CMYK.
        extra: the tag ExtraSamples: 0 unspecified, 1 premultiplied alpha, 2 alpha.
        tags: further ones, (number, type 3 for shorts or 4 for longs, values).
    """
    height, width, channels = values.shape
    data = values.tobytes() + bytes(values.nbytes % 2)
    bits, kind = values.itemsize * 8, {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * channels), (259, 3, [1]), (262, 3, [photometric]),
        (273, 4, [8]), (277, 3, [channels]), (278, 4, [height]), (279, 4, [values.nbytes]), (284, 3, [1]),
        (339, 3, [kind] * channels), *([(338, 3, [extra])] if extra is not None else []), *tags,
    ]  # fmt: skip
    start = 8 + len(data)
    after = start + 2 + 12 * len(entries) + 4
    directory, outside = struct.pack("<H", len(entries)), b""
    for tag, type_, numbers in sorted(entries):
        packed = struct.pack(f"<{len(numbers)}{'H' if type_ == 3 else 'I'}", *numbers)
        directory += struct.pack("<HHI", tag, type_, len(numbers))
        directory += packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", after + len(outside))
        outside += packed if len(packed) > 4 else b""
    return struct.pack("<2sHI", b"II", 42, start) + data + directory + bytes(4) + outside
