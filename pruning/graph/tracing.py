"""A network traced once: its groups of channels, what cannot be pruned and why, and the means to cut and to check."""

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from torch import nn

from pruning.graph.comparison import is_costly
from pruning.graph.groups import find_network
from pruning.graph.layers import LAYERS
from pruning.graph.rectified import observed_layers
from pruning.graph.running import Run, run
from pruning.graph.structure import ChannelGroup, Network
from pruning.graph.trial import LARGE, try_removal
from pruning.recording import Example, Inputs, as_inputs

FEW = 2
"""So many views, where the trial failed, are looked at again one by one; of more, all at once."""
MOST_RUNS = (8, 2)
"""How many removals are tried for a new guess, and how many in large networks."""
FURTHER = (1, 2)
"""Choices after the first: the second and the third longest axis."""
RAISE, SKIP = ON_UNSUPPORTED = ("raise", "skip")


@dataclass(frozen=True, eq=False)
class TracedModel:
    """A network with everything that tracing found, to be given to `plan`, `apply`, `verify` and `calibrate`.

    As a sequence it is the groups that can be pruned, in execution order.

    Attributes:
        model: the user's network, as it is.
        inputs: the example that it was traced with.
        network: groups, costs and index maps.
        skipped: {layer: why its channels cannot be removed}.
        keep: layers that were to be left as wide as they are.
        guesses: groups for each view in which one of several axes could shrink with the channels.
        choices: which one was taken, where it was not the longest.
    """

    model: nn.Module
    inputs: Inputs
    network: Network
    skipped: dict[str, str]
    keep: tuple[str, ...] = ()
    guesses: tuple[frozenset[str], ...] = ()
    choices: tuple[int, ...] = ()

    def __iter__(self) -> Iterator[ChannelGroup]:
        return iter(self.network.groups.values())

    def __len__(self) -> int:
        return len(self.network.groups)

    def __getitem__(self, index: int) -> ChannelGroup:
        return list(self.network.groups.values())[index]

    def keeping(self, keep: Sequence[str]) -> "TracedModel":
        """The same without the groups of these further layers.

        Raises:
            ValueError: a name that is no layer.
        """
        check_keep(self.model, keep)
        groups = {n: g for n, g in self.network.groups.items() if not set(g.producers) & set(keep)}
        skipped = {name: why for name, why in self.skipped.items() if name not in keep}
        kept = tuple(dict.fromkeys([*self.keep, *keep]))
        return replace(self, network=replace(self.network, groups=groups), skipped=skipped, keep=kept)

    def check(self, on_unsupported: str) -> "TracedModel":
        """Itself.

        Raises:
            ValueError: something cannot be pruned, and that is to be an error.
        """
        check_on_unsupported(on_unsupported)
        if on_unsupported == RAISE and self.skipped:
            raise ValueError(refusal(*next(iter(self.skipped.items()))))
        return self


def refusal(name: str, why: str) -> str:
    """The message for a layer whose channels cannot be followed."""
    return (
        f"the channels of {name} cannot be pruned: {why}; name {name} in keep to leave it as it is, or say "
        "on_unsupported='skip' to leave everything whole that cannot be pruned"
    )


def check_on_unsupported(value: str) -> None:
    """Raise a ValueError unless the value is 'raise' or 'skip'."""
    if value not in ON_UNSUPPORTED:
        raise ValueError(f"on_unsupported must be 'raise' or 'skip', got {value!r}")


def check_keep(model: nn.Module, keep: Sequence[str]) -> None:
    """Raise a ValueError if keep is no sequence of names of layers, or the model no module."""
    if not isinstance(model, nn.Module):
        raise ValueError(f"the model must be a torch.nn.Module, got a {type(model).__name__}")
    if isinstance(keep, str):
        raise ValueError(f"keep must be a list of layers, such as [{keep!r}], got the text {keep!r}")
    if not isinstance(keep, Collection):
        raise ValueError(f"keep must be a list of layers, got {keep!r}")
    names = [name for name, module in model.named_modules() if isinstance(module, LAYERS)]
    if unknown := sorted(set(keep) - set(names)):
        raise ValueError(f"keep names {unknown}, which are not layers of the model; valid: {', '.join(names)}")


def trace(
    model: nn.Module,
    example: Example,
    *,
    keep: Sequence[str] = (),
    on_unsupported: str = RAISE,
    stacklevel: int = 3,
) -> TracedModel:
    """Find the groups of channels that can be removed, and try the removal out.

    Args:
        model: any network. Channels are followed through every operation that treats them alike or moves them about;
            layers that are cut are convolution, transposed convolution, Linear, batch and instance normalisation and
            PReLU, along with parameters and buffers of their length. It stays exactly as it is.
        example: what the forward takes: a tensor, a tuple of arguments, or a dict of named ones.
        keep: layers to leave as wide as they are; also the way past a layer that is refused.
        on_unsupported: 'raise' an error for the first layer that cannot be pruned, or 'skip' all such layers:
            they stay whole, and the result's `skipped` says why.
        stacklevel: of warnings.

    Returns:
        The traced network, a sequence of its groups in execution order. Channels of its inputs and outputs are in none.

    Raises:
        ValueError: an unusable example, a model that cannot be run or copied, an unknown layer in keep, or a layer
            whose channels cannot be followed.
    """
    check_on_unsupported(on_unsupported)
    found = follow(model, example, keep=keep, stacklevel=stacklevel)
    return guessed(tried(found)).check(on_unsupported)


