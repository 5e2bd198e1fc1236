"""Columns that no network sees: strokes, halos, invented colours. Lower is better unless it says otherwise.

Columns, for pictures of 512 px:
    p1 p2 p4 p8  sliced Wasserstein distance of 7x7 patches of the Laplacian bands at 1/1, 1/2, 1/4 and 1/8 of the
                 size, over the style's spread: texture of 7, 14, 28 and 56 px. p4 and p8 are strokes, p1 is grain.
    flat         strokes where the content is flat, in the 40 % with the least gradient: energy of the three coarser
                 bands there, as a share of the style's own mean energy. Higher is better up to 1, the style's own.
    halo         overshoot beside the content's strong edges as a share of the step, less the content's own.
    cast         share of the pixels whose Lab chroma is further than 12 from any of 256 colours of the style.
    keep         correlation of blurred luma with the content's, signs ignored: is it the same picture? Higher is
                 better.
"""

from functools import cache, cached_property

import cv2
import numpy as np

from artnet.image.compose import LUMA

BANDS = (1, 2, 4, 8)
COLUMNS = (*(f"p{band}" for band in BANDS), "flat", "halo", "cast", "keep")
PATCH, PATCHES, DIRECTIONS = 7, 4096, 64
FLAT_SHARE = 0.4
EDGE_SHARE, EDGE_POINTS = 0.03, 4000
RINGS = ((6, 20), (12, 36))
"""Pixels from an edge: where overshoot is looked for, and what it is compared with."""
PALETTE, FOREIGN, PALETTE_SIDE = 256, 12.0, 128


@cache
def directions() -> np.ndarray:
    """(PATCH * PATCH * 3, DIRECTIONS) fixed random unit vectors."""
    random = np.random.default_rng(0).standard_normal((PATCH * PATCH * 3, DIRECTIONS)).astype(np.float32)
    random /= np.linalg.norm(random, axis=0)
    return random


