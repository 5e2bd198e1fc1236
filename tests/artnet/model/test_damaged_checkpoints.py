"""Damaged checkpoints: each is read, or refused by a ValueError that names the file, whatever is wrong with it."""

import pytest
from helpers.mutations import mutated, mutated_header, read_or_refused
from helpers.tiny import noise_picture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artnet.engines import load_engine
from artnet.engines.base import Look, Style
from artnet.image.damaged import reading
from artnet.model.checkpoint import load_checkpoint, save_checkpoint

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("error", [RecursionError(), MemoryError(), OverflowError("int too large"), KeyError("a")])
def test_any_error_becomes_one_line_that_names_the_file(error):
    with pytest.raises(ValueError, match=r"^a\.bin is not a thing, or is damaged \(.+\)$"), reading("a.bin", "a thing"):
        raise error


def test_errors_that_say_enough_are_passed_on():
    with pytest.raises(ValueError, match=r"^a\.bin is empty$"), reading("a.bin", "a thing"):
        raise ValueError("a.bin is empty")
    with pytest.raises(FileNotFoundError, match="gone"), reading("a.bin", "a thing"):
        raise FileNotFoundError("gone")


@SLOW
@given(data=st.data())
def test_checkpoints_are_read_or_refused(tiny, tmp_path, data, monkeypatch):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "net.safetensors"
    save_checkpoint(tiny, path)
    original = path.read_bytes()
    path.write_bytes(data.draw(st.one_of(mutated(original), mutated_header(original, "artnet"))))
    read_or_refused(load_checkpoint, path)
    read_or_refused(paint_once, path, known="the tensors of the weights do not fit their config")


def paint_once(path):
    engine = load_engine(path, "openvino")
    picture = noise_picture(64, 64)
    engine.paint(picture, Look(Style([engine.prepare(picture)])))
