"""A pruning plan as data: which channels of which groups stay, and what that costs. Readable, diffable JSON."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pruning.damaged import reading

FORMAT_VERSION = 2
MOST_CHANNELS = 1 << 24  # of a layer, or pixels of an example's side, that a file may speak of
Cost = dict[str, float]
"""{"macs": multiply-accumulates per picture, "params": parameters}; of a whole network also "channels" (those in
groups), and "latency_ms" where the target was one"""


@dataclass(frozen=True)
class GroupPlan:
    """What happens to one group.

    Attributes:
        name, producers: as in `pruning.ChannelGroup`.
        channels: how many there are; kept and removed together list each of 0..channels-1 once, ascending.
        empty: channels with a score at or below the plan's eps, None where the group could not be scored.
        before, after: cost of the producers, whose inputs shrink with the other groups.
    """

    name: str
    producers: list[str]
    channels: int
    kept: list[int]
    removed: list[int]
    empty: int | None
    before: Cost
    after: Cost


@dataclass(frozen=True)
class Plan:
    """What to remove from a network.

    Attributes:
        criterion, normalise, scope, eps: what `pruning.plan` ranked the channels by; None where it was not the one.
        target, keep: what was asked for.
        example_shapes: shape of each of the forward's arguments; [] where they are more than plain float tensors.
        groups: every group that has no layer in keep, also those that lose nothing, in execution order.
        before, after: cost of the whole network at the example's size.
        skipped: {layer: why its channels could not be removed}, where that was to be no error.
        choices: of `pruning.TracedModel`.
        following: numbers of modules that follow the widths, as `module.attribute`.
        provenance: what chose the channels: 'plan', 'schedule sfp', 'search dais'.
    """

    criterion: str | None
    normalise: str | None
    scope: str | None
    eps: float | None
    target: dict[str, float] | None
    keep: list[str]
    example_shapes: list[list[int]]
    groups: list[GroupPlan]
    before: Cost
    after: Cost
    skipped: dict[str, str] = field(default_factory=dict)
    choices: list[int] = field(default_factory=list)
    following: list[str] = field(default_factory=list)
    provenance: str = "plan"

    @property
    def removed(self) -> dict[str, list[int]]:
        """{group: removed channels} of the groups that lose any."""
        return {group.name: group.removed for group in self.groups if group.removed}

    def example(self, model: nn.Module) -> tuple[Tensor, ...]:
        """Zeros of the example's shapes, with the model's device and dtype.

        Raises:
            ValueError: the forward takes more than float tensors.
        """
        if not self.example_shapes:
            raise ValueError("the plan was made for inputs that are not plain float tensors: give the example again")
        like = next(model.parameters())
        return tuple(torch.zeros(shape, device=like.device, dtype=like.dtype) for shape in self.example_shapes)

    def save(self, path: str | Path) -> None:
        """Write the plan as JSON, whole or not at all."""
        temporary = Path(f"{path}.tmp")
        temporary.write_text(json.dumps({"format": FORMAT_VERSION, **asdict(self)}, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, path)

    @classmethod
    def load(cls, path: str | Path) -> "Plan":
        """Read a plan back.

        Raises:
            ValueError: the file is no plan of this format.
            OSError: the file cannot be read.
        """
        with reading(path, "pruning plan"):
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            version = data.pop("format", None) if isinstance(data, dict) else None
            if version != FORMAT_VERSION:
                raise ValueError(f"{path} is no pruning plan of format {FORMAT_VERSION}: its format is {version!r}")
            older = {"skipped": {}, "choices": [], "following": [], "provenance": "plan"}  # which they do not have
            data = older | data
            _check_fields(cls, data, PLAN_FIELDS)
            for group in data["groups"]:
                _check_group(group)
            groups = [GroupPlan(**group) for group in data.pop("groups")]
            return cls(groups=groups, **data)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < MOST_CHANNELS for item in value)


def _costs(value: Any) -> bool:
    return isinstance(value, dict) and all(type(cost) in (int, float) and cost >= 0 for cost in value.values())


def _full_costs(value: Any) -> bool:
    return _costs(value) and {"macs", "params"} <= set(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


Checks = dict[str, Callable[[Any], bool]]
PLAN_FIELDS: Checks = {
    "criterion": lambda value: value is None or _text(value),
    "normalise": lambda value: value is None or _text(value),
    "scope": lambda value: value is None or _text(value),
    "eps": lambda value: value is None or type(value) in (int, float),
    "target": lambda value: value is None or _costs(value),
    "keep": _texts,
    "example_shapes": lambda value: isinstance(value, list) and all(map(_counts, value)),
    "groups": lambda value: isinstance(value, list) and all(isinstance(group, dict) for group in value),
    "before": _full_costs,
    "after": _full_costs,
    "choices": _counts,
    "following": _texts,
    "provenance": _text,
    "skipped": lambda value: isinstance(value, dict) and all(map(_text, [*value, *value.values()])),
}
GROUP_FIELDS: Checks = {
    "name": _text,
    "producers": _texts,
    "channels": lambda value: type(value) is int and 0 < value < MOST_CHANNELS,
    "kept": _counts,
    "removed": _counts,
    "empty": lambda value: value is None or (type(value) is int and value >= 0),
    "before": _full_costs,
    "after": _full_costs,
}


def _check_fields(kind: type, data: Mapping[str, Any], checks: Checks) -> None:
    expected = {field.name for field in fields(kind)}
    if set(data) != expected:
        raise ValueError(f"keys that differ: {sorted(set(data) ^ expected)}")
    for name, check in checks.items():
        if not check(data[name]):
            raise ValueError(f"{name} cannot be {repr(data[name])[:80]}")


def _check_group(group: Mapping[str, Any]) -> None:
    _check_fields(GroupPlan, group, GROUP_FIELDS)
    if sorted(group["kept"] + group["removed"]) != list(range(group["channels"])):
        raise ValueError(f"kept and removed of {group['name']} do not make {group['channels']} channels")
