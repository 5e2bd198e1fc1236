"""A removal tried out before anybody plans one: numbers that are written down in a forward are in no graph.

A view to 64 channels, a slice of the first 8, a table of constants: the only way to know that a network runs without
some of its channels, and computes the same for their readers, is to take some away and run it.
"""

import copy
import re
import warnings
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import torch
from torch import nn

from pruning.graph.comparison import Comparison, DifferenceError, answer, unread
from pruning.graph.cutting import cut
from pruning.graph.following import SIZES
from pruning.graph.running import duplicate, training_inputs
from pruning.graph.structure import ChannelGroup, Network
from pruning.modes import seeded
from pruning.recording import Inputs

SHARE = 0.4
"""Of every group's channels that go in the trial, the rest of a division by which no usual width is a multiple."""


PATIENCE, LARGE = (24, 8), 1e9
"""So many runs (the second: in networks of more multiply-accumulates than that) are made to find out layer by layer
what cannot be removed; after those, what fails together with others of its kind is taken to fail like them."""


@dataclass
class _Trial:
    model: nn.Module
    network: Network
    inputs: Inputs
    training: Inputs | None
    most: int | None = None
    runs: int = 0
    broke: bool = False
    accepted: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def accept(self, names: list[str]) -> None:
        """Accept these groups if all can lose channels along with those before; else halve them, to the culprits."""
        if not names:
            return
        if self.most is not None and self.runs >= self.most:
            self.failed |= dict.fromkeys(names, "too many removals would have to be tried")
            return
        why = self.failure([*self.accepted, *names])
        if why is None or self.follows(names):
            self.accepted += names
        elif len(names) == 1 or self._is_hopeless(names):
            self.failed |= dict.fromkeys(names, why)
        else:
            for part in _halves(names):
                self.accept(part)

    def _is_hopeless(self, names: Sequence[str]) -> bool:
        """Whether these are all of kinds of which some failed alone, after many runs; then they fail together."""
        patience = PATIENCE[self.network.dense["macs"] > LARGE]
        return self.runs > patience and {_kind(name) for name in names} <= {_kind(name) for name in self.failed}

    def follows(self, names: Sequence[str]) -> bool:
        """Whether these groups can lose channels where numbers of modules follow.

        Those of a name without which it works as well do not follow: they are as large by chance.
        """
        before = self.network
        may = {a.name for name in names for a in before.groups[name].attributes} - before.following
        heads = {name for name in may if name.rpartition(".")[2] not in SIZES}
        # Where there are as many heads as channels in each, all but the channels of a head follow.
        tries = [may, heads] if 0 < len(heads) < len(may) else [may]
        if not any(some and self._runs_with(names, before.following | some) for some in tries):
            return False
        for kind in sorted({name.rpartition(".")[2] for name in may}):
            self._runs_with(names, {n for n in self.network.following if n.rpartition(".")[2] != kind})
        return True

    def _runs_with(self, names: Sequence[str], following: Set[str]) -> bool:
        """Whether that many attributes are enough; if so, they are the ones that follow."""
        before = self.network
        self.network = replace(before, following=frozenset(following))
        if self.failure([*self.accepted, *names]) is None:
            return True
        self.network = before
        return False

    def failure(self, names: Sequence[str]) -> str | None:
        """Why the network is broken without some channels of these groups, None if it is not."""
        self.runs += 1
        removed = {name: some_of(self.network.groups[name]) for name in names}
        removed = {name: channels for name, channels in removed.items() if len(channels)}
        if not removed:
            return None
        try:
            small = cut(self.model, self.network, removed)
            if self.broke:  # what breaks again needs no run of the dense network
                self._run(small)
            self._compare(removed, unread(self.model, self.network, removed), small)
            if self.training is not None:
                _train(small, self.training)
        except Exception as error:
            self.broke = True
            reason = " ".join(str(error).split())[:200]
            return f"in a trial removal {reason if isinstance(error, ValueError) else _named(error, reason)}"
        return None

    def _run(self, small: nn.Module) -> None:
        try:
            answer(small, self.inputs, self.network, lambda name, out: None)
        except Exception as error:
            raise ValueError(f"the pruned network does not run: {_named(error, str(error))}") from error

    def _compare(self, removed: dict[str, np.ndarray], masked: nn.Module, small: nn.Module) -> None:
        """In the model's own type; what differs there is compared again in float64, since it may be rounding."""
        quick = Comparison(self.network, removed, masked, small, precise=False)
        try:
            quick.difference(self.inputs, quick.expected(self.inputs))
        except DifferenceError:
            precise = Comparison(self.network, removed, masked, small, precise=True)
            precise.difference(self.inputs, precise.expected(self.inputs))


