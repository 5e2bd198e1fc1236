"""The trainer: photos and paintings in, an ArtNet out."""

import csv
import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW

from artnet.image import guided
from artnet.image.damaged import reading
from artnet.image.files import atomic_write
from artnet.interruption import undisturbed
from artnet.model import drafts
from artnet.model.checkpoint import save_checkpoint
from artnet.model.network import ArtNet, Features
from artnet.model.precision import pick_dtype
from artnet.training import losses
from artnet.training.checkpoint import Counters, load_state, restore_moments, save_state
from artnet.training.data import Batches
from artnet.training.losses import SparsityMeter, VGGTrunk
from artnet.training.options import LossWeights, TrainOptions

STATE, WEIGHTS, LOG = "state.safetensors", "artnet.safetensors", "log.csv"
FULL_RATE_FAN_IN = 576
FARTHEST = 4096
"""Pixels from the ground's corner at which a crop begins."""
PATIENCE = 10
"""Steps in a row whose loss or gradient is not finite (they are passed over) before a run counts as diverged."""
DIVERGED, JUDGED_STEPS = 4.0, 20
"""A checkpoint is not replaced where the mean loss since, of so many steps at least, has grown to so many times the
lowest between two of them."""
Terms = dict[str, Tensor]
COLUMNS = ("total", *(field.name for field in fields(LossWeights)))


class DivergedError(ValueError):
    """The loss exploded; the run's last checkpoint is from before."""


