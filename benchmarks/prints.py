"""Sample pictures made of flat shapes: stained glass, a woodcut and cut paper. Painted by paint_samples.py."""

import numpy as np

from benchmarks.brushes import ZOOM, Canvas, cover, edge, fill, grid, noise, ramp, sample, to_image


def stained_glass(rng, size):
    """Glass: a rising sun over hills and a river, in pieces held by lead."""
    x, y = grid(size)
    sun_x, sun_y = 0.5, 0.4
    bend = [0.006 * (noise(rng, size, 7) - 0.5) for _ in range(2)]
    sites = _glass_sites(rng, sun_x, sun_y)
    for _ in range(2):  # move every centre to the middle of its piece: no slivers
        piece, _ = _pieces(sites, *grid(120))
        middle = [np.bincount(piece.ravel(), axis.ravel(), len(sites)) for axis in (*grid(120), np.ones((120, 120)))]
        seen = (middle[2] > 0)[:, None]
        sites = np.where(seen, np.stack(middle[:2], 1) / np.maximum(middle[2], 1)[:, None], sites)
    piece, border = _pieces(sites, x + bend[0], y + bend[1])
    glass = np.stack([_glass_color(rng, a, b, sun_x, sun_y) for a, b in sites])[piece]
    streaks = noise(rng, size, 5, 6) - 0.5
    light = 0.78 + 0.55 * streaks + 0.3 * np.clip(border / 0.03, 0, 1) + 0.1 * noise(rng, size, 60, 2)
    glass = glass * light[..., None]
    lead = edge(0.0075 + 0.003 * streaks - border, 0.0022)
    shine = np.clip(1 - np.abs(border - 0.003) / 0.002, 0, 1) * noise(rng, size, 25, 2)
    return to_image(cover(glass, ramp(0.25 + 0.4 * shine, "0c0b10", "15141a", "8d8a92"), lead))


def _pieces(sites, x, y):
    """The index of the nearest site (S, S), and how much farther the second nearest is."""
    first, second, piece = np.full_like(x, 9.0), np.full_like(x, 9.0), np.zeros(x.shape, int)
    for index, (a, b) in enumerate(sites):
        distance = np.hypot(x - a, y - b)
        piece = np.where(distance < first, index, piece)
        first, second = np.minimum(first, distance), np.clip(distance, first, second)
    return piece, second - first


def _glass_sites(rng, sun_x, sun_y):
    """Centres of the pieces: rings around the sun above the horizon, loose rows below it."""
    sites = [(sun_x, sun_y)]
    rings = [(0.08, 8), (0.135, 16), (0.2, 16), (0.27, 32), (0.35, 32), (0.44, 40), (0.54, 48), (0.65, 56)]
    for ring, (radius, count) in enumerate(rings):
        for turn in (np.arange(count) + 0.5 * (ring % 2)) * 2 * np.pi / count:
            a, b = sun_x + radius * np.cos(turn), sun_y + radius * np.sin(turn)
            sites += [(a, b)] * int(b < 0.64 and -0.1 < a < 1.1)
    for row, b in enumerate(np.linspace(0.665, 1.02, 9)):
        wide = 0.045 + 0.008 * row
        for a in np.arange(-0.05 + wide * 0.5 * (row % 2), 1.08, wide):
            sites.append((a, b + 0.015 * np.sin(7 * a + 0.3 * row)))
    return np.array(sites) + rng.normal(0, 0.007, (len(sites), 2))


