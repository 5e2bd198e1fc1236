"""Networks by name, for the commands that prune and study them: ArtNet, torchvision's classifiers, anybody's own."""

import argparse
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

MODEL_HELP = "a torchvision classifier (resnet50), 'artnet', 'artnet-dense', or package.module:function"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, which torchvision's classifiers expect."""


@dataclass(frozen=True)
class Subject:
    """A network and what belongs to it.

    Attributes:
        model: with its weights, in evaluation mode.
        build: makes the same architecture untrained; None for ArtNet.
        size: side in pixels of the pictures that it is looked at with.
        loss: (model, batch of pictures) -> scalar, without any labels.
        prepare: pictures (N, 3, H, W) in [0, 1] -> what the model takes.
    """

    model: "nn.Module"
    build: "Callable[[], nn.Module] | None"
    size: int
    loss: "Callable[[nn.Module, Tensor], Tensor]"
    prepare: "Callable[[Tensor], Tensor]"

    def example(self) -> "Tensor":
        """One black picture."""
        import torch

        return torch.zeros(1, 3, self.size, self.size)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL, --weights, and the pictures to look at it with."""
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--weights", type=Path, help="safetensors file with the weights (of artnet: a checkpoint)")
    parser.add_argument("--data", type=Path, help="folder of pictures, for criteria that judge by activations")
    parser.add_argument("--pictures", type=int, default=64, help="how many of them to use (default: %(default)s)")
    parser.add_argument("--size", type=int, help="side of the pictures in pixels (default: 224, artnet: 256)")
    parser.add_argument("--batch", type=int, default=8, help="pictures at once (default: %(default)s)")


def load_subject(name: str, weights: Path | None = None, size: int | None = None) -> Subject:
    """The network of a name.

    Raises:
        ValueError: an unknown name, or weights that do not fit.
        FileNotFoundError: no such weights.
    """
    if size is not None and not 16 <= size <= 2048:
        raise ValueError(f"--size must be between 16 and 2048, got {size}")
    if name.startswith("artnet") or name.endswith(".safetensors"):
        from artnet.model.checkpoint import load_checkpoint

        network = load_checkpoint(str(weights) if weights else name)
        return Subject(network, None, size or 256, repainting_loss, lambda pictures: pictures)
    build = _builder(name)
    model = build()
    if weights is not None:
        _load(model, weights)
    return Subject(model.eval(), build, size or 224, own_answer_loss, normalised)


def repainting_loss(model: "nn.Module", pictures: "Tensor") -> "Tensor":
    """Squared error of pictures that an ArtNet encodes and decodes as they are."""
    return (model(pictures) - pictures).square().mean()


def single_answer(model: "nn.Module", pictures: "Tensor") -> "Tensor":
    """What the model answers.

    Raises:
        ValueError: it is more than one tensor.
    """
    import torch

    out = model(pictures)
    if not isinstance(out, torch.Tensor):
        raise ValueError(
            f"the network answers {type(out).__name__}, and with --data only a single tensor can be judged; give a "
            "network that answers one, or a criterion of the weights without --data"
        )
    return out


def own_answer_loss(model: "nn.Module", pictures: "Tensor") -> "Tensor":
    """Cross-entropy of a classifier against its own most probable class; for features, half their mean square."""
    import torch.nn.functional as F

    out = single_answer(model, pictures)
    return F.cross_entropy(out, out.argmax(1)) if out.ndim == 2 else out.square().mean() / 2


def normalised(pictures: "Tensor") -> "Tensor":
    """Pictures in [0, 1] with ImageNet's mean and deviation taken out."""
    import torch

    return (pictures - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]


def picture_batches(folder: Path, subject: Subject, *, pictures: int, batch: int, seed: int = 0) -> "Iterator[Tensor]":
    """Batches of random crops from a folder, as the network takes them.

    Raises:
        ValueError: a number below 1, or a folder without pictures.
    """
    import random

    from artnet.training.data import PictureFolder

    if pictures < 1 or batch < 1:
        raise ValueError(f"--pictures and --batch must be at least 1, got {pictures} and {batch}")
    source, rng = PictureFolder(folder), random.Random(seed)
    for start in range(0, pictures, batch):
        yield subject.prepare(source.draw(min(batch, pictures - start), subject.size, rng))


def _builder(name: str) -> "Callable[[], nn.Module]":
    if ":" in name:
        return _own_builder(name)
    from torchvision.models import get_model, list_models

    classifiers = list_models(module=import_module("torchvision.models"))
    if name not in classifiers:
        raise ValueError(f"unknown model {name!r}: {MODEL_HELP}; classifiers: {', '.join(classifiers)}")
    return lambda: get_model(name, weights=None)


def _own_builder(name: str) -> "Callable[[], nn.Module]":
    import sys

    from torch import nn

    module, _, function = name.partition(":")
    sys.path.insert(0, "")  # the current folder, as with python -m
    try:
        build: Any = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{name!r} cannot be imported: {error}") from error
    except Exception as error:
        raise ValueError(f"{name!r} cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove("")
    try:
        made = build()
    except TypeError as error:
        raise ValueError(f"{name!r} cannot be called without arguments: {error}") from error
    except Exception as error:
        raise ValueError(f"{name!r} fails: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise ValueError(f"{name!r} gives a {type(made).__name__}, not a torch.nn.Module")
    return build


def _load(model: "nn.Module", path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}")
    if path.suffix in (".pth", ".pt", ".ckpt", ".bin"):
        raise ValueError(
            f"{path} is a pickled file, which may run code when it is read; turn it into safetensors first: "
            "safetensors.torch.save_file(torch.load(path, weights_only=True), 'net.safetensors')"
        )
    try:
        state = OrderedDict((name, tensor.float()) for name, tensor in load_file(path).items())
        state._metadata = getattr(model.state_dict(), "_metadata", {})  # type: ignore[attr-defined]
        model.load_state_dict(state)
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise ValueError(f"the weights of {path} do not fit the model: {reason}") from error
