"""Damaged joint files and networks: each is read, or refused by a ValueError that names the file."""

import json

import numpy as np
import pytest
import torch
from helpers.mutations import mutated, mutated_header, mutated_json, read_or_refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from apps.movement.cleaning import Cleaning
from apps.movement.dataset import read_dataset
from apps.movement.models import Ensemble, load_ensemble, save_ensemble
from apps.movement.network import MovementNet, NetworkConfig
from apps.movement.readers import read_recording

SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def coco():
    person = {"image_id": 0, "keypoints": [1.5, 2.0, 1] * 17}
    return {"images": [{"id": 0}, {"id": 1}], "annotations": [person, {**person, "image_id": 1}]}


@SLOW
@given(value=mutated_json(coco()))
def test_coco(tmp_path, value):
    path = tmp_path / "tracks.json"
    path.write_text(json.dumps(value))
    read_or_refused(read_recording, path)


@SLOW
@given(data=st.data())
def test_npy(tmp_path, data):
    path = tmp_path / "tracks.npy"
    np.save(path, np.random.default_rng(0).random((5, 17, 3)))
    path.write_bytes(data.draw(mutated(path.read_bytes()[:200])) + path.read_bytes()[200:])
    read_or_refused(read_recording, path)


def test_a_header_that_promises_terabytes_allocates_nothing(tmp_path):
    path = tmp_path / "tracks.npy"
    np.save(path, np.zeros((5, 17, 3)))
    path.write_bytes(path.read_bytes().replace(b"(5, 17, 3), }" + b" " * 12, b"(5000000000000, 17, 3), }"))
    with pytest.raises(ValueError, match=r"tracks\.npy is no array of numbers: mmap length"):
        read_recording(path)


def test_a_header_that_is_too_long_is_refused_in_one_line(tmp_path):
    path = tmp_path / "tracks.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + (60_000).to_bytes(2, "little") + b"(" * 60_000)
    with pytest.raises(ValueError, match=r"^[^\n]*tracks\.npy is no array of numbers[^\n]*$"):
        read_recording(path)


def test_a_cell_that_is_too_long(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text("nose_x\n" + "1" * 200_000)
    with pytest.raises(ValueError, match=r"tracks\.csv is not a joint file"):
        read_recording(path)


def test_a_label_that_is_too_long(tmp_path):
    (tmp_path / "labels.csv").write_text("sequence,label\n" + "1" * 200_000)
    with pytest.raises(ValueError, match=r"labels\.csv is not a list of labelled recordings"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [(torch.zeros(2, 4, dtype=torch.int32), "holds torch.int32"), (torch.full((2, 4), torch.nan), "not finite")],
)
def test_tensors_that_cannot_be_computed_with(tmp_path, tensor, reason):
    path = tmp_path / "movement.safetensors"
    save_ensemble(Ensemble((MovementNet(NetworkConfig(width=4)),), 64, Cleaning()), path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file({**load_file(path), "0.head.1.weight": tensor}, path, metadata=metadata)
    with pytest.raises(ValueError, match=rf"movement\.safetensors is not .*{reason}"):
        load_ensemble(path)


@SLOW
@given(data=st.data())
def test_ensembles(tmp_path, data):
    torch.manual_seed(0)
    path = tmp_path / "movement.safetensors"
    save_ensemble(Ensemble((MovementNet(NetworkConfig(width=4)),), 64, Cleaning()), path)
    original = path.read_bytes()
    path.write_bytes(data.draw(st.one_of(mutated(original), mutated_header(original, "config"))))
    if ensemble := read_or_refused(load_ensemble, path):
        ensemble.networks[0](torch.zeros(1, 14, 2, 64))