def _glass_color(rng, a, b, sun_x, sun_y):
    distance, turn = np.hypot(a - sun_x, b - sun_y), np.arctan2(b - sun_y, a - sun_x)
    if b > 0.64:
        river = abs(a - 0.5 - 0.12 * np.sin(9 * b)) < 0.04 + 0.35 * (b - 0.64)
        water = ("1d4fa8", "3fb4d8", "f4d35e", "2a6fc9", "8fdcef")
        land = ("14532d", "2f8f3f", "8cb52b", "0f6b5c", "c9c22f", "b5472a")
        return ramp(rng.random(), *(water if river else land))
    if distance < 0.13:
        return ramp(rng.random() * (distance > 0.03), "ffe98a", "ffc928", "ff9d1c")
    beam = np.sin(8 * turn + 0.6 * rng.normal()) > 0.15
    warm = ramp(np.clip((distance - 0.13) * 2.2 + rng.normal(0, 0.08), 0, 1), "ff8a1f", "e2382c", "a3123f", "6a1a6e")
    cold = ramp(np.clip((distance - 0.1) * 1.7 + rng.normal(0, 0.1), 0, 1), "7fd0e8", "2f86d6", "1c47a8", "1a2170")
    return warm if beam else cold


def wave_print(rng, size):
    """Woodcut: waves in Prussian blue and cream before a far mountain."""
    x, y = grid(size)
    grain = noise(rng, size, 3, 2) + 0.04 * np.sin(2 * np.pi * (60 * y + 5 * noise(rng, size, 3, 3)))
    under = ramp(np.clip(1.15 - 3.2 * y + 0.2 * grain, 0, 1), "f1e3c2", "efd9b0", "c9c3ad", "5f7f94", "23466b")
    under = cover(under, ramp(0, "d9573a"), edge(0.085 - np.hypot(x - 0.76, y - 0.2), 0.003))
    slope = 0.55 * np.abs(x - 0.62) ** 0.75 + 0.012 * np.sin(60 * x) * (np.abs(x - 0.62) < 0.12)
    mountain = y - 0.3 - slope
    snow = edge(0.1 + 0.035 * np.sin(45 * x) * np.cos(17 * x) - (y - 0.3))
    rock = cover(ramp(np.clip((y - 0.3) * 3, 0, 1), "2c5379", "8fa9ad"), ramp(0, "f5ead0"), snow)
    under = cover(under, rock, edge(mountain))
    canvas = Canvas(under)
    _engrave(rng, canvas, under, mountain)
    waves = [(0.6, 0.03, 0.15, 0.0), (0.65, 0.06, 0.24, 0.4), (0.73, 0.15, 0.52, 0.33), (0.86, 0.09, 0.34, 0.9),
             (0.98, 0.13, 0.5, 0.12)]  # fmt: skip
    for index, (base, tall, length, shift) in enumerate(waves):
        _wave(rng, canvas, base, tall, length, shift + 0.05 * rng.normal(), index / (len(waves) - 1))
    picture = np.asarray(canvas.finish(0), float)
    paper = 0.93 + 0.1 * noise(rng, size, 90, 2) + 0.05 * (grain - 0.5)
    return to_image(picture * paper[..., None])


def _engrave(rng, canvas, under, mountain):
    """Cuts of the gouge: level ones that drift through the sky, steep ones down the mountain."""
    pixels = canvas.size * ZOOM
    steps = np.linspace(0, 1, 40)
    for a, b in np.stack([rng.uniform(-0.2, 1, 420), rng.uniform(0, 0.62, 420) ** 1.2], 1):
        length = rng.uniform(0.06, 0.3)
        line = np.stack([a + length * steps, b + 0.012 * np.sin(7 * (a + length * steps) + 20 * b)], 1)
        color = sample(under, line[20] * canvas.size) * rng.choice([0.8, 0.88, 1.12]) + rng.choice([0, 12])
        if sample(mountain, line[20] * canvas.size) < -0.01 and np.hypot(*(line[20] - (0.76, 0.2))) > 0.1:
            _taper(canvas.draw, line * pixels, rng.uniform(1.2, 6), fill(color))
    for a in rng.uniform(0, 1, 520):
        top = 0.31 + 0.55 * abs(a - 0.62) ** 0.75 + rng.uniform(0, 0.22)
        length = rng.uniform(0.03, 0.1)
        line = np.stack([a + np.sign(a - 0.62) * length * steps * 0.9, top + length * steps], 1)
        color = sample(under, line[20] * canvas.size) * rng.choice([0.72, 0.85, 1.15])
        _taper(canvas.draw, line * pixels, rng.uniform(2, 6), fill(color))


