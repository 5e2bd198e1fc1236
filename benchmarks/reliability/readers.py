"""Everything that opens a file of somebody else's: for each kind the files to mutate, and what reads one.

A reader does with a file what the program does, as far as its content is decided upon.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import pruning
from apps import cli
from apps.movement.cleaning import prepare
from apps.movement.clips import cut_clips
from apps.movement.dataset import read_dataset
from apps.movement.models import load_ensemble
from apps.movement.readers import read_recording
from apps.stylize.manifest import Manifest
from apps.video.reading import VideoReader
from artnet import Stylizer
from artnet.image import flatten, read_picture
from artnet.image.large import is_large, read_large
from artnet.model.checkpoint import load_checkpoint
from artnet.training.checkpoint import load_state, restore_moments
from artnet.training.data import PictureFolder
from artnet.training.losses import VGGTrunk
from artnet.training.trainer import Log
from benchmarks.reliability import corpus
from benchmarks.reliability.mutations import (
    Mutation,
    csv_cells,
    json_lines,
    json_values,
    npy_header,
    png_chunks,
    safetensors_header,
)  # fmt: skip

REFUSED = object()
"""What a command line gives that refuses a file."""
Read = Callable[[Path], Any]


@dataclass(frozen=True)
class Kind:
    """What is fuzzed.

    Attributes:
        share: of all mutants, relative to other kinds.
        files: makes the files to mutate, in a folder.
        read: reads a mutant, which has the name of its original.
        aware: mutations that know the format, by suffix.
    """

    share: float
    files: Callable[[Path], list[Path]]
    read: Read
    aware: dict[str, tuple[Mutation, ...]]


def kinds() -> dict[str, Kind]:
    """Every kind by its name; those of the command line last."""
    header = {".safetensors": (safetensors_header,)}
    tables = {".csv": (csv_cells,), ".json": (json_values,), ".npy": (npy_header,), ".jsonl": (json_lines,)}
    chunks = {".png": (png_chunks,)}
    tensors = lambda name: lambda folder: corpus.tensors(folder)[name]  # noqa: E731
    tracks = lambda name: lambda folder: corpus.tracks(folder)[name]  # noqa: E731
    found = {
        "pictures": Kind(45, _pictures, _read_picture, chunks),
        "pictures, cropped for training": Kind(3, _pictures, _crop, chunks),
        "pictures, by libvips": Kind(4, _pictures, _read_large, chunks),
        "checkpoint": Kind(4, tensors("checkpoint"), load_checkpoint, header),
        "checkpoint, painted with": Kind(0.5, tensors("checkpoint"), _paint, header),
        "training state": Kind(4, tensors("training state"), _resume, header),
        "training log": Kind(2, corpus.log, lambda path: Log(path, 1, 2), tables),
        "loss network": Kind(0.03, corpus.trunk, lambda path: VGGTrunk(path), header),
        "pruning plan": Kind(5, tensors("pruning plan"), pruning.Plan.load, tables),
        "pruned network": Kind(5, tensors("pruned network"), _pruned, header),
        "movement model": Kind(5, tensors("movement model"), _movement_model, header),
        "labels": Kind(2, tracks("labels"), lambda path: read_dataset(path.parent), tables),
        "manifest": Kind(3, corpus.manifest, _manifest, tables),
        "videos": Kind(4, corpus.videos, _watch, {}),
    }
    for name in ("joints, CSV", "joints, COCO", "joints, NPY"):
        found[name] = Kind(5, tracks(name), _tracks, tables)
    for name in ("joints, OpenPose", "joints, MINI-RGBD"):
        found[name] = Kind(2, tracks(name), lambda path: _tracks(path.parent), tables)
    found["artnet stylize PICTURE"] = Kind(
        2, _pictures, _command("stylize", "{}", "--style", "ok.png", *_SMALL), chunks
    )
    painting = _command("stylize", "ok.png", "--style", "ok.png", *_SMALL[2:], "--weights", "{}")
    found["artnet stylize --weights"] = Kind(0.3, tensors("checkpoint"), painting, header)
    filming = _command("video", "{}", "--style", "ok.png", *_SMALL, out="out.mp4")
    found["artnet video"] = Kind(0.4, corpus.videos, filming, {})
    for name in ("joints, CSV", "joints, COCO", "joints, NPY"):
        read = _command("movement", "predict", "{}", "--model", "ok.safetensors", out=None)
        found[f"artnet movement predict, {name[8:]}"] = Kind(1, tracks(name), read, tables)
    read = _command("movement", "predict", "ok.csv", "--model", "{}", out=None)
    found["artnet movement predict --model"] = Kind(1, tensors("movement model"), read, header)
    return found


_SMALL = ("--weights", "ok-net.safetensors", "--stroke-size", "64")


def _pictures(folder: Path) -> list[Path]:
    for name, content in corpus.pictures():
        (folder / name).write_bytes(content)
    return sorted(path for path in folder.iterdir() if path.suffix != ".safetensors")


def _read_picture(path: Path) -> Any:
    is_large(path)
    return flatten(read_picture(path))


def _crop(path: Path) -> Any:
    import random

    folder = path.parent / "alone"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    os.link(path, folder / path.name)
    return PictureFolder(folder).draw(1, 16, random.Random(0))


def _read_large(path: Path) -> Any:
    return read_large(path, path.parent)


def _paint(path: Path) -> Any:
    os.environ["ARTNET_CACHE"] = os.devnull  # compiled anew for each, and not kept
    stylizer = Stylizer.load(path, engine="openvino")
    style = stylizer.prepare_style(corpus.pixels(64, 64), stroke_size=64)
    return stylizer.stylize(corpus.pixels(64, 64), style)


def _resume(path: Path) -> Any:
    network, moments, counters, _ = load_state(path)
    optimizer = torch.optim.AdamW(network.parameters())
    restore_moments(optimizer, network, moments, counters.step)
    return counters.step


def _pruned(path: Path) -> Any:
    return pruning.load(path, like=corpus.tiny_classifier())(torch.zeros(1, 3, 8, 8))


def _movement_model(path: Path) -> Any:
    ensemble = load_ensemble(path)
    return ensemble.networks[0](torch.zeros(1, 14, ensemble.networks[0].config.dimensions, 16))


def _tracks(path: Path) -> Any:
    recording = read_recording(path)
    return cut_clips(prepare(recording), 2, recording.source)


def _manifest(path: Path) -> Any:
    notes = Manifest(path.parent)
    return [notes.made_of(path.parent / name) for name in ("a.png", "b.png")], notes.compact()


def _watch(path: Path) -> Any:
    with VideoReader(path) as reader:
        return sum(1 for _ in reader)


def _command(*words: str, out: str | None = "out.png") -> Read:
    """A command line in this process, with the mutant's name at '{}'; exit codes but 0, 1 and 2 are errors."""

    def run(path: Path) -> Any:
        beside = next(parent / "ok" for parent in path.parents if (parent / "ok").is_dir())
        argv = [word.replace("{}", str(path)) for word in words]
        argv = [str(beside / word) if word.startswith("ok") else word for word in argv]
        argv += ["-o", str(beside / out)] if out else []
        code = cli.main(argv)
        if code not in (0, 1, 2):
            raise SystemError(f"exit code {code}")
        return REFUSED if code == 2 else code

    return run


def valid_files(folder: Path) -> None:
    """What the command lines need beside the mutant."""
    from PIL import Image

    inputs = folder / "ok"
    inputs.mkdir()
    Image.fromarray(np.ascontiguousarray(corpus.pixels(64, 64))).save(inputs / "ok.png")
    corpus.tensors(inputs)
    corpus.tracks(inputs)
    for old, new in (("net", "ok-net"), ("movement", "ok")):
        (inputs / f"{old}.safetensors").rename(inputs / f"{new}.safetensors")
    (inputs / "files" / "split.csv").rename(inputs / "ok.csv")
