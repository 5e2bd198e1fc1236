"""The node keeps ComfyUI's contract: https://docs.comfy.org/custom-nodes/backend/server_overview."""

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture

from artnet import StyleSettings, Stylizer

FILE = Path(__file__).parents[3] / "apps" / "integrations" / "comfyui_artnet.py"
WIDGETS = {"INT": int, "FLOAT": float, "BOOLEAN": bool}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """The module as ComfyUI loads it: a copy of the file, by its path, that belongs to no package."""
    copy = tmp_path_factory.mktemp("custom_nodes") / FILE.name
    copy.write_bytes(FILE.read_bytes())
    spec = importlib.util.spec_from_file_location("custom_nodes.artnet", copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def node(nodes, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path))
    (kind,) = nodes.NODE_CLASS_MAPPINGS.values()
    return kind()


def images(*seeds, height=40, width=56):
    """(B, H, W, 3) float in [0, 1]."""
    return torch.from_numpy(np.stack([noise_picture(height, width, seed) for seed in seeds])).float() / 255


def test_names_and_types(nodes):
    assert nodes.NODE_CLASS_MAPPINGS.keys() == nodes.NODE_DISPLAY_NAME_MAPPINGS.keys()
    for kind in nodes.NODE_CLASS_MAPPINGS.values():
        assert kind.RETURN_TYPES == ("IMAGE",)
        assert len(kind.RETURN_NAMES) == len(kind.RETURN_TYPES)
        assert isinstance(kind.CATEGORY, str)
        assert inspect.isfunction(getattr(kind, kind.FUNCTION))


def test_every_input_has_a_type_and_a_default_in_its_bounds(node):
    inputs = node.INPUT_TYPES()
    assert set(inputs) == {"required"}
    assert inputs["required"]["image"][0] == inputs["required"]["style"][0] == "IMAGE"
    for name, (kind, about) in ((k, v) for k, v in inputs["required"].items() if v[0] != "IMAGE"):
        assert about["default"] == getattr(StyleSettings(), name)
        if isinstance(kind, list):
            assert about["default"] in kind
        else:
            assert type(about["default"]) is WIDGETS[kind]
            if kind != "BOOLEAN":
                assert about["min"] <= about["default"] <= about["max"]
                assert {type(about[key]) for key in ("min", "max", "step")} == {WIDGETS[kind]}


def defaults(node):
    return {name: value[1]["default"] for name, value in node.INPUT_TYPES()["required"].items() if len(value) == 2}


def test_a_batch_is_painted_as_the_library_paints_each_image(node):
    batch, style = images(1, 2), images(3)
    (painted,) = getattr(node, node.FUNCTION)(image=batch, style=style, **defaults(node) | {"stroke_size": 64})
    assert painted.dtype == torch.float32
    assert painted.shape == batch.shape
    stylizer = Stylizer.load()
    prepared = stylizer.prepare_style(noise_picture(40, 56, 3), stroke_size=64)
    for seed, image in zip((1, 2), painted, strict=True):
        wanted = stylizer.stylize(noise_picture(40, 56, seed), prepared)
        assert np.array_equal(np.rint(image.numpy() * 255).astype(np.uint8), wanted)


def test_values_out_of_range_and_alpha_are_taken(node):
    batch = torch.cat([images(1) * 3 - 1, torch.ones(1, 40, 56, 1)], dim=3)
    (painted,) = node.stylize(batch, images(3, 4), **defaults(node) | {"stroke_size": 64, "preserve_color": True})
    assert painted.shape == (1, 40, 56, 3)
    assert 0 <= painted.min() <= painted.max() <= 1
