"""A tiny ArtNet and small pictures that several test folders share."""

import pytest
import torch
from PIL import Image
from tiny import noise_picture, tiny_config

from artnet.network import ArtNet


@pytest.fixture(scope="session")
def tiny():
    torch.manual_seed(0)
    return ArtNet(tiny_config()).eval()


@pytest.fixture
def picture_folders(tmp_path):
    """Two folders, photos/ and paintings/, of three small JPEGs each."""
    for n, name in enumerate(("photos", "paintings")):
        (tmp_path / name).mkdir()
        for i in range(3):
            coarse = Image.fromarray(noise_picture(6, 8, seed=10 * n + i))
            coarse.resize((120, 90), Image.Resampling.BICUBIC).save(tmp_path / name / f"src{i}__{i}.jpg")
    return tmp_path / "photos", tmp_path / "paintings"