def _wave(rng, canvas, base, tall, length, shift, near):
    """One row of waves that lean over: water, stripes that follow it, and a crest that breaks into claws."""
    pixels = canvas.size * ZOOM
    turn = np.linspace(-2, 2 * np.pi * 1.3 / length, 900) + 6 * shift
    swell = 1 + 0.25 * np.sin(0.37 * turn + 9 * shift)
    lean = 0.16 * length * np.sin(turn) + 0.5 * tall * np.clip(np.cos(turn), 0, 1) ** 3
    line = np.stack([length / (2 * np.pi) * (turn - turn[0]) - 0.15 - lean, base - tall * swell * np.cos(turn)], 1)
    blue = [fill(ramp(near, *pair)) for pair in (("5d87a3", "173a63"), ("a9c0bf", "5f94b0"))]
    cream, ink = (243, 232, 205), (14, 30, 58)
    outline = [*(line * pixels).ravel().tolist(), 2 * pixels, 2 * pixels, -pixels, 2 * pixels]
    canvas.draw.polygon(outline, fill=blue[0])
    for stripe in range(1, 14):
        depth = (0.1 + 0.14 * stripe) * tall
        flat = np.stack([line[:, 0] + 0.1 * depth, line[:, 1] + depth * (1 + 0.3 * np.cos(turn + 0.5))], 1)
        shown = np.sin(turn * 1.0 + 0.6 * stripe + 2 * rng.random()) > -0.75 + 0.08 * stripe
        shown &= (np.cos(turn) < 0.8) | (stripe < 3)
        for part in np.split(flat, np.flatnonzero(np.diff(shown)) + 1)[int(not shown[0]) :: 2]:
            wide = (4 + 11 * near) * (1.1 - stripe / 14)
            color = cream if stripe % 3 == 1 else blue[1]
            _taper(canvas.draw, part * pixels, wide, color)
    canvas.draw.line((line * pixels).ravel().tolist(), fill=ink, width=3 + round(4 * near))
    _foam(rng, canvas, line, np.cos(turn), tall, near, cream, ink)


def _taper(draw, points, width, color):
    """A line that swells and thins like a cut of the gouge."""
    bulge = np.sin(np.linspace(0, np.pi, len(points)))[:, None] * width / 2
    sides = np.concatenate([points - [0, 1] * bulge, (points + [0, 1] * bulge)[::-1]])
    if len(points) > 2:
        draw.polygon(sides.ravel().tolist(), fill=color)


def _foam(rng, canvas, line, height, tall, near, cream, ink):
    """Blobs along the crests, outlined first and filled after, and drops above them."""
    pixels = canvas.size * ZOOM
    crest = line[height > 0.55]
    spots = crest[rng.integers(len(crest), size=260)] + rng.normal(0, 0.06 * tall, (260, 2)) + [0, 0.03 * tall]
    sizes = tall * rng.uniform(0.03, 0.1, 260) * pixels
    for extra, color in [(2 + 3 * near, ink), (0, cream)]:
        for (a, b), radius in zip(spots * pixels, sizes + extra, strict=True):
            canvas.draw.ellipse((a - radius, b - radius, a + radius, b + radius), fill=color)
    for a, b in (crest[rng.integers(len(crest), size=90)] - np.abs(rng.normal(0, 0.35 * tall, (90, 2)))) * pixels:
        radius = rng.uniform(1, 3 + 3 * near)
        canvas.draw.ellipse((a - radius, b - radius, a + radius, b + radius), fill=cream)