class Trainer:
    """Trains a network into a folder.

    Args:
        network: trained in place.
        trunk: the loss network.
        batches: what each step sees.
        options: budget, weights, rates.
        folder: gets `state.safetensors` (to resume from), `artnet.safetensors` (the network), `log.csv`.
        device: 'cpu' or 'cuda'.
        teacher: paints what the network is to paint, for the loss term `distillation`.

    Raises:
        ValueError: crops that a network cannot paint; a teacher without a weight, or the other way round.
    """

    def __init__(
        self,
        network: ArtNet,
        trunk: VGGTrunk,
        batches: Batches,
        options: TrainOptions,
        folder: str | Path,
        device: str = "cpu",
        teacher: ArtNet | None = None,
    ):
        if (teacher is None) != (options.weights.distillation == 0):
            raise ValueError("a teacher counts with a weight: give --teacher and --distillation-weight, or neither")
        for each in filter(None, (network, teacher)):
            stride = math.lcm(each.config.stride * each.config.passes, guided.CELL)
            if options.size % stride:
                raise ValueError(f"crops of this network must be multiples of {stride} pixels, got {options.size}")
        self.device = torch.device(device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last).train()
        self.teacher = teacher
        if teacher:  # in training mode, too: patches are compared in all channels, as the network's are
            teacher.to(self.device).to(memory_format=torch.channels_last).train()
        self.trunk = trunk.to(self.device).to(memory_format=torch.channels_last)
        self.batches, self.options, self.folder = batches, options, Path(folder)
        self.optimizer = AdamW(scaled_groups(self.network), betas=(0.9, 0.99), weight_decay=options.weight_decay)
        self.counters = Counters()
        self.totals: list[float] = []  # since the last checkpoint
        self.lowest = float("inf")
        self.unusable = 0  # steps in a row that were passed over
        self.meter = SparsityMeter(self.network)
        self.bfloat16 = options.bfloat16 and pick_dtype(self.device)[0] == torch.bfloat16
        self.ground = [tile.to(self.device) for tile in drafts.ground_tiles()]

    def resume(self) -> bool:
        """Go on from the folder's checkpoint, if there is one."""
        path = self.folder / STATE
        if not path.exists():
            return False
        network, moments, self.counters, _ = load_state(path)
        self.network.load_state_dict(network.state_dict())
        restore_moments(self.optimizer, self.network, moments, self.counters.step)
        return True

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)

    def on_ground(self, photos: Tensor, begins: Tensor) -> Tensor:
        """Photos on a ground that begins at (2, N) rows and columns of it."""
        return drafts.on_ground(photos, self.ground, *begins.to(self.device))

    def paint(
        self, network: ArtNet, photos: Tensor, paintings: Tensor, method: str, rebuilt: Tensor, *, skips: bool = True
    ) -> Tensor:
        """Every photo in the manner of `pairs` paintings, then the rebuilt (R, 3, H, W) as they are.

        Without `skips` the decoder gets the bottleneck only.
        """
        moved = self.moved(network, self.contents(network, photos, paintings, method), paintings, method, rebuilt)
        if not skips:
            moved = {k: x if k == network.config.cut else torch.zeros_like(x) for k, x in moved.items()}
        return network.decode(moved).float()

    def contents(self, network: ArtNet, photos: Tensor, paintings: Tensor, method: str) -> Tensor:
        """What is painted at full size: the photos, or by a network of two passes a draft for each pair."""
        if network.config.passes == 1:
            return photos
        small = drafts.reduced(photos), drafts.reduced(paintings)
        drafted = network.decode(self.moved(network, *small, method, small[0][:0]))
        return drafts.revisable(drafted, photos.repeat(self.options.pairs, 1, 1, 1))

    def moved(self, network: ArtNet, contents: Tensor, paintings: Tensor, method: str, rebuilt: Tensor) -> Features:
        """Features of every pair, transferred, then those of the rebuilt.

        Args:
            contents: a picture for each painting, to be paired here, or one for each pair.
        """
        pairs, count, batch = self.options.pairs, len(contents), len(paintings)
        every = network.encode(torch.cat([contents, paintings, rebuilt]))
        content: Features = {k: x[:count].repeat(pairs * batch // count, 1, 1, 1) for k, x in every.items()}
        style = {k: pair_up(x[count : count + batch], pairs) for k, x in every.items()}
        prepared = network.prepare(style, swap=method == "s2")
        moved = network.transfer(content, [prepared], method=method)
        return {k: torch.cat([x, every[k][count + batch :]]) for k, x in moved.items()}

    def finished_paintings(self, raw: Tensor, clear: Tensor, paintings: Tensor) -> Tensor:
        """What was painted, its light guided by the clear photos, at the paintings' contrast."""
        guided_paintings = drafts.guided_paintings(raw, clear.repeat(self.options.pairs, 1, 1, 1))
        return drafts.contrasted(guided_paintings, pair_up(paintings, self.options.pairs))

    def terms(self, photos: Tensor, paintings: Tensor, method: str, rebuilt: Tensor) -> Terms:
        """Every loss term, unweighted; the auxiliary ones (rebuilding, sparsity) only where something is rebuilt."""
        batch = len(photos)
        measured = len(rebuilt) > 0 and self.options.weights.sparsity > 0
        skips = torch.rand(()).item() >= self.options.skip_dropout
        begins = torch.randint(FARTHEST, (2, batch))
        with self.autocast():
            with self.meter.watching() if measured else nullcontext():
                clear = drafts.clarified(photos)
                ready = self.on_ground(clear, begins)
                raw = self.paint(self.network, ready, paintings, method, rebuilt, skips=skips)
            pairs = self.options.pairs
            painted = self.finished_paintings(raw[: batch * pairs], clear, paintings)
            out = torch.cat([painted, raw[len(painted) :]])
            with torch.no_grad():
                taught = rebuilt[:0]
                if self.teacher and skips:
                    taught = self.paint(self.teacher, ready, paintings, method, rebuilt[:0])
                    taught = self.finished_paintings(taught, clear, paintings)
            view = losses.random_view()
            seen = [view(x) for x in (out, photos, paintings, rebuilt, taught)]
            sizes: list[Terms] = []
            for _ in range(self.options.scales):
                sizes.append(self.compare(*seen))
                seen = [F.avg_pool2d(x, 2) for x in seen]
            terms = {name: torch.stack([size[name] for size in sizes]).mean() for name in sizes[0]}
            terms["variation"] = losses.variation_loss(painted)
            if self.options.weights.tone:
                terms["tone"] = losses.tone_loss(painted, photos.repeat(pairs, 1, 1, 1))
            if self.options.weights.lattice:
                terms["lattice"] = losses.lattice_loss(painted)
            if self.options.weights.steady:
                move = losses.draw_move()
                # The ground moves along: strokes in plain colours hang on it, and are not to be unlearned.
                frames = self.on_ground(losses.moved_and_noisy(clear, move), begins - torch.tensor(move)[:, None])
                again = self.paint(self.network, frames, paintings, method, rebuilt[:0], skips=skips)
                terms["steady"] = losses.steady_loss(raw[: len(again)], again, move)  # frames keep their contrast
            if measured:
                terms["sparsity"] = self.meter.loss()
            return terms

    def compare(self, out: Tensor, photos: Tensor, paintings: Tensor, rebuilt: Tensor, taught: Tensor) -> Terms:
        """The terms that the trunk sees in the pictures of `paint`, at the size that they are given in.

        With those of the rebuilt and of the teacher's paintings where there are any.
        """
        batch, pairs = len(photos), self.options.pairs
        painted, texture = batch * pairs, losses.TEXTURE_LAYER
        with torch.no_grad():
            targets = self.trunk(torch.cat([photos, paintings, rebuilt, taught]))
            wanted = [losses.statistics(x[batch : 2 * batch]) for x in targets]
        seen = self.trunk(out)
        own = [x[:painted] for x in seen]
        content = [x[:batch].repeat(pairs, 1, 1, 1) for x in targets]
        style = [pair_up(x[batch : 2 * batch], pairs) for x in targets]
        moments = [losses.Statistics(*(pair_up(t, pairs) for t in level)) for level in wanted]
        own_moments = [losses.statistics(x) for x in own]
        weights = self.options.weights
        terms = {
            "content": losses.content_loss(own, content),
            "style": losses.moment_loss(own_moments, moments),
            "gram": losses.gram_loss(own_moments, moments),
            "texture": losses.texture_loss(own[texture], style[texture]),
            "cross": losses.cross_gram_loss(own, style),
        }
        if weights.emd:
            terms["emd"] = losses.relaxed_emd_loss(own, style)
        if weights.similarity:
            terms["similarity"] = losses.self_similarity_loss(own, content)
        if weights.flat:
            terms["flat"] = losses.flat_loss(own[texture], style[texture], photos.repeat(pairs, 1, 1, 1))
        end = 2 * batch + len(rebuilt)
        if len(rebuilt):
            wanted_back = [x[2 * batch : end] for x in targets]
            terms["pixel"] = F.mse_loss(out[painted:], rebuilt)
            terms["perceptual"] = losses.perceptual_loss([x[painted:] for x in seen], wanted_back)
        if len(taught):
            terms["distillation"] = losses.perceptual_loss(own, [x[end:] for x in targets])
        return terms

    def step(self, photos: Tensor, paintings: Tensor) -> dict[str, float]:
        """One optimiser step; returns the terms and their weighted sum as numbers."""
        step = self.counters.step
        seed = self.options.seed * 1_000_003 + step * 64 + self.batches.rank
        torch.manual_seed(seed)  # every step has its own seed, so a resumed run draws the same directions
        method = "s2" if torch.rand(()).item() < self.options.swap_share else "adain"
        turn, auxiliary = divmod(step, self.options.auxiliary_every)
        rebuilt = (photos if turn % 2 else paintings)[: 1 if auxiliary == 0 else 0]
        for group in self.optimizer.param_groups:
            group["lr"] = group["scale"] * self.options.rate(step, self.counters.seconds)
        terms = self.terms(photos, paintings, method, rebuilt)
        weights = asdict(self.options.weights)
        # Sparsity grows with progress: channels are to be judged after they have learned something.
        weights["sparsity"] *= self.options.progress(step, self.counters.seconds)
        total = torch.stack([value * weights[name] for name, value in terms.items()]).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        average_gradients(self.network.parameters())
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        # The norm of averaged gradients, so that all processes of a distributed run decide alike.
        self.unusable = 0 if torch.isfinite(norm) else self.unusable + 1
        if self.unusable == PATIENCE:
            raise DivergedError(self.diverged(f"was not finite in {PATIENCE} steps in a row"))
        with undisturbed():  # else a resumed run would do again what some of the weights have had
            if not self.unusable:
                self.optimizer.step()
            self.counters.step += 1
        return {"total": total.item(), **{name: value.item() for name, value in terms.items()}}

    def diverged(self, what: str) -> str:
        """What to tell of a run that went wrong, and how to go on."""
        path = self.folder / STATE
        kept = f"{path} is from before: go on from it with --resume and a lower --lr" if path.exists() else (
            "no checkpoint was written yet: start again with a lower --lr"
        )  # fmt: skip
        return f"the loss {what} up to step {self.counters.step}; {kept}"

    def batches_ahead(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches from the present step on; the next one is decoded while this one is trained on."""
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self.batches.at, self.counters.step)
            while True:
                photos, paintings = ahead.result()
                ahead = pool.submit(self.batches.at, self.counters.step + 1)
                yield self.move(photos), self.move(paintings)

    def move(self, pictures: Tensor) -> Tensor:
        return pictures.to(self.device, memory_format=torch.channels_last)

    def run(
        self,
        on_step: Callable[[Counters, dict[str, float]], None] | None = None,
        on_preview: Callable[["Trainer"], None] | None = None,
    ) -> None:
        """Train until the budget is used. Checkpoints every few minutes, and when it ends or is interrupted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        leader = self.batches.rank == 0
        log = Log(self.folder / LOG, self.options.log_every, self.counters.step) if leader else None
        before, saved = self.counters.seconds, self.counters.seconds
        started = time.monotonic()
        try:
            for photos, paintings in self.batches_ahead():
                if self.finished():
                    break
                row = self.step(photos, paintings)
                self.counters.seconds = before + time.monotonic() - started
                if log:
                    log.add(self.counters, row)
                if on_step:
                    on_step(self.counters, row)
                if on_preview and self.options.preview_every and self.counters.step % self.options.preview_every == 0:
                    on_preview(self)
                self.totals.append(row["total"])
                if self.counters.seconds - saved > 60 * self.options.checkpoint_minutes:
                    saved = self.counters.seconds
                    self.checkpoint()
        except DivergedError:
            raise
        except BaseException:  # an interrupted run loses nothing
            self.save()
            raise
        self.checkpoint()

    def checkpoint(self) -> None:
        """Replace the last checkpoint, unless the loss says that the network is worse than that one.

        Raises:
            DivergedError: the mean loss since the last checkpoint has grown several times over.
        """
        usable = [loss for loss in self.totals if math.isfinite(loss)]
        if len(usable) >= JUDGED_STEPS:
            mean = sum(usable) / len(usable)
            if mean > DIVERGED * self.lowest:
                raise DivergedError(self.diverged(f"grew from {self.lowest:.3g} to {mean:.3g}"))
            self.lowest, self.totals = min(self.lowest, mean), []
        self.save()

    def finished(self) -> bool:
        """Whether the budget is used; all processes of a distributed run agree."""
        done = torch.tensor(float(self.options.progress(self.counters.step, self.counters.seconds) >= 1))
        if dist.is_initialized():
            done = done.to(self.device)
            dist.broadcast(done, 0)
        return bool(done)

    def save(self) -> None:
        """Write the checkpoint and the network (the first process of a distributed run only)."""
        if self.batches.rank == 0:
            save_state(self.folder / STATE, self.network, self.optimizer, self.counters, self.options)
            save_checkpoint(self.network, self.folder / WEIGHTS)


def scaled_groups(network: nn.Module) -> list[dict[str, Any]]:
    """A parameter group for each tensor, with a learning-rate `scale` that falls with a convolution's fan-in.

    Adam moves every weight by about the rate, and inputs after a ReLU are never negative: in a convolution over 4,608
    of them one step of 1e-3 can shift an output by more than its size. Without this scaling most channels of the wide
    decoder layers died within 200 steps. It is the rule of maximal update parametrisation (arXiv 2203.03466).
    """
    groups = []
    for parameter in network.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
        groups.append({"params": [parameter], "scale": min(1.0, FULL_RATE_FAN_IN / fan_in)})
    return groups


def pair_up(x: Tensor, pairs: int) -> Tensor:
    """(N, ...) -> (pairs * N, ...): the batch, then the batch rotated by one, by two, ..."""
    return torch.cat([x.roll(k, 0) for k in range(pairs)])


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Mean of the gradients over the processes of a torchrun; nothing to do in a single one."""
    if not dist.is_initialized():
        return
    for parameter in parameters:
        if parameter.grad is None:  # unused in this process' step, maybe not in another's
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()


class Log:
    """CSV of mean losses, a row every few steps; rows past a resumed step are dropped first."""

    def __init__(self, path: Path, every: int, step: int):
        self.path, self.every = path, every
        self.rows: list[dict[str, float]] = []
        if path.exists():
            with reading(path, "a log of training"):
                lines = path.read_text(encoding="utf-8").splitlines()
                kept = [line for line in lines[1:] if int(line.split(",")[0]) <= step]
            with atomic_write(path) as file:
                file.write("".join(f"{line}\n" for line in (*lines[:1], *kept)).encode())

    def add(self, counters: Counters, row: dict[str, float]) -> None:
        self.rows.append(row)
        if counters.step % self.every:
            return
        means = {name: self.mean(name) for name in COLUMNS}
        new = not self.path.exists() or not self.path.stat().st_size
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", *COLUMNS])
            writer.writerow([counters.step, f"{counters.seconds:.0f}", *(f"{v:.5f}" for v in means.values())])
        self.rows = []

    def mean(self, name: str) -> float:
        """Mean of a term over the steps that had it; nan where none had."""
        values = [row[name] for row in self.rows if name in row]
        return sum(values) / len(values) if values else float("nan")
