"""Every network of `benchmarks.pruning_cases`: pruned, pruned in part with reasons, or refused with the way past."""

import warnings

import pytest
import torch

import pruning
from benchmarks.pruning_cases import CASES

REFUSED = {
    "bilinear pooling": "a: two axes of channels become one",
    "view to a constant": "a: in a trial removal .*mat1 and mat2 shapes cannot be multiplied",
    "view of an encoding to a constant": r"a: in a trial removal .*shape '\[-1, 8\]' is invalid",
    "cost volume": r"a: in a trial removal .*expanded size of the tensor \(8\)",
    "slice written in place": r"a: in a trial removal .*expanded size of the tensor \(8\)",
    "low-rank addition (LoRA)": "a: in a trial removal .*shape '.8, ., 3, 3.' is invalid",
    "local response normalisation": r"0: it meets avg_pool3d across its channels in 1 \(LocalResponseNorm\)",
    "assert on the width": "a: in a trial removal .*eight channels were expected",
    "weight normalisation by hooks": "0 computes its weight.*call torch.nn.utils.remove_weight_norm",
    "masks of torch": "0 keeps a mask of torch.nn.utils.prune: call torch.nn.utils.prune.remove",
    "traced by jit": "TorchScript module.*prune it before torch.jit",
    "scripted by jit": "TorchScript module.*prune it before torch.jit",
    "lock": "cannot be copied: TypeError: cannot pickle '_thread.lock' object; take out",
    "constant table": r"a: in a trial removal .*size of tensor a \(.\) must match the size of tensor b \(8\)",
    "reshaped heads": "a: in a trial removal .*is invalid for input of size",
}
"""And why."""
PARTIAL = {
    "global context block": set(),
    "self-attention by products": {"q", "k"},
    "res2net block": {"a"},
    "transformer block": {"embed", "qkv"},
    "torch's transformer layer": set(),
    "mixer": {"token2"},
}
"""And the layers that stay whole."""


def planned(name, **options):
    torch.manual_seed(0)
    model, example = CASES[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = pruning.trace(model.eval(), example, on_unsupported="skip")
        target = {"criterion": "l1-dependency", "target": {"channels": 0.7}, "scope": "layer"}
        return model, traced, pruning.plan(traced, on_unsupported="skip", **target, **options)


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_case_is_pruned(name):
    model, traced, plan = planned(name)
    pruned = pruning.apply(traced, plan)
    assert pruning.verify(traced, plan, pruned) < 1e-4
    assert sum(p.numel() for p in pruned.parameters()) < sum(p.numel() for p in model.parameters())
    assert set(plan.skipped) == PARTIAL.get(name, set())
    assert all(plan.skipped.values())


@pytest.mark.parametrize("name", REFUSED)
def test_case_is_refused(name):
    with pytest.raises(ValueError, match=REFUSED[name]):
        planned(name)


@pytest.mark.parametrize("name", PARTIAL)
@pytest.mark.filterwarnings("ignore:the example never runs")
def test_keep_is_the_way_past_what_is_refused(name):
    torch.manual_seed(0)
    model, example = CASES[name]()
    kept = []
    while True:
        try:
            traced = pruning.trace(model.eval(), example, keep=kept)
            break
        except ValueError as error:
            layer = str(error).split("name ")[-1].split(" in keep")[0]
            assert layer not in kept
            kept.append(layer)
    assert set(kept) == PARTIAL[name]
    assert len(traced)