def gradient(luma: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal and vertical slope of (H, W) values blurred by sigma pixels."""
    blurred = cv2.GaussianBlur(luma, (0, 0), sigma)
    return cv2.Sobel(blurred, cv2.CV_32F, 1, 0), cv2.Sobel(blurred, cv2.CV_32F, 0, 1)


def root_mean_square(values: np.ndarray) -> float:
    """Of all values, as one number."""
    return float(np.sqrt(np.square(values).mean()))


class Marks:
    """A picture's bands, colours and edges, each computed when it is first asked for.

    Args:
        picture: (H, W, 3) uint8.
    """

    def __init__(self, picture: np.ndarray):
        self.rgb = picture.astype(np.float32) / 255
        self.luma = self.rgb @ np.float32(LUMA)

    @cached_property
    def bands(self) -> list[np.ndarray]:
        """Laplacian bands, each half the size of the one before."""
        found: list[np.ndarray] = []
        rest: np.ndarray = self.rgb
        for _ in BANDS:
            small = cv2.pyrDown(rest)
            found.append(rest - cv2.pyrUp(small, dstsize=rest.shape[1::-1]))
            rest = small
        return found

    @cached_property
    def projections(self) -> list[np.ndarray]:
        """Of each band, (PATCHES, DIRECTIONS) values of the same patches along fixed directions, columns sorted."""
        return [np.sort(patches(band) @ directions(), axis=0) for band in self.bands]

    @cached_property
    def energies(self) -> list[float]:
        """Root mean square of the coarser bands."""
        return [root_mean_square(band) for band in self.bands[1:]]

    @cached_property
    def colours(self) -> np.ndarray:
        """(PALETTE_SIDE ** 2, 2) Lab chroma."""
        small = cv2.resize(self.rgb, (PALETTE_SIDE, PALETTE_SIDE), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[..., 1:].reshape(-1, 2)

    @cached_property
    def palette(self) -> np.ndarray:
        """(PALETTE, 2) Lab chroma that stand for all of the picture's."""
        cv2.setRNGSeed(0)
        stop = (cv2.TERM_CRITERIA_MAX_ITER, 8, 0)
        centres: np.ndarray = cv2.kmeans(self.colours, PALETTE, None, stop, 1, cv2.KMEANS_PP_CENTERS)[2]  # type: ignore[call-overload]
        return centres

    @cached_property
    def soft(self) -> np.ndarray:
        """Luma blurred to masses of light and dark, flat."""
        return cv2.GaussianBlur(self.luma, (0, 0), 4).ravel()

    @cached_property
    def flat(self) -> list[np.ndarray]:
        """Masks, one a coarser band, of where the picture has little gradient."""
        size = np.hypot(*gradient(self.luma, 4))
        mask = (size <= np.quantile(size, FLAT_SHARE)).astype(np.float32)
        sides = [band.shape[1::-1] for band in self.bands[1:]]
        return [cv2.resize(mask, side, interpolation=cv2.INTER_AREA) > 0.9 for side in sides]

    @cached_property
    def edges(self) -> np.ndarray:
        """(4, N) places x, y on strong edges with the unit vector x, y across the edge."""
        gx, gy = gradient(self.luma, 2)
        size = np.hypot(gx, gy)
        ys, xs = np.nonzero(size >= np.quantile(size, 1 - EDGE_SHARE))
        chosen = np.random.default_rng(2).permutation(len(ys))[:EDGE_POINTS]
        ys, xs = ys[chosen], xs[chosen]
        return np.stack([xs, ys, gx[ys, xs] / size[ys, xs], gy[ys, xs] / size[ys, xs]])

    @cached_property
    def own_overshoot(self) -> np.ndarray:
        """The picture's overshoot beside its own edges."""
        return overshoot(self, self)


def patches(band: np.ndarray) -> np.ndarray:
    """(PATCHES, PATCH * PATCH * 3) patches of an (H, W, 3) band, at places that depend on its size alone."""
    rng = np.random.default_rng(1)
    y, x = (rng.integers(0, side - PATCH + 1, PATCHES) for side in band.shape[:2])
    view = np.lib.stride_tricks.sliding_window_view(band, (PATCH, PATCH), axis=(0, 1))
    chosen: np.ndarray = view[y, x]
    return chosen.reshape(PATCHES, -1)


def patch_distances(out: Marks, style: Marks) -> list[float]:
    """p1 to p8."""
    pairs = zip(out.projections, style.projections, strict=True)
    return [float(np.abs(x - y).mean() / (y.std() + 1e-6)) for x, y in pairs]


def flat_energy(out: Marks, content: Marks, style: Marks) -> float:
    """The energy of strokes where the content is flat, over the style's; NaN where it is nowhere flat."""
    bands = zip(out.bands[1:], content.flat, style.energies, strict=True)
    shares = [root_mean_square(band[mask]) / (energy + 1e-6) for band, mask, energy in bands if mask.any()]
    return float(np.mean(shares)) if shares else float("nan")


def overshoot(out: Marks, content: Marks) -> np.ndarray:
    """(2,) mean overshoot beside the content's edges, near and further away, as a share of the step."""
    blurred = cv2.GaussianBlur(out.luma, (0, 0), 1.5)
    x, y, across, down = content.edges

    def at(distance: int) -> np.ndarray:
        places = ((x + distance * across).astype(np.float32)[None], (y + distance * down).astype(np.float32)[None])
        values: np.ndarray = cv2.remap(blurred, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return values.ravel()

    def beside(near: int, far: int) -> float:
        step = at(near) - at(-near)
        excess = np.sign(step) * (at(near) - at(far) + at(-far) - at(-near))
        strong = np.abs(step) > 0.08
        if strong.sum() <= 50:
            return 0.0
        return float((excess[strong] / 2).mean() / np.abs(step[strong]).mean())

    return np.array([beside(*ring) for ring in RINGS])


def foreign_colours(out: Marks, style: Marks) -> float:
    """The share of colours that are far from all of the style's."""
    nearest = cv2.batchDistance(out.colours, style.palette, cv2.CV_32F, normType=cv2.NORM_L2, K=1)[0]
    return float((nearest > FOREIGN).mean())


def same_picture(out: Marks, content: Marks) -> float:
    return float(abs(np.corrcoef(out.soft, content.soft)[0, 1]))


def columns(out: Marks, content: Marks, style: Marks) -> list[float]:
    """The values of `COLUMNS`."""
    halo = (overshoot(out, content) - content.own_overshoot).max()
    return [
        *patch_distances(out, style),
        flat_energy(out, content, style),
        float(halo),
        foreign_colours(out, style),
        same_picture(out, content),
    ]