def guessed(found: TracedModel) -> TracedModel:
    """The traced model with other guesses where those that were made ended in a refusal or a failed trial.

    The same guess is made at all such views at once, since a network repeats its blocks; then at each of a few.
    """
    if is_costly(found.network):
        return found
    for choice in FURTHER:
        found = _with_guess(found, _unlucky(found), choice)
    if 1 < len(sites := _unlucky(found)) <= FEW:
        for site, choice in product(sites, FURTHER):
            found = _with_guess(found, [site], choice)
    return found


def _with_guess(found: TracedModel, sites: list[int], choice: int) -> TracedModel:
    """The model traced with this choice at these views, if that prunes more; else as it was found."""
    if not sites:
        return found
    choices = dict(enumerate(found.choices)) | dict.fromkeys(sites, choice)
    wanted = tuple(choices.get(site, 0) for site in range(max(choices) + 1))
    other = follow(found.model, found.inputs, keep=found.keep, choices=wanted, stacklevel=None)
    other = tried(other, found.network.groups.keys(), MOST_RUNS[found.network.dense["macs"] > LARGE])
    better = len(other.skipped) < len(found.skipped) and _free(other) > _free(found)
    return other if better else found


def _free(found: TracedModel) -> int:
    """How many channels can be removed at the most."""
    return sum(group.channels - 1 for group in found)


def _unlucky(found: TracedModel) -> list[int]:
    """Views that were guessed about, with something on them that cannot be pruned."""
    return [site for site, names in enumerate(found.guesses) if names & set(found.skipped)]


def tried(found: TracedModel, likely: Collection[str] = (), most: int | None = None) -> TracedModel:
    """The traced model without the groups whose removal breaks the network; see `try_removal`."""
    network, failed = try_removal(found.model, found.network, found.inputs, likely, most)
    return replace(found, network=network, skipped=found.skipped | failed)


def follow(
    model: nn.Module,
    example: Example,
    *,
    keep: Sequence[str] = (),
    choices: tuple[int, ...] = (),
    following: Sequence[str] = (),
    stacklevel: int | None = 2,
) -> TracedModel:
    """`trace` without the trial: what cannot be pruned is in `skipped`."""
    inputs = as_inputs(example)
    check_keep(model, keep)
    found = run(model, inputs, choices)
    if stacklevel is not None:
        _warn_of_idle(found, stacklevel + 1)
    for name in keep:
        if (labels := found.sides.get((name, "out"))) is not None:
            found.follower.shadows.atoms.silence(labels)
    nodes = {name: found.nodes[name] for name in map(found.names.__getitem__, found.positions)}
    observed = observed_layers(nodes, found.names)
    network, refused, guesses = find_network(found, observed, sum(p.numel() for p in model.parameters()))
    network = replace(network, following=frozenset(following))
    return TracedModel(model, inputs, network, refused, tuple(keep), guesses, choices).keeping(())


def trace_network(model: nn.Module, example: Example, *, keep: Sequence[str] = ()) -> Network:
    """The groups and costs of a network, as `trace` finds them; what cannot be pruned is in no group."""
    return follow(model, example, keep=keep).keeping(keep).network


def as_traced(
    model: nn.Module | TracedModel,
    example: Example | None,
    keep: Sequence[str] = (),
    choices: tuple[int, ...] = (),
    following: Sequence[str] = (),
) -> TracedModel:
    """A model that may be traced already, without the trial.

    Raises:
        ValueError: a bare model without an example.
    """
    if isinstance(model, TracedModel):
        return model.keeping(keep) if keep else model
    if example is None:
        raise ValueError("a model that is not traced needs an example of what its forward takes")
    return follow(model, example, keep=keep, choices=choices, following=following, stacklevel=4).keeping(keep)


def _read(found: Run, module: nn.Module) -> bool:
    """Whether the forward takes the layer's parameters without running it, as torch's attention does."""
    nodes = [found.follower.shadows[parameter].node for parameter in module.parameters(recurse=False)]
    return any(node is not None and node.outputs for node in nodes)


def _warn_of_idle(found: Run, stacklevel: int) -> None:
    still = [(module, name) for module, name in found.names.items() if (name, "out") not in found.sides]
    idle = [name for module, name in still if not _read(found, module)]
    if idle:
        warnings.warn(f"the example never runs {', '.join(idle)}; they keep their widths", stacklevel=stacklevel)
