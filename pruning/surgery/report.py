"""A plan as a table: what every layer loses."""

from collections.abc import Mapping, Sequence

from torch import nn

from pruning.graph import TracedModel
from pruning.plans import Plan
from pruning.surgery.apply import traced_for

Row = dict[str, str | float]
COLUMNS = {
    "layer": "layer",
    "channels": "channels",
    "kept": "kept",
    "empty": "empty",
    "macs_before": "MACs",
    "macs_after": "after",
    "params_before": "params",
    "params_after": "after",
}


def layer_table(model: nn.Module | TracedModel, plan: Plan) -> list[Row]:
    """One row per layer in execution order, then one named 'total'.

    Returns:
        Rows with 'layer', 'channels' and 'kept' (output channels), 'empty' (scored at or below the plan's eps),
        'macs_before', 'macs_after', 'params_before' and 'params_after'. MACs are per picture at the example's size.
        The total counts channels and empty channels of groups once, not once per layer, and all parameters of the
        network.

    Raises:
        ValueError: the plan does not fit the model.
    """
    network = traced_for(model, plan).network
    widths = network.widths(plan.removed)
    empty: dict[str, int] = {}
    for group in plan.groups:
        for name in group.producers:
            empty[name] = empty.get(name, 0) + (group.empty or 0)
    rows: list[Row] = []
    for name, cost in network.layers.items():
        dense, after = (cost.out, cost.into), widths[name]
        rows.append({"layer": name, "channels": cost.out, "kept": after[0], "empty": empty.get(name, 0)})
        rows[-1] |= {"macs_before": cost.macs(*dense), "macs_after": cost.macs(*after)}
        rows[-1] |= {"params_before": cost.parameters(*dense), "params_after": cost.parameters(*after)}
    return [*rows, _total(plan)]


def _total(plan: Plan) -> Row:
    return {
        "layer": "total",
        "channels": sum(group.channels for group in plan.groups),
        "kept": sum(len(group.kept) for group in plan.groups),
        "empty": sum(group.empty or 0 for group in plan.groups),
        "macs_before": plan.before["macs"],
        "macs_after": plan.after["macs"],
        "params_before": plan.before["params"],
        "params_after": plan.after["params"],
    }


def format_table(rows: Sequence[Mapping[str, str | float]]) -> str:
    """Rows of `layer_table` as aligned text, one line per row under a line of titles, without a final newline."""
    lines = [list(COLUMNS.values())]
    lines += [[str(row[c]) if isinstance(row[c], str) else f"{row[c]:,}" for c in COLUMNS] for row in rows]
    sizes = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [[line[0].ljust(sizes[0]), *map(str.rjust, line[1:], sizes[1:])] for line in lines]
    return "\n".join("  ".join(line) for line in aligned)