def paper_shapes(rng, size):
    """Constructivism: discs, beams and triangles of sprayed ink that darken where they overlap."""
    x, y = grid(size)
    ground = ramp(0.5 + 0.9 * (noise(rng, size, 4) - 0.5), "e3d2ab", "f2e6c8", "f8f0dc")
    shapes = [
        (0.34 - np.hypot(x - 0.42, y - 0.42), x + y, ("e8b12c", "f6d67a")),
        (_beam(x, y, 0.5, 0.5, -0.62, 1.5, 0.055), x, ("1c1b22", "3a3844")),
        (0.2 - np.hypot(x - 0.66, y - 0.33), y - x, ("c8261f", "ef6a4a")),
        (_triangle(x, y, (0.08, 0.95), (0.62, 0.98), (0.42, 0.3)), y, ("14707c", "7cc3b8")),
        (_beam(x, y, 0.36, 0.62, 0.9, 0.7, 0.035), y, ("c8261f", "e4562f")),
        (np.minimum(0.27 - np.hypot(x - 0.72, y - 0.74), (x - 0.72) + 0.6 * (y - 0.74)), x, ("1f3f8f", "7fa3d6")),
        (0.02 - np.abs(np.hypot(x - 0.42, y - 0.42) - 0.4), x - y, ("1c1b22", "55525c")),
        (_triangle(x, y, (0.55, 0.05), (0.97, 0.12), (0.86, 0.52)), y - x, ("e07b28", "f3bd6b")),
        (_beam(x, y, 0.2, 0.2, 0.95, 0.34, 0.05), x, ("274b9a", "8fb0de")),
        (0.075 - np.hypot(x - 0.2, y - 0.78), x + y, ("1c1b22", "c8261f")),
        (0.05 - np.hypot(x - 0.87, y - 0.9), x, ("e8b12c", "c8261f")),
        (0.012 - np.abs(np.hypot(x - 0.72, y - 0.74) - 0.2), y, ("f6efdc", "f6efdc")),
    ]
    shapes += [(_beam(x, y, 0.16 + 0.045 * i, 0.6, -0.62, 0.6 - 0.07 * i, 0.006), x, ("1c1b22",) * 2) for i in range(6)]
    shapes += [(_beam(x, y, 0.8, 0.1 + 0.03 * i, 0.18, 0.3, 0.005), x, ("1c1b22",) * 2) for i in range(5)]
    for distance, along, colors in shapes:
        ground = _spray(rng, ground, distance, along, colors)
    fibre = noise(rng, size, 110, 2) + 0.6 * noise(rng, size, 30, 3)
    return to_image(ground * (0.9 + 0.12 * fibre[..., None]))


def _spray(rng, ground, distance, along, colors):
    """Lay a shape (inside where distance > 0) over the ground: half multiplied, half covering, with sprayed shading."""
    inside = edge(distance + 0.0025 * (noise(rng, len(ground), 70, 2) - 0.5), 0.003)
    span = along[inside > 0.5]
    place = (along - span.min()) / max(np.ptp(span), 1e-6) if span.size else along
    speckle = rng.normal(0, 0.16, along.shape) * (1 - np.abs(2 * place - 1))
    ink = ramp(np.clip(place + speckle + 0.35 * (noise(rng, len(ground), 5) - 0.5), 0, 1), *colors)
    rim = 1 - 0.3 * np.exp(-np.clip(distance, 0, 1) / 0.012)
    return cover(ground, (0.45 * ground / 240 * ink + 0.55 * ink) * rim[..., None], inside * 0.94)


def _beam(x, y, a, b, turn, length, thick):
    """Distance inside a bar around (a, b), turned by `turn` radians."""
    along, across = (x - a) * np.cos(turn) + (y - b) * np.sin(turn), (y - b) * np.cos(turn) - (x - a) * np.sin(turn)
    return np.minimum(length / 2 - np.abs(along), thick - np.abs(across))


def _triangle(x, y, *corners):
    """Distance inside a triangle."""
    sides = [
        ((x - a) * (d - b) - (y - b) * (c - a)) / np.hypot(c - a, d - b)
        for (a, b), (c, d) in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    inside = np.minimum.reduce(sides), np.minimum.reduce([-side for side in sides])
    return np.maximum(*inside)
