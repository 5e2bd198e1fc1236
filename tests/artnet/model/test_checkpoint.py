"""Checkpoints: round trip, and every way in which a file can be wrong."""

import pytest
import torch
from safetensors.torch import save_file

from artnet.model.checkpoint import load_checkpoint, save_checkpoint


def test_round_trip(tiny, tmp_path):
    save_checkpoint(tiny, tmp_path / "a.safetensors", half=False)
    again = load_checkpoint(tmp_path / "a.safetensors")
    assert not again.training
    for key, value in tiny.state_dict().items():
        assert torch.equal(again.state_dict()[key], value)
    save_checkpoint(tiny, tmp_path / "h.safetensors")
    half = load_checkpoint(tmp_path / "h.safetensors")
    assert all(p.dtype == torch.float32 for p in half.parameters())
    assert (tmp_path / "h.safetensors").stat().st_size < (tmp_path / "a.safetensors").stat().st_size
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.safetensors", "h.safetensors"]


def test_bundled_names_are_in_the_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="artnet, artnet-dense"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_wrong_files(tiny, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"no tensors at all")
    with pytest.raises(ValueError, match=r"x\.safetensors is not an ArtNet checkpoint, or is damaged"):
        load_checkpoint(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="holds no ArtNet config"):
        load_checkpoint(path)
    save_file({"a": torch.zeros(1)}, path, metadata={"artnet": "{}"})
    with pytest.raises(ValueError, match="not an ArtNet config"):
        load_checkpoint(path)
    save_file({"a": torch.zeros(1)}, path, metadata={"artnet": tiny.config.to_json()})
    with pytest.raises(ValueError, match=r"has a weight of \(0,\)"):
        load_checkpoint(path)
    save_file(dict(list(tiny.state_dict().items())[:-2]), path, metadata={"artnet": tiny.config.to_json()})
    with pytest.raises(ValueError, match="whose tensors fit its config"):
        load_checkpoint(path)
    save_checkpoint(tiny, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"x\.safetensors is not an ArtNet checkpoint, or is damaged"):
        load_checkpoint(path)
