"""Shapes, determinism, and that no source picture is in two parts."""

import pickle
from hashlib import md5

import numpy as np
import pytest
import torch
from PIL import Image

from pruning.zoo import data
from pruning.zoo.data import handwritten


def tensors(dataset):
    return next(iter(data.batches(dataset, 10_000)))


def test_digits_are_all_there_once():
    splits = data.digits()
    parts = [tensors(part) for part in (splits.train, splits.validation, splits.test)]
    assert [len(labels) for _, labels in parts] == [1078, 359, 360]
    assert parts[0][0].shape[1:] == splits.shape == splits.example.shape[1:]
    assert min(x.min() for x, _ in parts) == 0
    assert max(x.max() for x, _ in parts) == 1
    labels = np.concatenate([y for _, y in parts])
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_clutter_is_a_digit_with_scraps_and_noise(monkeypatch):
    monkeypatch.setattr(handwritten, "NOISE", 0.0)
    monkeypatch.setattr(handwritten, "SCRAPS", 0)
    clean, _ = tensors(data.cluttered_digits(counts=(20, 5, 5)).train)
    sources = {x.numpy().tobytes() for x in tensors(data.digits().train)[0][:, 0]}
    for canvas in clean[:, 0]:
        windows = {canvas[i : i + 8, j : j + 8].contiguous().numpy().tobytes() for i in range(9) for j in range(9)}
        assert windows & sources
    monkeypatch.setattr(handwritten, "SCRAPS", 4)
    scraps, _ = tensors(data.cluttered_digits(counts=(20, 5, 5)).train)
    assert ((scraps > 0).sum((1, 2, 3)) > 20).all()
    assert scraps.mean() > 1.2 * clean.mean()


def test_clutter_has_ten_classes_and_noise():
    splits = data.cluttered_digits(counts=(500, 50, 50))
    pictures, labels = tensors(splits.train)
    assert pictures.shape == (500, 1, 16, 16)
    assert len(set(labels.tolist())) == splits.classes
    assert abs(float(pictures[pictures < 0].pow(2).mean()) ** 0.5 - 0.15) < 0.01  # half of a normal distribution


def test_same_seed_same_pictures_and_same_order():
    one, same, other = (tensors(data.cluttered_digits(seed, (30, 5, 5)).test)[0] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    train = data.digits().train

    def order(seed):
        loader = data.batches(train, 100, shuffle=True, seed=seed)
        return [torch.cat([labels for _, labels in loader]) for _ in range(2)]

    assert torch.equal(order(3)[0], order(3)[0])
    assert torch.equal(order(3)[1], order(3)[1])
    assert not torch.equal(*order(3))


def write_folder(root, part, classes=("a", "b")):
    for label, name in enumerate(classes):
        (root / part / name).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (30, 20), (100 * label, 10 * i, 0)).save(root / part / name / f"{i}.png")


def test_image_folder(tmp_path):
    write_folder(tmp_path, "train")
    write_folder(tmp_path, "val")
    splits = data.image_folder(tmp_path, size=16)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [18, 2, 20]
    assert set(splits.train.indices).isdisjoint(splits.validation.indices)
    pictures, labels = tensors(splits.test)
    assert pictures.shape == (20, 3, 16, 16)
    red = torch.tensor([0, 100 / 255])[labels]
    assert torch.allclose(pictures[:, 0, 8, 8], (red - 0.485) / 0.229, atol=1e-5)


def test_image_folder_without_a_test_part(tmp_path):
    write_folder(tmp_path, "train")
    splits = data.image_folder(tmp_path, size=16)
    assert splits.test is splits.validation
    assert (len(splits.train), len(splits.test)) == (18, 2)


def test_image_folder_errors(tmp_path):
    with pytest.raises(ValueError, match="must hold train/CLASS/"):
        data.image_folder(tmp_path)
    write_folder(tmp_path, "train")
    write_folder(tmp_path, "test", ("a", "c"))
    with pytest.raises(ValueError, match="has the classes"):
        data.image_folder(tmp_path)


def test_cifar(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, md5((folder / name).read_bytes()).hexdigest()]

    grey = {"data": np.full((20, 3072), 128, np.uint8), "labels": list(range(10)) * 2}
    monkeypatch.setattr(CIFAR10, "train_list", [write("data_batch_1", grey)])
    monkeypatch.setattr(CIFAR10, "test_list", [write("test_batch", grey)])
    meta = write("batches.meta", {"label_names": list("abcdefghij")})
    monkeypatch.setattr(CIFAR10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})
    splits = data.cifar("cifar10", tmp_path)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [18, 2, 20]
    pictures, labels = tensors(splits.test)
    assert labels.tolist() == grey["labels"]
    assert torch.allclose(pictures[0, :, 0, 0], torch.tensor([(128 / 255 - 0.491) / 0.247, (128 / 255 - 0.482) / 0.243,
                                                              (128 / 255 - 0.447) / 0.262]))  # fmt: skip


def test_cifar_errors(tmp_path):
    with pytest.raises(ValueError, match="unknown data set 'cifar11'"):
        data.cifar("cifar11", tmp_path)
    with pytest.raises(ValueError, match="not found or corrupted"):
        data.cifar("cifar10", tmp_path)
