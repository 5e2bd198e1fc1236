"""The one object behind every front end: a style is prepared once, at some cost; images are stylized many times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack, overload

import numpy as np
from PIL import Image

from artnet.engines import load_engine
from artnet.engines.base import NOTHING_HELD, Engine, Held, Look, Statistics, Style
from artnet.engines.revising import has_detail
from artnet.engines.tiling import TILE, paint_tiled, painted_pixels
from artnet.image import Picture, flatten, picture_from_image, read_picture, resize
from artnet.image.chroma import chroma_of, limit_chroma
from artnet.image.clarity import clarified
from artnet.image.compose import blend, faded, preserve_color
from artnet.image.contrast import contrast_of, match_contrast
from artnet.image.drafting import reduced, scale_of_picture, scale_of_strokes, shown
from artnet.image.ground import on_ground
from artnet.image.guided import guide_painting
from artnet.image.postprocess import apply_finish, finish_of, mixed
from artnet.settings import DEFAULTS, SETTINGS, StyleSettings

MAX_STYLE_SIDE = 4096

Source = str | Path | Image.Image | np.ndarray
"""A picture at the library's edge: a path, a PIL image, or an (H, W, 3) uint8 sRGB array."""
ArrayOrImage = TypeVar("ArrayOrImage", np.ndarray, Image.Image)


@dataclass
class Memory:
    """What a video's frames remember of earlier ones: the statistics by which content features are normalised.

    Without it, an object that enters the picture changes the colours of everything else at once.

    Attributes:
        share: weight of the past in each frame's statistics, 0 (none) to below 1.
        statistics: of the last frame; None at the start, and to be set to None at a cut or when the style changes.
    """

    share: float = 0.9
    statistics: Statistics | None = None

    def held(self) -> Held:
        return Held(self.statistics, self.share) if self.statistics else NOTHING_HELD


class Options(TypedDict, total=False):
    """How the work is done.

    Attributes:
        tile: side in pixels of the tiles to paint in; by default, only what is painted of more pixels than the engine's
            `whole_pixels` is tiled (OpenVINO 25 megapixels, the others 4).
        mask: (H, W) uint8 of the image's size: white where it is painted, black where it stays as it is.
        memory: given with every frame of a video, so that its statistics change smoothly.
        live: these are frames of a video or a camera: where a draft would be painted first, it is enlarged, and that is
            it, which takes a third of the time and flickers less.
        fixed_size: many contents of this size will follow, as the frames of a video or a camera do: OpenVINO compiles a
            model for it, which takes 0.12 s once and then a fifth less time. The default is for photos.
        progress: called with the share of the tiles that is done, 0..1.
    """

    tile: int | None
    mask: np.ndarray | None
    memory: Memory | None
    live: bool
    fixed_size: bool
    progress: Callable[[float], None] | None


