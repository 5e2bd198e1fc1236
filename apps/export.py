"""`artnet export`: write the network as ONNX or OpenVINO IR with the transfer inside, or as a page for browsers."""

import argparse
import shlex
from dataclasses import dataclass
from pathlib import Path

from apps.common.arguments import weighted_style, whole_number
from apps.common.extras import need
from apps.common.options import options_of

EPILOG = """\
Without --style the file has two inputs, 'content' (1, H, W, 3) and 'style' (1, S, S, 3), uint8 sRGB, and one output,
'painted', like the content. Height and width of the content may be any multiples of the network's stride (8; 16
where a draft is painted first, 32 or 64 with large strokes) from two strides on; --stroke-size sets the style's size S.
With --style the style is part of the file, the only input is 'rgb' (the content), and painting is quicker, as nothing
of the style is left to compute. What `artnet stylize` does after the network is not in the file: fine detail and grain,
light, contrast and colours, for which artnet.image has postprocess, guided, contrast and chroma in NumPy.

With --page a folder is written: a web page that paints photos and the camera in the visitor's own browser, without a
server that computes. Any host of plain files will do, and once opened it works without a network. Its styles are the
bundled ones, or those of --style.

examples:
  artnet export -o artnet.onnx
  artnet export -o artnet.xml                              OpenVINO IR (artnet.xml and artnet.bin)
  artnet export --style painting.jpg -o painter.onnx       one style, built in
  artnet export --style a.jpg:0.7 --style b.jpg:0.3 --transfer adain -o mix.xml
  artnet export --page site                                then: python -m http.server --bind 127.0.0.1 --directory site

ONNX and OpenVINO files need torch, ONNX and ONNX Script: pip install 'artnet[onnx]'; --page needs no extra
"""


@dataclass(frozen=True)
class ExportOptions:
    """Which network is written, and the styles that are built in.

    Attributes:
        style: paths with their weights, or None.
        stroke_size: of styles, in pixels.
    """

    style: list[tuple[Path, float]] | None
    stroke_size: int
    transfer: str
    weights: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = __doc__, EPILOG
    what, add = parser.add_mutually_exclusive_group(required=True), parser.add_argument
    what.add_argument("-o", "--output", type=Path, metavar="OUT", help="file.onnx, or file.xml for OpenVINO IR")
    what.add_argument("--page", type=Path, metavar="FOLDER", help="a page that paints in the visitor's browser")
    add(
        "--style", action="append", type=weighted_style, metavar="STYLE[:WEIGHT]",
        help="build this style in; repeat to blend several, or to offer several on a page",
    )  # fmt: skip
    add("--stroke-size", type=whole_number(16, 4096), default=512, metavar="PX", help="default: %(default)s")
    add("--transfer", choices=("s2", "adain"), default="s2", help="default: %(default)s")
    add("--weights", default="artnet", help="a checkpoint, or the name of bundled weights (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Export, and say what was written."""
    options = options_of(ExportOptions, vars(args))
    return page(args.page, options) if args.page else graph(args.output, options)


def page(folder: Path, options: ExportOptions) -> int:
    """Write the page of --page."""
    from apps.local.folder import write_page

    if options.transfer != "s2" or options.stroke_size != 512:
        raise ValueError("a page has --transfer s2 and its own stroke size: leave these out with --page")
    if any(weight != 1 for _, weight in options.style or ()):
        raise ValueError("a page offers styles one by one: give --style without weights with --page")
    write_page(folder, options.weights, [path for path, _ in options.style or ()])
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.2f} MB; put the folder on any web server, or look at it here:")
    print(f"  python -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(folder))}")
    return 0


def graph(output: Path, options: ExportOptions) -> int:
    """Write the graph of --output."""
    if output.suffix not in (".onnx", ".xml"):
        raise ValueError(f"{output} must end in .onnx or, for OpenVINO IR, .xml")
    if not output.parent.is_dir():
        raise ValueError(f"there is no folder {output.parent}; create it first")
    need("onnx", "torch", "onnx", "onnxscript")
    print("tracing the network, which takes about half a minute ...", flush=True)
    blob = fixed_style(options) if options.style else any_style(options)
    if output.suffix == ".xml":
        write_ir(blob, output)
    else:
        from artnet.image.files import atomic_write

        with atomic_write(output) as file:
            file.write(blob)
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB")
    return 0


def any_style(options: ExportOptions) -> bytes:
    from artnet.engines.graph.onnx_export import pair_onnx
    from artnet.image.drafting import FACTOR, factor_of, scale_of_strokes
    from artnet.model.checkpoint import load_checkpoint

    network = load_checkpoint(options.weights)
    if network.config.passes == 1:
        size = rounded(options.stroke_size, network.config.stride)
        return pair_onnx(network, options.transfer, size)
    scale = scale_of_strokes(options.stroke_size)
    size = rounded(options.stroke_size // scale, FACTOR * network.config.stride)
    return pair_onnx(network, options.transfer, scale * size, factor_of(size), scale)


def rounded(size: int, stride: int) -> int:
    """The nearest multiple of a stride, two strides at least."""
    return max(2, round(size / stride)) * stride


def fixed_style(options: ExportOptions) -> bytes:
    from artnet import Stylizer
    from artnet.engines.base import Look
    from artnet.engines.graph.onnx_export import fixed_onnx
    from artnet.engines.graph.spec import look_inputs, painting_spec
    from artnet.engines.revising import looks_of
    from artnet.model.checkpoint import load_checkpoint

    stylizer, network = Stylizer.load(options.weights, engine="openvino"), load_checkpoint(options.weights)
    style = stylizer.prepare_style(options.style, stroke_size=options.stroke_size)
    looks = looks_of(stylizer.engine, Look(style, options.transfer))
    spec = painting_spec(looks.full, None)
    arrays = [look_inputs(look, spec) for look in (looks.full, looks.draft) if look]
    return fixed_onnx(network, spec, arrays, looks.factor, style.scale)


def write_ir(blob: bytes, path: Path) -> None:
    """An ONNX file's bytes as OpenVINO IR: `path` and its .bin, weights in half precision."""
    import tempfile

    from artnet.engines.openvino.runtime import ov

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".artnet-") as folder:
        source, target = Path(folder, "graph.onnx"), Path(folder, path.name)
        source.write_bytes(blob)
        ov.save_model(ov.Core().read_model(source), target)
        # The weights first: an .xml never lies there without its .bin.
        target.with_suffix(".bin").replace(path.with_suffix(".bin"))
        target.replace(path)
