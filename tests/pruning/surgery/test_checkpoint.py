"""Files of pruned networks, and the report."""

import json

import pytest
import torch
from pruning_nets import PATTERNS, Decoder, build, conv, pictures
from safetensors.torch import save_file
from torch import nn

import pruning


def prune(model):
    plan = pruning.plan(model, pictures(1), statistics=pruning.record(model, pictures(1), [pictures(2)]))
    return plan, pruning.apply(model, plan)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pruned_network_survives_its_file(pattern, tmp_path):
    model = build(pattern)
    _, pruned = prune(model)
    pruning.save(pruned, tmp_path / "net.safetensors")
    like = build(pattern, emptied=False)
    loaded = pruning.load(tmp_path / "net.safetensors", like=like)
    assert torch.equal(loaded(pictures(1)), pruned(pictures(1)))
    assert repr(loaded) == repr(pruned)
    assert repr(like) == repr(model)
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


def test_depthwise_and_transposed_convolutions_survive(tmp_path):
    small = Decoder()
    for layer, sides in ((small.a, "out"), (small.depthwise, "out"), (small.b, "in")):
        pruning.graph.layers.slice_layer(layer, sides, [0, 2, 5])
    pruning.save(small, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=Decoder())
    example = (pictures(1), pictures(1))
    assert torch.equal(loaded(*example), small(*example))
    assert loaded.depthwise.groups == 3


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_files_are_named(zipped, tmp_path):
    torch.save(build("chain").state_dict(), tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"is a pickled file.*pruning\.save"):
        pruning.load(tmp_path / "net.pth", like=build("chain"))


@pytest.mark.parametrize("size", [0x0280, 0x4B50])
def test_headers_whose_length_reads_as_a_pickle_are_none(size, tmp_path):
    path, model = tmp_path / "net.safetensors", nn.Sequential(nn.Linear(2, 2))
    pruning.save(model, path)
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    path.write_bytes(size.to_bytes(8, "little") + data[8:end].ljust(size) + data[end:])
    assert path.read_bytes()[:2] in (b"\x80\x02", b"PK")
    assert torch.equal(pruning.load(path, like=model)[0].weight, model[0].weight)


def test_wrong_files_are_refused(tmp_path):
    path = tmp_path / "net.safetensors"

    def refused(message, like):
        with pytest.raises(ValueError, match=message):
            pruning.load(path, like=like)

    path.write_bytes(b"no tensors")
    refused("is no file of pruning.save", build("chain"))
    save_file({"x": torch.zeros(1)}, path)
    refused("was not written by pruning.save: its format is None", build("chain"))
    pruning.save(build("chain"), path)
    refused("it has no layer 0", build("unet"))
    refused("0 is a ReLU there", nn.Sequential(nn.ReLU()))
    refused("0 has 4 channels there, stored 8", nn.Sequential(conv(3, 4)))
    refused("does not fit the given network", nn.Sequential(*build("chain"), conv(2, 2)))
    with pytest.raises(FileNotFoundError):
        pruning.load(tmp_path / "none", like=build("chain"))


def test_metadata_names_every_width(tmp_path):
    from safetensors import safe_open

    pruning.save(prune(build("bn_chain"))[1], tmp_path / "net.safetensors")
    with safe_open(str(tmp_path / "net.safetensors"), "pt") as file:
        widths = json.loads(file.metadata()["widths"])
    assert widths == {"0": [5, 3], "1": [5, 5], "3": [5, 5], "4": [5, 5], "6": [2, 5]}


def test_layer_table_and_its_text():
    model = build("bn_chain")
    plan, pruned = prune(model)
    rows = pruning.layer_table(model, plan)
    assert [row["layer"] for row in rows] == ["0", "1", "3", "4", "6", "total"]
    assert rows[0] == {
        "layer": "0",
        "channels": 8,
        "kept": 5,
        "empty": 3,
        "macs_before": 32 * 32 * 27 * 8,
        "macs_after": 32 * 32 * 27 * 5,
        "params_before": 27 * 8 + 8,
        "params_after": 27 * 5 + 5,
    }
    assert rows[-1]["channels"] == 14
    assert rows[-1]["empty"] == 4
    for key in ("macs_before", "macs_after", "params_before", "params_after"):
        assert rows[-1][key] == sum(row[key] for row in rows[:-1])
    assert rows[-1]["params_after"] == sum(p.numel() for p in pruned.parameters())
    text = pruning.format_table(rows)
    assert len({len(line) for line in text.splitlines()}) == 1
    assert text.splitlines()[0].split() == ["layer", "channels", "kept", "empty", "MACs", "after", "params", "after"]
    assert text.splitlines()[1].split() == ["0", "8", "5", "3", "221,184", "138,240", "224", "140"]
