"""A tiny ArtNet and small pictures that several test folders share."""

import signal

import pytest
import torch
from helpers.tiny import noise_picture, tiny_config
from PIL import Image
from safetensors.torch import save_file

from artnet.model.network import ArtNet

VGG16 = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256)}


@pytest.fixture(scope="session")
def tiny():
    torch.manual_seed(0)
    return ArtNet(tiny_config()).eval()


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a terminal: what runs in the background is often started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def picture_folders(tmp_path):
    """Two folders, photos/ and paintings/, of three small JPEGs each."""
    for n, name in enumerate(("photos", "paintings")):
        (tmp_path / name).mkdir()
        for i in range(3):
            coarse = Image.fromarray(noise_picture(6, 8, seed=10 * n + i))
            coarse.resize((120, 90), Image.Resampling.BICUBIC).save(tmp_path / name / f"src{i}__{i}.jpg")
    return tmp_path / "photos", tmp_path / "paintings"


@pytest.fixture(scope="session")
def trunk_file(tmp_path_factory):
    """A VGG16 trunk with random weights, as half-precision safetensors."""
    torch.manual_seed(1)
    state = {}
    for index, (inside, outside) in {**VGG16, 17: (256, 512)}.items():
        weight = torch.randn(outside, inside, 3, 3) * (2 / (9 * inside)) ** 0.5
        state[f"features.{index}.weight"], state[f"features.{index}.bias"] = weight.half(), torch.zeros(outside).half()
    path = tmp_path_factory.mktemp("vgg") / "trunk.safetensors"
    save_file(state, path, metadata={"input": "RGB"})
    return path
