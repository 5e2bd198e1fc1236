"""Noise, colours and strokes of paint for benchmarks/paint_samples.py."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ZOOM = 2
"""Pictures are painted this much larger and then reduced, for smooth edges."""


# Underpaintings: float arrays (S, S, 3) in 0..255 over a grid of x and y in 0..1.


def grid(size):
    """x and y of every pixel, each (S, S)."""
    axis = (np.arange(size) + 0.5) / size
    return np.meshgrid(axis, axis)


def noise(rng, size, cells, octaves=4):
    """(S, S) smooth random values in 0..1, features about size / cells wide."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        coarse = rng.random((cells * 2**octave + 3,) * 2).astype(np.float32)
        total += np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)) / 2**octave
    return (total - total.min()) / np.ptp(total)


def ramp(position, *colors):
    """Colours (..., 3) at positions in 0..1 along a list of hex colours."""
    table = np.array([tuple(bytes.fromhex(color)) for color in colors], float)
    places = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(position, places, table[:, channel]) for channel in range(3)], -1)


def cover(ground, color, mask):
    """Paint a colour, or a picture, over the ground where the mask is 1."""
    mask = np.clip(mask, 0, 1)[..., None]
    return ground * (1 - mask) + color * mask


def edge(value, softness=0.004):
    """0..1 mask of where value > 0, with a soft edge."""
    return np.clip(value / softness + 0.5, 0, 1)


def fill(color):
    """A colour as Pillow's drawing wants it."""
    return tuple(np.clip(color, 0, 255).astype(int).tolist())


def sample(array, points):
    """The values of a (S, S, ...) array at pixel positions (..., 2) given as x, y."""
    place = np.clip(points.astype(int), 0, array.shape[0] - 1)
    return array[place[..., 1], place[..., 0]]


# Painting.


class Canvas:
    """Colours and the thickness of the paint, painted on at ZOOM times the size."""

    def __init__(self, ground):
        self.size = ground.shape[0]
        big = (self.size * ZOOM,) * 2
        self.color = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize(big, Image.Resampling.BICUBIC)
        self.thickness = Image.new("L", big, 90)
        self.draw, self.draw_thickness = ImageDraw.Draw(self.color), ImageDraw.Draw(self.thickness)

    def stroke(self, rng, path, width, color, roughness=9.0):
        """One stroke along path (n, 2) in pixels: parallel bristles, each with its own tone, length and thickness."""
        along = np.gradient(path, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
        count = max(1, round(width / 1.3))
        for offset in rng.permutation(np.linspace(-0.5, 0.5, count) if count > 1 else np.zeros(1)):
            first, last = rng.integers(0, 2), len(path) - rng.integers(0, 2) * (len(path) > 4)
            line = ((path + across * offset * width)[first:last] * ZOOM).ravel().tolist()
            tone = color + rng.normal(0, roughness) + 10 * (offset < -0.35) - 14 * (offset > 0.35)
            pixels = max(1, round(width / count * ZOOM * rng.uniform(1.0, 1.7)))
            self.draw.line(line, fill=fill(tone), width=pixels)
            self.draw_thickness.line(line, fill=int(rng.integers(60, 200)), width=pixels)

    def finish(self, relief=0.5):
        """The picture, lit from the upper left so that thick paint shows."""
        size = (self.size,) * 2
        color = np.asarray(self.color.resize(size, Image.Resampling.LANCZOS), float)
        soft = self.thickness.filter(ImageFilter.GaussianBlur(ZOOM * 0.6)).resize(size, Image.Resampling.BOX)
        slope_y, slope_x = np.gradient(np.asarray(soft, float))
        return to_image(color + relief * (slope_x + slope_y)[..., None])


def to_image(values):
    """A PIL image from colours in 0..255."""
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def paths(rng, angle, under, width, steps, count, tolerance):
    """Lists of points that follow the field of angles and stop where the underpainting's colour changes."""
    size = angle.shape[0]
    point = rng.uniform(-0.03, 1.02, (count, 2)) * size
    trail = [point]
    for _ in range(steps):
        turn = sample(angle, point)
        point = point + np.stack([np.cos(turn), np.sin(turn)], 1) * max(1.5, width * 0.55)
        trail.append(point)
    trail = np.stack(trail, 1)  # (count, steps + 1, 2)
    change = np.abs(sample(under, trail) - sample(under, trail[:, :1])).max(-1)
    lengths = np.maximum(np.argmax(np.c_[change > tolerance, np.ones(count)], axis=1), 3)
    return [line[:length] for line, length in zip(trail, lengths, strict=True)]


def paint_along(rng, canvas, under, angle, layers, accents=(), tolerance=60):
    """Cover the canvas with layers of strokes (width, steps, coverage), coarse to fine."""
    accents = ramp(np.linspace(0, 1, len(accents)), *accents) if accents else None
    for width, steps, coverage in layers:
        count = max(4, int(coverage * canvas.size**2 / (width * width * 0.55 * steps)))
        for path in paths(rng, angle, under, width, steps, count, tolerance):
            color = sample(under, path[0]) + rng.normal(0, 13) + rng.normal(0, 8, 3)
            if accents is not None and rng.random() < 0.06:
                color = 0.45 * color + 0.55 * accents[rng.integers(len(accents))]
            canvas.stroke(rng, path, width * rng.uniform(0.7, 1.2), color)
