"""Whether high dynamic range and wide gamuts come out as their twins in BT.709 do.

    python -m benchmarks.video_colors [--json benchmarks/results/video-colors.json]

Needs the program ffmpeg with zscale (zimg). It makes the clips from one in BT.709, with diffuse white at 203 cd/m2, and
computes what a player shows of each result by its tags. Every clip is converted with a stylizer that changes nothing,
and painted by the bundled network. Given are the differences from the twin, in levels of 255: of the mean of each
channel, the worst one (`mean`), and of single pixels (`pixels`).
"""

import argparse
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from apps import samples
from apps.benchmark.timing import describe, save
from apps.video.convert import Clip, PaintFrame, convert, frame_painter
from apps.video.reading import VideoReader
from artnet import Stylizer
from artnet.settings import DEFAULTS
from artnet.stylizer import Memory

WIDTH, HEIGHT, FRAMES = 240, 160, 5
SYSTEMS = {  # of zscale: primaries, transfer, matrix; and FFmpeg's names of the tags
    "HDR10 (PQ, BT.2020)": ("bt2020", "smpte2084", "bt2020nc"),
    "HLG (BT.2020)": ("bt2020", "arib-std-b67", "bt2020nc"),
    "BT.2020 SDR": ("bt2020", "bt2020-10", "bt2020nc"),
    "P3 D65 (SMPTE 432)": ("smpte432", "bt709", "bt709"),
    "DCI-P3 (SMPTE 431)": ("smpte431", "bt709", "bt709"),
    "PQ in P3 D65": ("smpte432", "smpte2084", "bt2020nc"),
    "BT.709 full range": ("bt709", "bt709", "bt709"),
}
LINEAR = "zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=linear:npl=203,format=gbrpf32le"


def unchanged(rgb: np.ndarray, _: Memory | None) -> np.ndarray:
    """Stands in for what paints a frame."""
    return rgb


def ffmpeg(*arguments: str, data: bool = False) -> bytes:
    command = ["ffmpeg", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE if data else None).stdout


def twin(path: Path) -> Path:
    """The sample photo in fuller colours, moving by 2 pixels a frame, in BT.709."""
    window = f"scale=-2:220,crop={WIDTH}:{HEIGHT}:x='n*2':y=10,eq=saturation=1.4,format=yuv444p"
    tags = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -c:v libx264 -crf 4"
    ffmpeg("-loop", "1", "-i", str(samples.photo()), "-r", "10", "-frames:v", str(FRAMES), "-vf",
           f"{window},scale=out_color_matrix=bt709:out_range=tv", *tags.split(), str(path))  # fmt: skip
    return path


def in_system(source: Path, path: Path, primaries: str, transfer: str, matrix: str, full: bool) -> Path:
    """The twin in another system, of 10 bits."""
    reach = "pc" if full else "tv"
    chain = f"{LINEAR},zscale=p={primaries}:t={transfer}:m={matrix}:r={reach}:npl=203,format=yuv444p10le"
    tags = f"-color_primaries {primaries} -color_trc {transfer} -colorspace {matrix} -color_range {reach}"
    x265 = f"log-level=error:crf=4:colorprim={primaries}:transfer={transfer}:colormatrix={matrix}:range="
    x265 += "full" if full else "limited"
    ffmpeg("-i", str(source), "-vf", chain, "-c:v", "libx265", "-x265-params", x265, *tags.split(), str(path))
    return path


def shown(path: Path) -> np.ndarray:
    """(N, H, W, 3) float: what a player shows on a screen of BT.709, by the file's tags."""
    chain = "zscale=t=bt709:p=bt709:m=gbr:r=pc:npl=203,format=gbrp,format=rgb24"
    raw = ffmpeg("-i", str(path), "-vf", chain, "-f", "rawvideo", "-", data=True)
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3).astype(np.float64)


def apart(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    means = np.abs(first.mean((0, 1, 2)) - second.mean((0, 1, 2)))
    return {"mean": round(float(means.max()), 2), "pixels": round(float(np.abs(first - second).mean()), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    network = Stylizer.load()
    style = network.prepare_style(samples.style("starry-orchard"))
    paintings = frame_painter(network, style, DEFAULTS)
    rows: dict[str, Any] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)

        def converted(source: Path, paint: PaintFrame) -> np.ndarray:
            target = folder / "out.mp4"
            with VideoReader(source) as reader:
                convert(reader, target, paint, Clip(), lambda *_: None)
            return shown(target)

        source = twin(folder / "twin.mp4")
        plain, painted = converted(source, unchanged), converted(source, paintings)
        for title, system in SYSTEMS.items():
            clip = in_system(source, folder / "clip.mp4", *system, full="full" in title)
            begin = time.perf_counter()
            found = {"unpainted": apart(converted(clip, unchanged), plain)}
            seconds = time.perf_counter() - begin
            rows[title] = {**found, "painted": apart(converted(clip, paintings), painted)}
            print(title, rows[title], f"{seconds:.1f} s", flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "systems": rows})


if __name__ == "__main__":
    main()
