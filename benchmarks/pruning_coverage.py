"""What comes of pruning very different networks, here and by Torch-Pruning's MagnitudePruner, network by network.

    python -m benchmarks.pruning_coverage [--parts cases classifiers segmentation detection timm] [--json FILE]

Every network has random weights and 64 x 64 pixels (those of `benchmarks.pruning_cases` are smaller), and runs in a
process of its own, for a minute of one core at most. 30 % of the channels of every group go by the L1 norm; layers
that cannot be pruned are skipped, and Torch-Pruning is told to leave the layers alone that make the outputs.

The judge is neither tool: which channels are left is read off the weights, which are all different, the others are
silenced in the dense network where they are read, and all layers must give the same. An outcome is one of

    pruned   smaller and right                         wrong    smaller, and computes something else
    partial  the same, with layers that were skipped   late     smaller, and does not run
    refused  a ValueError that says why                error    any other exception
    nothing  nothing was removed, nothing was said     hang     no end within a minute

Continued where the file is there.
"""

import argparse
import json
import multiprocessing
import os
import resource
import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from apps.benchmark.timing import describe
from benchmarks.pruning_cases import CASES
from benchmarks.pruning_judge import MIXING, judge

SIZE, LIMIT, SHARE = 64, 60, 0.3
TOOLS = ("here", "torch-pruning")
PARTS = ("cases", "classifiers", "segmentation", "detection", "timm")
RESULTS = Path(__file__).parent / "results" / "pruning-coverage.json"
TIMM = [
    "botnet26t_256",
    "coat_lite_tiny",
    "coatnet_0_rw_224",
    "convit_tiny",
    "convnext_atto",
    "crossvit_tiny_240",
    "cs3darknet_s",
    "cspresnet50",
    "davit_tiny",
    "deit_tiny_patch16_224",
    "dla34",
    "dpn68",
    "eca_nfnet_l0",
    "edgenext_xx_small",
    "efficientformer_l1",
    "efficientnet_b0",
    "efficientvit_b0",
    "fastvit_t8",
    "focalnet_tiny_srf",
    "gernet_s",
    "ghostnet_100",
    "ghostnetv2_100",
    "hardcorenas_a",
    "hgnet_tiny",
    "hrnet_w18_small",
    "inception_next_tiny",
    "levit_128s",
    "maxvit_tiny_rw_224",
    "mixer_s32_224",
    "mixnet_s",
    "mobilenetv2_100",
    "mobilenetv3_small_100",
    "mobilenetv4_conv_small",
    "mobileone_s0",
    "mobilevit_xxs",
    "nf_resnet50",
    "pit_ti_224",
    "poolformer_s12",
    "pvt_v2_b0",
    "regnetx_002",
    "regnety_002",
    "repvgg_a0",
    "res2net50_26w_4s",
    "resmlp_12_224",
    "resnest14d",
    "resnet18",
    "resnetv2_50",
    "rexnet_100",
    "sebotnet33ts_256",
    "selecsls42b",
    "seresnet50",
    "sequencer2d_s",
    "skresnet18",
    "swin_tiny_patch4_window7_224",
    "tf_efficientnetv2_b0",
    "tiny_vit_5m_224",
    "tinynet_a",
    "twins_svt_small",
    "visformer_tiny",
    "vit_tiny_patch16_224",
    "vovnet39a",
    "xcit_nano_12_p16_224",
]
"""One or two of each family."""
LARGEST = ("regnet_y_128gf", "vit_h_14")
"""Left out: over 600 million parameters, which several times do not fit into memory."""


def names(part: str) -> list[str]:
    """The networks of a part: all that torchvision has, of timm one or two of each family."""
    if part == "cases":
        return list(CASES)
    if part == "timm":
        return TIMM
    from torchvision import models

    if part == "classifiers":
        return [name for name in models.list_models(module=models) if name not in LARGEST]
    return models.list_models(module=import_module(f"torchvision.models.{part}"))


def built(part: str, name: str) -> tuple[nn.Module, Any]:
    """The network in evaluation mode, with weights that are all different, and an example."""
    torch.manual_seed(0)
    model, example = _built(part, name)
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if isinstance(module, MIXING) and weight is not None:
            places = torch.randperm(weight.numel())  # all different, which random numbers are not quite
            weight.data.copy_((0.5 + places / weight.numel()).view_as(weight))
    return model, example


def _built(part: str, name: str) -> tuple[nn.Module, Any]:
    if part == "cases":
        model, example = CASES[name]()
        return model.eval(), example
    if part == "timm":
        import timm

        options = {"img_size": SIZE} if _takes_size(name) else {}
        model = timm.create_model(name, **options).eval()
        side = SIZE if _runs(model) else model.default_cfg["input_size"][-1]
        return model, torch.rand(1, 3, side, side)
    from torchvision import models

    options = {"weights": None} | ({} if part == "classifiers" else {"weights_backbone": None})
    options |= {"min_size": SIZE, "max_size": SIZE} if part == "detection" and "ssd" not in name else {}
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    model = models.get_model(name, **options).eval()
    if part == "detection":
        return model, ([torch.rand(3, SIZE, SIZE)],)
    side = {"inception_v3": 96, "maxvit_t": 224}.get(name, getattr(model, "image_size", SIZE))
    return model, torch.rand(1, 3, side, side)


def _takes_size(name: str) -> bool:
    import inspect

    import timm

    if "img_size" not in inspect.getsource(inspect.getmodule(timm.model_entrypoint(name))):  # type: ignore[arg-type]
        return False
    try:
        return _runs(timm.create_model(name, img_size=SIZE).eval())
    except Exception:
        return False


