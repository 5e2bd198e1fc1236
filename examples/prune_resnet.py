"""Halve the multiplications of a ResNet, check the removal, save and load it. python examples/prune_resnet.py OUTPUT"""

import sys

import torch
from torchvision.models import resnet18

import pruning

model, example = resnet18().eval(), torch.rand(1, 3, 64, 64)  # weights of your own go here
plan = pruning.plan(model, example, criterion="l2-dependency", target={"macs": 0.5})
pruned = pruning.apply(model, plan)
pruning.verify(model, plan, pruned, example)
pruning.save(pruned, sys.argv[1])
again = pruning.load(sys.argv[1], like=resnet18().eval())
assert torch.equal(again(example), pruned(example))
left = {name: plan.after[name] / plan.before[name] for name in ("macs", "params")}
print(f"MACs {left['macs']:.0%}, parameters {left['params']:.0%}")