class Stylizer:
    """Paints images in the manner of others. It keeps nothing between calls, which may come from any thread.

    stylizer = Stylizer.load()
    style = stylizer.prepare_style("painting.jpg")
    image = stylizer.stylize("photo.jpg", style)
    """

    def __init__(self, engine: Engine):
        self.engine = engine

    @classmethod
    def load(
        cls, weights: str | Path | None = None, *, engine: str = "auto", device: str = "auto", streams: int = 1
    ) -> "Stylizer":
        """Load a network.

        Args:
            weights: a checkpoint's path, 'artnet' (bundled, pruned; the default) or 'artnet-dense' (bundled).
            engine: 'auto' (the fastest one here), 'openvino', 'torch' or 'onnx'.
            device: 'auto', 'cpu' or 'cuda'.
            streams: calls of `stylize` that OpenVINO works on at once in as many threads, for throughput.

        Raises:
            ValueError: unknown engine or device, or a file that is no checkpoint.
            FileNotFoundError: no such file.
        """
        return cls(load_engine(weights or "artnet", engine, device, streams))

    @property
    def engine_choice(self) -> str:
        """What the network runs on, and why."""
        return self.engine.choice

    @property
    def streams(self) -> int:
        """Calls of `stylize` with the same options that may run at once in threads, and gain by it."""
        return self.engine.streams

    @property
    def enlarges(self) -> bool:
        """Whether large photos and large strokes are painted smaller; networks of one pass paint them as they are."""
        return self.engine.config.passes == 2

    def prepare_style(
        self, images: Source | Sequence[tuple[Source, float]], *, stroke_size: int = DEFAULTS.stroke_size
    ) -> Style:
        """Do once what a style, or a weighted mix of several, costs, for any number of `stylize` calls.

        Args:
            images: one image, or [(image, weight), ...] with positive weights, of which only the ratios matter.
            stroke_size: short side in pixels to which styles are resized: a larger one gives larger strokes.

        Raises:
            ValueError: no style, weights that are not positive, a size out of bounds, or an unreadable picture.
        """
        mix = [(images, 1.0)] if isinstance(images, (str, Path, Image.Image, np.ndarray)) else list(images)
        if not mix:
            raise ValueError("a style needs at least one image")
        SETTINGS["stroke_size"].check(stroke_size)
        weights = [float(weight) for _, weight in mix]
        if not all(0 < weight < float("inf") for weight in weights):
            raise ValueError(f"style weights must be positive and finite, got {weights}")
        scale = scale_of_strokes(stroke_size) if self.enlarges else 1
        fitted = [self.fit_style(source, stroke_size // scale) for source, _ in mix]
        parts = [self.engine.prepare(rgb) for rgb in fitted]
        finishes, contrasts = [finish_of(rgb) for rgb in fitted], [contrast_of(rgb) for rgb in fitted]
        return Style(parts, weights, finishes, contrasts, [chroma_of(rgb) for rgb in fitted], self.engine, scale)

    def fit_style(self, source: Source, size: int) -> np.ndarray:
        """A style's colours at the given short side; both sides multiples of the stride, so that nothing is padded.

        Of a long side that would be longer than `MAX_STYLE_SIDE`, the middle is taken.
        """
        stride, rgb = self.engine.stride, flatten(as_picture(source))
        short, most = min(rgb.shape[:2]), MAX_STYLE_SIDE // stride
        wanted = [side * size / short / stride for side in rgb.shape[:2]]  # in strides
        for axis, strides in enumerate(wanted):
            if strides > most:
                kept = round(rgb.shape[axis] * most / strides)
                first = (rgb.shape[axis] - kept) // 2
                rgb = rgb[first : first + kept] if axis == 0 else rgb[:, first : first + kept]
        height, width = (max(2, min(round(strides), most)) * stride for strides in wanted)
        return resize(np.ascontiguousarray(rgb), height, width)

    @overload
    def stylize(
        self, image: str | Path, style: Style, settings: StyleSettings = DEFAULTS, **options: Unpack[Options]
    ) -> Image.Image: ...
    @overload
    def stylize(
        self, image: ArrayOrImage, style: Style, settings: StyleSettings = DEFAULTS, **options: Unpack[Options]
    ) -> ArrayOrImage: ...
    def stylize(
        self, image: Source, style: Style, settings: StyleSettings = DEFAULTS, **options: Unpack[Options]
    ) -> Image.Image | np.ndarray:
        """Paint an image in a style.

        Args:
            image: of any size from 1x1; the result has the same size.
            style: from `prepare_style`.
            settings: all of them but the stroke size, which counts in `prepare_style`.
            options: see `Options`.

        Returns:
            An (H, W, 3) uint8 array for an array, else an RGB PIL image.

        Raises:
            ValueError: a style not prepared or by another stylizer, an unreadable image, or a mask of another size.
        """
        if not isinstance(style, Style):
            given = f"{style!r}" if isinstance(style, (str, Path)) else f"a {type(style).__name__}"
            raise ValueError(f"{given} is no style yet: make one with stylizer.prepare_style(...), and give that")
        if style.engine is not self.engine:
            raise ValueError("this style was prepared by another Stylizer: prepare it with the one that is to paint")
        whole = flatten(as_picture(image))
        scale = style.scale * scale_of_picture(*whole.shape[:2]) if self.enlarges else 1
        painted = self.painted(whole if scale == 1 else reduced(whole, scale), style, settings, options)
        if scale > 1:
            painted = shown(painted, whole, scale)
            if not options.get("live"):
                guide_painting(painted, whole)
        painted = faded(whole, painted, settings.strength)
        if settings.preserve_color:
            painted = preserve_color(whole, painted)
        if (mask := options.get("mask")) is not None:
            painted = blend(whole, painted, mask)
        return painted if isinstance(image, np.ndarray) else Image.fromarray(painted)

    def painted(self, rgb: np.ndarray, style: Style, settings: StyleSettings, options: Options) -> np.ndarray:
        """An (H, W, 3) uint8 array, painted at its own size, in the style's colours; `options` but the mask."""
        tile, memory, progress = options.get("tile"), options.get("memory"), options.get("progress")
        fixed_size, revised = options.get("fixed_size", False), not options.get("live", False)
        look = Look(style, settings.transfer, settings.strength, fixed_size, revised)
        held = memory.held() if memory else None
        # Frames are to be quick, and steady: noise would flicker, and what is measured in each would change.
        content = clarified(rgb, settings.strength) if revised else rgb
        if tile or painted_pixels(rgb.shape[0], rgb.shape[1], self.engine.stride) > self.engine.whole_pixels:
            painted, statistics = paint_tiled(self.engine, content, look, held, tile=tile or TILE, progress=progress)
        else:
            painted, statistics = self.engine.paint(on_ground(content, look.ground), look, held)
        if memory:
            memory.statistics = statistics
        finish = mixed(style.finishes, style.weights, look.strength, settings.grain)
        apply_finish(painted, content, replace(finish, detail=0.0) if has_detail(self.engine, look) else finish)
        if revised:
            guide_painting(painted, content)
            match_contrast(painted, np.average(style.contrasts, axis=0, weights=style.weights), look.strength)
            limit_chroma(painted, style.chromas, look.strength)
        return painted


def as_picture(source: Source) -> Picture:
    """Read a path, take a PIL image of any mode, or check an array."""
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or 0 in source.shape:
            raise ValueError(f"an array picture must be (H, W, 3) uint8, got {source.shape} {source.dtype}")
        # One row after the other, as strips of it are worked on in place.
        return Picture(source if source.flags.c_contiguous else np.ascontiguousarray(source))
    return picture_from_image(source) if isinstance(source, Image.Image) else read_picture(source)