def _halves(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Two parts of the names, each with all of a kind (the same but for numbers of blocks) where there are several.

    What breaks in one block of a network mostly breaks in all of them.
    """
    kinds: dict[tuple[str, str], list[str]] = {}
    for name in names:
        kinds.setdefault(_kind(name), []).append(name)
    parts = list(kinds.values()) if len(kinds) > 1 else [[name] for name in names]
    middle = len(parts) // 2
    return list(chain(*parts[:middle])), list(chain(*parts[middle:]))


def _kind(name: str) -> tuple[str, str]:
    """A layer's place in its block, which a network repeats."""
    block, _, layer = name.rpartition(".")
    return re.sub(r"\d+", "", block), layer


def _named(error: Exception, reason: str) -> str:
    return f"{type(error).__name__}: {reason}"


def try_removal(
    model: nn.Module, network: Network, inputs: Inputs, likely: Collection[str] = (), most: int | None = None
) -> tuple[Network, dict[str, str]]:
    """The network of the groups that can lose channels, with the attributes that follow, and {group: why} of the rest.

    The rest are those without which the network does not run, or computes something else. Groups that will likely do
    are tried first, all at once; after so many removals at the most the rest is given up.
    """
    if not network.groups:
        return network, {}
    subject = _varied(duplicate(model).eval().requires_grad_(False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        training = training_inputs(subject, inputs) if _idles(network) else None
        trial = _Trial(subject, network, _usable(subject, network, inputs), training, most)
        for names in ([n for n in network.groups if n in likely], [n for n in network.groups if n not in likely]):
            trial.accept(names)
    groups = {name: group for name, group in network.groups.items() if name not in trial.failed}
    return replace(trial.network, groups=groups), trial.failed


def _usable(model: nn.Module, network: Network, inputs: Inputs) -> Inputs:
    """Random numbers in the place of the example, unless the network takes some inputs only, or gives none on them."""
    given = _random(inputs)
    try:
        outputs, _ = answer(model, given, network, lambda name, out: None)
    except Exception:
        return inputs
    return inputs if any(out.is_floating_point() and out.isnan().any() for out in outputs) else given


def some_of(group: ChannelGroup) -> np.ndarray:
    """Channels to try to remove: unevenly spread, the same for the same group; none of a group of one."""
    count = max(int(SHARE * group.channels), min(1, group.channels - 1))
    generator = np.random.default_rng(group.channels)
    return np.sort(generator.permutation(group.channels)[:count])


@torch.no_grad()
def _varied(model: nn.Module) -> nn.Module:
    """Parameters that are all alike (a scale of 1, or of 0) become different, or they would hide what is mixed up."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        if parameter.is_floating_point() and parameter.numel() > 1 and (parameter == parameter.flatten()[0]).all():
            noise = torch.rand(parameter.shape, generator=generator).to(parameter)
            parameter.add_(0.1 + 0.4 * noise)
    return model


def _random(inputs: Inputs) -> Inputs:
    """The example with random numbers in the place of floats."""
    generator = torch.Generator().manual_seed(0)
    return inputs.map(lambda x: torch.randn(x.shape, generator=generator).to(x) if x.is_floating_point() else x)


def _idles(network: Network) -> bool:
    """Whether some layers run while training only."""
    return any(
        not cost.positions and any((m.layer == name) for g in network.groups.values() for m in g.members)
        for name, cost in network.layers.items()
    )


def _train(small: nn.Module, inputs: Inputs) -> None:
    """Run the smaller network as in training, of which a crash is all that is looked for."""
    subject = copy.deepcopy(small).train()
    with seeded(), torch.no_grad():
        inputs.run(subject)