def _runs(model: nn.Module) -> bool:
    try:
        with torch.no_grad():
            model(torch.rand(1, 3, SIZE, SIZE))
    except Exception:
        return False
    return True


def prune_here(model: nn.Module, example: Any) -> tuple[nn.Module, int]:
    """The pruned network, and how many layers were skipped."""
    import pruning

    traced = pruning.trace(model, example, on_unsupported="skip")
    plan = pruning.plan(traced, criterion="l1", target={"channels": 1 - SHARE}, scope="layer", on_unsupported="skip")
    pruned = pruning.apply(traced, plan)
    pruning.verify(traced, plan, pruned)
    return pruned, len(plan.skipped)


def prune_there(model: nn.Module, example: Any) -> tuple[nn.Module, int]:
    """The same by Torch-Pruning."""
    import copy

    import torch_pruning as tp

    pruned = copy.deepcopy(model)
    pruner = tp.pruner.MagnitudePruner(
        pruned,
        example_inputs=example,
        importance=tp.importance.MagnitudeImportance(p=1),
        pruning_ratio=SHARE,
        ignored_layers=_last_layers(pruned, example),
    )
    pruner.step()
    return pruned, 0


def _last_layers(model: nn.Module, example: Any) -> list[nn.Module]:
    from pruning.recording import as_inputs, tensors

    made: list[tuple[nn.Module, Any]] = []
    layers = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.modules.conv._ConvNd))]
    hooks = [m.register_forward_hook(lambda m, args, out: made.append((m, out))) for m in layers]
    with torch.no_grad():
        outputs = list(tensors(as_inputs(example).run(model)))
    for hook in hooks:
        hook.remove()
    pointers = {t.untyped_storage().data_ptr() for t in outputs}
    ends = [m for m, out in made if isinstance(out, torch.Tensor) and out.untyped_storage().data_ptr() in pointers]
    return ends or [made[-1][0]]


def outcome(model: nn.Module, example: Any, tool: str) -> dict[str, Any]:
    """What comes of one network, in this process."""
    from pruning.recording import as_inputs

    start, cpu = time.perf_counter(), time.process_time()
    work: Callable[[nn.Module, Any], tuple[nn.Module, int]] = prune_here if tool == "here" else prune_there
    row: dict[str, Any] = {"skipped": 0, "why": ""}
    try:
        with warnings.catch_warnings(), seconds_of_the_core(LIMIT):
            warnings.simplefilter("ignore")
            pruned, row["skipped"] = work(model, example)
    except ValueError as error:
        row |= {"outcome": _of_refusal(str(error)), "why": str(error)[:300]}
    except Exception as error:
        row |= {"outcome": "error", "why": f"{type(error).__name__}: {str(error)[:300]}"}
    row |= {"seconds": round(time.perf_counter() - start, 1), "cpu_seconds": round(time.process_time() - cpu, 1)}
    if "outcome" not in row:
        found, why = judge(model, pruned, as_inputs(example))
        row |= {"outcome": "partial" if found == "pruned" and row["skipped"] else found, "why": why}
        counts = [sum(p.numel() for p in m.parameters()) for m in (model, pruned)]
        row["parameters kept"] = round(counts[1] / max(counts[0], 1), 3)
    return row


def _of_refusal(message: str) -> str:
    if "is not the masked one" in message and "trial removal" not in message:
        return "wrong"
    return "late" if "the pruned network does not run" in message and "trial removal" not in message else "refused"


def in_own_process(model: nn.Module, example: Any, tool: str) -> dict[str, Any]:
    """`outcome` in a process of its own, forked from this one, which has imported and built everything."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=lambda: there.send(outcome(model, example, tool)))
    process.start()
    there.close()
    try:
        row: dict[str, Any] = here.recv()
    except EOFError:
        process.join()
        if process.exitcode == -signal.SIGXCPU:
            return {"outcome": "hang", "why": f"no end within {LIMIT} s of the core"}
        return {"outcome": "error", "why": f"the process ended with {process.exitcode}"}
    process.join()
    return row


@contextmanager
def seconds_of_the_core(limit: int) -> Iterator[None]:
    """End this process where the block takes longer on the core, whatever else runs on the machine."""
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + limit, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--json", type=Path, default=RESULTS, help="continued if it is there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for package in ("pruning", "timm", "torch_pruning", "torchvision.models"):
        import_module(package)  # once, for all processes
    rows: list[dict[str, Any]] = json.loads(args.json.read_text())["rows"] if args.json.exists() else []
    known = {(row["part"], row["network"], row["tool"]) for row in rows}
    wanted = [(part, name) for part in args.parts for name in names(part)]
    for part, name in wanted:
        open_tools = [tool for tool in args.tools if (part, name, tool) not in known]
        model, example = built(part, name) if open_tools else (None, None)
        for tool in open_tools:
            rows.append({"part": part, "network": name, "tool": tool} | in_own_process(model, example, tool))
            print("  ".join(str(value) for value in rows[-1].values()), flush=True)
            write(args.json, rows)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    counts = {
        tool: {
            part: dict(Counter(row["outcome"] for row in rows if (row["tool"], row["part"]) == (tool, part)))
            for part in PARTS
        }
        for tool in TOOLS
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    versions = {name: version(name) for name in ("torch", "torchvision", "timm", "torch-pruning")}
    content = {"machine": describe(), "versions": versions, "outcomes": counts, "rows": rows}
    temporary.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(temporary, path)


if __name__ == "__main__":
    main()
