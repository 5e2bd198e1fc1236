"""Channel indicators: one number in (0, 1) per channel of every dependency group, learned like weights.

An indicator multiplies its channel where the next weights read it, at the input of every consumer, so that at 0 the
network is the one without the channel (behind a normalisation, say, a factor on the producer would be divided out
again), and so that all layers of a residual stream share it.
"""

from typing import Any

import torch
from torch import Tensor, nn

from pruning.criteria.view import group_views
from pruning.graph import TracedModel
from pruning.graph.layers import LayerCost, Side, place_of_channels

Gates = dict[str, Tensor]
"""Group -> (C,) indicators"""


class Indicators(nn.Module):
    """Indicators sigmoid(sharpness * alpha) on a model; sharpness is the inverse of the temperature.

    Args:
        traced: the model that they act on, until `release`.
        start: first value of every alpha.
    """

    def __init__(self, traced: TracedModel, start: float) -> None:
        super().__init__()
        self.network, self.sharpness = traced.network, 1.0
        device = next(traced.model.parameters()).device
        self.alphas = nn.ParameterList(torch.full((group.channels,), start, device=device) for group in traced)
        self._parts = _by_side(traced)
        self._handles: list[Any] = [
            traced.model.get_submodule(layer).register_forward_pre_hook(self._hook(layer))
            for layer, side in self._parts
            if side == "in"
        ]

    def values(self) -> dict[str, Tensor]:
        """(C,) alpha of every group."""
        return dict(zip(self.network.groups, self.alphas, strict=True))

    def forward(self) -> Gates:
        """The indicators of every group."""
        return {name: torch.sigmoid(self.sharpness * alpha) for name, alpha in self.values().items()}

    def release(self) -> None:
        """Let the model go."""
        for handle in self._handles:
            handle.remove()

    def macs(self, gates: Gates) -> Tensor:
        """Multiply-accumulates per picture, differentiable: every channel counts by its indicator."""
        return torch.stack([self._layer_macs(cost, gates) for cost in self.network.layers.values()]).sum()

    def _layer_macs(self, cost: LayerCost, gates: Gates) -> Tensor:
        out = self._width(cost, "out", gates)
        pairs = out if cost.per_channel else out * self._width(cost, "in", gates) / cost.groups
        return cost.weights * cost.positions * pairs

    def _width(self, cost: LayerCost, side: Side, gates: Gates) -> Tensor:
        parts = self._parts.get((cost.name, side), [])
        dense = cost.out if side == "out" else cost.into
        free = dense - sum(len(local) for _, local, _ in parts)
        counted = [gates[name][channel].sum() for name, _, channel in parts]
        return free + torch.stack(counted).sum() if counted else torch.tensor(float(free), device=self.alphas[0].device)

    def _hook(self, layer: str) -> Any:
        def gate(module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            x = args[0]
            axis = place_of_channels(module, x)
            factors = x.new_ones(x.shape[axis])
            values = self.values()
            for name, local, channel in self._parts[layer, "in"]:
                gates = torch.sigmoid(self.sharpness * values[name])
                factors = factors.index_put((local,), gates[channel].to(x.dtype))
            return (x * factors.view([-1 if i == axis else 1 for i in range(x.ndim)]), *args[1:])

        return gate


def _by_side(traced: TracedModel) -> dict[tuple[str, Side], list[tuple[str, Tensor, Tensor]]]:
    """(group, positions, channels of the group) for every side of a layer that a group has a part in."""
    device = next(traced.model.parameters()).device
    parts: dict[tuple[str, Side], list[tuple[str, Tensor, Tensor]]] = {}
    for group in traced:
        for member in group.members:
            local, channel = (torch.from_numpy(at).to(device) for at in (member.local, member.channel))
            parts.setdefault((member.layer, member.side), []).append((group.name, local, channel))
    return parts


def stages(traced: TracedModel) -> list[list[str]]:
    """Groups inside the residual blocks of one stage: those that only feed the same stream, two or more of them."""
    filters = {name: view.filters() for name, view in group_views(traced.model, traced.network).items()}
    owner = {member.layer: name for name, members in filters.items() for member in members}
    found: dict[str, list[str]] = {}
    for name, group in traced.network.groups.items():
        fed = {owner.get(layer) for layer in group.consumers}
        target = fed.pop() if len(fed) == 1 else None
        if target is not None and len(filters[target]) > 1:
            found.setdefault(target, []).append(name)
    return [names for names in found.values() if len(names) > 1]
