"""Paints the style pictures in apps/samples: python -m benchmarks.paint_samples [--help].

Every picture is composed from formulas as an underpainting and then painted over with strokes, dots, glass or lines;
the same size gives the same picture again. The files are the project's own and under its licence.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.brushes import ZOOM, Canvas, cover, edge, fill, grid, noise, paint_along, paths, ramp, sample
from benchmarks.prints import paper_shapes, stained_glass, wave_print

SIZE = 720
FOLDER = Path(__file__).parent.parent / "apps" / "samples"


def starry_orchard(rng, size):
    """Oil: a night sky that swirls around its stars, over hills and an orchard."""
    x, y = grid(size)
    stars = [(0.78, 0.17, 0.085), (0.12, 0.13, 0.045), (0.33, 0.08, 0.03), (0.53, 0.12, 0.04), (0.08, 0.4, 0.035),
             (0.62, 0.4, 0.03), (0.92, 0.43, 0.04), (0.26, 0.47, 0.026)]  # fmt: skip
    eddies = [(0.4, 0.29, 0.17, 1.7), (0.6, 0.27, 0.1, -1.5), *((a, b, r * 1.9, 1.3) for a, b, r in stars)]
    flow_x, flow_y = np.ones_like(x) * 0.8, 0.35 * np.sin(9 * x + 3 * y)
    spin = np.zeros_like(x)
    for a, b, radius, strength in eddies:
        dx, dy = x - a, y - b
        distance = np.hypot(dx, dy) + 1e-6
        pull = strength * np.exp(-((distance / radius) ** 2)) * 2
        flow_x, flow_y = flow_x - pull * dy / distance, flow_y + pull * dx / distance
        turn = 2 * np.arctan2(dy, dx) * np.sign(strength) - 55 * distance
        spin += np.exp(-((distance / radius) ** 2)) * np.cos(turn) * (radius > 0.095)
    tone = 0.16 + 0.75 * y + 0.3 * (noise(rng, size, 4) - 0.5) + 0.17 * spin
    under = ramp(np.clip(tone, 0, 1), "0b1440", "1a3488", "2f62b5", "6aa3cf", "bcd9cf", "f2e3a0")
    for a, b, radius in stars:
        distance = np.hypot(x - a, y - b) / radius
        glow = 1.15 * np.exp(-(distance**4) * 0.13) * (0.88 + 0.12 * np.cos(distance * 6.5))
        heat = np.clip(1.25 - distance / 1.9, 0, 1)
        under = cover(under, ramp(heat, "4f9fc0", "d5dc6e", "ffd03c", "f9a825", "fff0a0"), glow)
    angle = np.arctan2(flow_y, flow_x)
    for base, tall, colors, lean in [(0.6, 0.05, ("1c3a6b", "3d7a8c", "27506f"), 0.35),
                                     (0.69, 0.06, ("15324f", "2f6f5d", "7fa552"), -0.3),
                                     (0.8, 0.05, ("1d3a2c", "6d8c34", "d8b440"), 0.15)]:  # fmt: skip
        crest = base + tall * np.sin(5.2 * x + 17 * base) + 0.02 * np.sin(13 * x)
        land = ramp(noise(rng, size, 6) * 0.6 + 0.4 * np.clip((y - crest) * 4, 0, 1), *colors)
        mask = edge(y - crest)
        under, angle = cover(under, land, mask), np.where(mask > 0.5, lean + 0.5 * np.cos(5.2 * x + 17 * base), angle)
    return _orchard(rng, under, angle, x, y)


def _orchard(rng, under, angle, x, y):
    rough = noise(rng, len(x), 9)
    for a, b, radius in sorted(_tree_places(rng), key=lambda place: place[1]):
        dx, dy = (x - a) / radius, (y - b) / radius
        trunk = edge(0.13 - np.abs(dx + 0.1 * np.sin(3 * dy)), 0.05) * (dy > 0.5) * (dy < 1.7)
        under = cover(under, ramp(0.5, "2a1a2e", "4a2b33"), trunk)
        crown = edge(1 - np.hypot(dx, dy) + 0.16 * np.sin(5 * np.arctan2(dy, dx) + 40 * a), 0.1)
        leaves = ramp(np.clip(0.5 - 0.32 * (dx + dy), 0, 1), "0f2a33", "1f5a47", "6f9c3b", "f0c64a")
        under = cover(under, leaves, crown)
        angle = np.where(crown > 0.5, np.arctan2(dy, dx) + 1.2 + 1.5 * rough, angle)
    canvas = Canvas(under * 0.6)
    layers = [(20, 9, 1.5), (11, 10, 2.0), (6, 9, 1.6), (3.2, 8, 0.7)]
    paint_along(rng, canvas, under, angle, layers, ("ffd75e", "e8663c", "7fd0d6", "2a2a7a"))
    return canvas.finish(0.75)


def _tree_places(rng):
    rows = [(0.76, 0.035, 7), (0.83, 0.05, 5), (0.93, 0.075, 4)]
    return [
        ((i + 0.5 + rng.uniform(-0.28, 0.28)) / count, y + rng.uniform(-0.015, 0.015), radius * rng.uniform(0.8, 1.2))
        for y, radius, count in rows
        for i in range(count)
    ]


def poppy_meadow(rng, size):
    """Pointillism: a meadow with poppies under a warm sky, in dots of pure colour."""
    x, y = grid(size)
    soft = noise(rng, size, 5)
    under = ramp(np.clip(y * 1.7 + 0.5 * (soft - 0.5), 0, 1), "4f86d9", "8fb8ee", "f3d6c0", "ffd98a", "ff9f6b")
    sun = np.hypot(x - 0.3, y - 0.3)
    under = cover(under, ramp(0, "fff2a8"), 0.9 * np.exp(-((sun / 0.1) ** 2)))
    under = cover(under, ramp(soft, "4a5fb5", "8a7cc9", "5c86c9"), edge(y - 0.43 + 0.06 * np.sin(5 * x + 1), 0.01))
    trees = [(0.05, 0.3, 0.1), (0.16, 0.2, 0.07), (0.8, 0.34, 0.11), (0.93, 0.42, 0.12), (0.66, 0.15, 0.05)]
    for a, tall, wide in trees:
        crown = 1 - np.hypot((x - a) / wide, (y - 0.53 + tall / 2) / (tall / 2)) + 0.5 * (noise(rng, size, 14) - 0.5)
        light = np.clip(0.5 + (a - x) / wide * 0.45 + 0.4 * (soft - 0.5), 0, 1)
        under = cover(under, ramp(light, "1b2f6b", "1f6b4d", "5fa03a", "e3d24a"), edge(crown, 0.05))
    field = y - 0.53 - 0.02 * np.sin(6 * x)
    shade = np.clip(2.1 * field + 0.5 * (noise(rng, size, 11) - 0.3), 0, 1)
    grass = ramp(shade, "e6d85a", "a6c23e", "4f9a3c", "1e5a58")
    path = np.abs(x - 0.5 + 0.55 * field * np.cos(7 * field)) - 0.012 - 0.22 * field
    grass = cover(grass, ramp(soft, "e8b7a0", "f6dfb0", "b08ac0"), edge(-path, 0.02))
    under = cover(under, grass, edge(field))
    return _dots(rng, under, field, path)


def _dots(rng, under, field, path):
    size = len(under)
    big = size * ZOOM
    picture = Image.fromarray(np.clip(0.5 * under + 90, 0, 255).astype(np.uint8)).resize((big, big))
    draw = ImageDraw.Draw(picture)
    for radius, coverage in [(7.5, 1.4), (5.6, 1.5), (4.2, 1.1), (3.0, 0.6)]:
        spots = rng.random((int(coverage * size**2 / (3.1 * radius**2)), 2)) * size
        for spot in spots:
            color = sample(under, spot)
            kind = rng.random()
            if kind < 0.15:  # the complementary colour, as bright as the place
                color = 0.35 * color + 0.65 * (color.mean() * 2 - color)
            elif kind < 0.5:  # purer than the place
                color = color.mean() + 1.7 * (color - color.mean())
            _dot(draw, spot, radius * rng.uniform(0.75, 1.15), color + rng.normal(0, 17, 3) + rng.normal(0, 10))
    depth = np.sort(rng.random(int(0.0016 * size**2)) ** 0.8)
    for near, a in zip(depth, rng.random(len(depth)), strict=True):
        spot = np.array([a, 0.55 + 0.45 * near]) * size
        if sample(path, spot) > 0.02 and sample(field, spot) > 0.02 and np.sin(9 * a + 13 * near) + rng.normal() > 0.3:
            flower = ramp(rng.random(), "d81e2c", "ff4a2a", "f0306a", "ff8a3c", "fff0d0")
            for _ in range(3):
                _dot(draw, spot + rng.normal(0, 1 + 3 * near, 2), 1.6 + 4.2 * near, flower + rng.normal(0, 16, 3))
            _dot(draw, spot, 0.8 + 1.5 * near, ramp(0, "2a1440"))
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def _dot(draw, center, radius, color):
    (a, b), r = center * ZOOM, radius * ZOOM
    draw.ellipse((a - r, b - r, a + r, b + r), fill=fill(color))


def ink_gorge(rng, size):
    """Ink: mountains that fade into mist, in washes and brush lines, with a red sun and seal."""
    x, y = grid(size)
    paper = ramp(noise(rng, size, 3) * 0.7 + 0.3 * noise(rng, size, 80, 2), "d9cdb2", "efe6d0", "f8f2e2")
    under = cover(paper, ramp(0, "c7442f"), 0.85 * edge(0.07 - np.hypot(x - 0.27, y - 0.2), 0.006))
    haze = noise(rng, size, 3) - 0.35 - 0.5 * y
    tone, angle = np.clip(0.75 * haze, 0, 0.3), 2 * noise(rng, size, 3) - 1
    for index, base in enumerate([0.34, 0.44, 0.56, 0.72, 0.92]):
        ridge = np.interp(x[0], np.linspace(0, 1, 720), _ridge(rng, 0.1 + 0.05 * index))
        below = y - (base + ridge)[None, :]
        wash = np.exp(-np.clip(below, 0, 1) / (0.09 + 0.03 * index)) * (0.3 + 0.17 * index)
        lean = np.tanh(np.gradient(np.convolve(np.pad(ridge, 15, "edge"), np.ones(31) / 31, "valid")) * size)
        rough = 1 + 0.8 * (noise(rng, size, 12, 5) - 0.5)
        inside = edge(below, 0.003) > 0.5
        tone = np.where(inside, wash * rough, tone)
        angle = np.where(inside, 1.57 - 0.75 * lean[None, :] + 1.3 * (noise(rng, size, 6) - 0.5), angle)
    tone = np.clip(tone, 0, 1)
    under = cover(under, ramp(0, "1d2126"), tone * 0.8)
    canvas = Canvas(under)
    _brush_lines(rng, canvas, under, tone, angle)
    for row in range(5):
        y_seal = 0.07 + 0.011 * row
        path = np.array([[0.9, y_seal], [0.92, y_seal], [0.94, y_seal + 0.002]])
        canvas.stroke(rng, path * size, 0.013 * size, ramp(0, "b8321f"))
    return canvas.finish(0.12)


def _ridge(rng, tall):
    """(720,) heights of a rugged crest, above 0 for valleys."""
    steps = np.linspace(0, 1, 720)
    crest = np.zeros(720)
    for octave in range(7):
        crest += np.abs(np.sin(np.pi * (steps * 1.7 * 2**octave * rng.uniform(0.8, 1.2) + rng.random()))) / 2**octave
    return tall * (0.9 - crest)


def _brush_lines(rng, canvas, under, tone, angle):
    """Dark dry strokes where the wash is dark; few and pale ones elsewhere."""
    size = canvas.size
    for width, steps, coverage in [(7, 7, 0.9), (3.5, 9, 1.2), (1.6, 12, 1.6)]:
        count = int(coverage * size**2 / (width * max(1.5, width * 0.55) * steps))
        for path in paths(rng, angle, under, width, steps, count, 70):
            dark = sample(tone, path[0])
            if rng.random() < 1.4 * dark - 0.12:
                color = sample(under, path[0]) * rng.uniform(0.45, 1.05)
                canvas.stroke(rng, path, width * rng.uniform(0.5, 1.2), color, roughness=16)


PICTURES = {
    "starry-orchard": starry_orchard,
    "stained-glass": stained_glass,
    "poppy-meadow": poppy_meadow,
    "wave-print": wave_print,
    "paper-shapes": paper_shapes,
    "ink-gorge": ink_gorge,
}


def paint(name, size=SIZE):
    """One of PICTURES at size x size pixels, as a PIL image."""
    seed = sum(map(ord, name))
    return PICTURES[name](np.random.default_rng(seed), size)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paint_samples", description="Paint the sample styles.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)} (default: all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write them (default: apps/samples)")
    parser.add_argument("--size", type=int, default=SIZE, help=f"side in pixels (default: {SIZE})")
    args = parser.parse_args()
    unknown = set(args.names) - set(PICTURES)
    if unknown:
        parser.error(f"no picture named {', '.join(sorted(unknown))}")
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in args.names or PICTURES:
        path = args.folder / f"{name}.jpg"
        paint(name, args.size).save(path, quality=88, optimize=True)
        print(f"{path}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
