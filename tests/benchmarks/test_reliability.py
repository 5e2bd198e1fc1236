"""What the fuzzing is made of: mutants that can be made again, and originals that are whole."""

import io
import json
import os
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av", reason="PyAV comes with artnet[video]")
pytest.importorskip("pyvips", reason="libvips comes with artnet[huge]")
pytest.importorskip("pillow_heif", reason="HEIC comes with artnet[heic]")

from artnet.image import read_picture
from benchmarks.reliability import corpus, mutations
from benchmarks.reliability.fuzz import judged
from benchmarks.reliability.readers import kinds

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="measures memory as Linux tells it")
TEXT = b'{"a": [1, {"b": "c"}], "d": null}'


def png():
    file = io.BytesIO()
    Image.fromarray(corpus.pixels()).save(file, "PNG")
    return file.getvalue()


def test_a_mutant_can_be_made_again():
    made = [mutations.mutant(png(), random.Random("a/7"), (mutations.png_chunks,)) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0] != mutations.mutant(png(), random.Random("a/8"), (mutations.png_chunks,))


def test_mutants_of_png_have_right_checksums():
    for n in range(50):
        data, at = mutations.png_chunks(png(), random.Random(n)), 8
        while at < len(data):
            (size,) = struct.unpack_from(">I", data, at)
            assert zlib.crc32(data[at + 4 : at + 8 + size]) == struct.unpack_from(">I", data, at + 8 + size)[0]
            at += size + 12
        assert at == len(data)


def test_every_place_of_a_value_can_become_odd():
    value = json.loads(TEXT)
    found = list(mutations.places(value))
    assert found == [(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b"), ("d",)]
    assert [mutations.put(value, place, "odd") for place in found][-2:] == [
        {"a": [1, {"b": "odd"}], "d": None}, {"a": [1, {"b": "c"}], "d": "odd"},
    ]  # fmt: skip
    assert value == json.loads(TEXT)


def test_pictures_of_the_corpus_are_whole(tmp_path):
    made = dict(corpus.pictures())
    assert {name.rpartition(".")[2] for name in made} >= {
        "png",
        "jpg",
        "webp",
        "tif",
        "bmp",
        "gif",
        "ppm",
        "avif",
        "heic",
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
        assert read_picture(tmp_path / name).rgb.dtype == np.uint8


@pytest.mark.parametrize("name", ["training log", "manifest", "pruning plan", "joints, CSV", "joints, NPY", "labels"])
def test_originals_are_read(name, tmp_path):
    kind = kinds()[name]
    for path in kind.files(tmp_path):
        assert judged(kind.read, path) == ("read", "")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ValueError("a.bin is damaged"), "refused"), (FileNotFoundError(2, "gone", "a.bin"), "refused"),
        (ValueError("it is damaged"), "fault"), (ValueError("a.bin is\ndamaged"), "fault"),
        (KeyError("a.bin"), "fault"), (RecursionError(), "fault"),
    ],
)  # fmt: skip
def test_what_counts_as_refused(error, outcome, tmp_path):
    def read(path):
        raise error

    assert judged(read, tmp_path / "a.bin")[0] == outcome
