"""The weights that travel with the package: they load, they are small, and they paint."""

from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from apps import samples
from apps.cli import main
from artnet import Stylizer, load_checkpoint
from artnet.image import read_picture, resize
from artnet.model.checkpoint_arrays import BUNDLED
from artnet.settings import StyleSettings

MEGABYTES = {"artnet": 5, "artnet-dense": 12}


@pytest.fixture(scope="module")
def pictures():
    photo = resize(read_picture(samples.photo()).rgb, 200, 300)
    return photo, {name: read_picture(samples.style(name)).rgb for name in ("starry-orchard", "wave-print")}


@pytest.mark.parametrize("name", BUNDLED)
def test_size_and_card(name):
    file = files("weights") / BUNDLED[name]
    assert len(file.read_bytes()) <= MEGABYTES[name] * 2**20
    assert BUNDLED[name] in (files("weights") / "MODEL_CARD.md").read_text()


def test_pruned_is_at_most_half_of_dense():
    pruned, dense = (load_checkpoint(name) for name in ("artnet", "artnet-dense"))
    macs = [sum(m.weight.numel() for m in n.modules() if hasattr(m, "weight")) for n in (pruned, dense)]
    assert macs[0] < 0.6 * macs[1]
    assert pruned.config.levels == dense.config.levels


def colour_distance(a, b):
    """Distance of mean colours, 0..255."""
    return float(np.linalg.norm(a.reshape(-1, 3).mean(0) - b.reshape(-1, 3).mean(0)))


def edge_correlation(a, b):
    """Correlation of the brightness gradients of two pictures of one size."""
    grey = [np.asarray(Image.fromarray(x).convert("L"), dtype=float) for x in (a, b)]
    steps = [np.concatenate([np.abs(np.diff(g, axis=axis)).ravel() for axis in (0, 1)]) for g in grey]
    return float(np.corrcoef(*steps)[0, 1])


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("transfer", ["s2", "adain"])
def test_palette_moves_to_the_style_and_edges_stay(name, transfer, pictures):
    photo, styles = pictures
    stylizer = Stylizer.load(name, device="cpu")
    for style in styles.values():
        prepared = stylizer.prepare_style(style, stroke_size=256)
        painted = stylizer.stylize(photo, prepared, StyleSettings(transfer=transfer))
        assert colour_distance(painted, style) < 0.6 * colour_distance(photo, style)
        assert edge_correlation(painted, photo) > 0.25


def test_no_frame_around_the_picture(pictures):
    """A flat photo stays about flat: its border must not differ from its middle as zero padding makes it."""
    stylizer = Stylizer.load(device="cpu")
    style = stylizer.prepare_style(pictures[1]["wave-print"], stroke_size=256)
    grey = np.full((160, 160, 3), 128, np.uint8)
    painted = stylizer.stylize(grey, style, StyleSettings(transfer="adain")).astype(float)
    border = np.concatenate([painted[:3].reshape(-1, 3), painted[-3:].reshape(-1, 3)])
    assert np.abs(border.mean(0) - painted[40:-40, 40:-40].reshape(-1, 3).mean(0)).max() < 40


def test_strength_zero_is_nearly_the_photo(pictures):
    photo, styles = pictures
    stylizer = Stylizer.load(device="cpu")
    style = stylizer.prepare_style(styles["wave-print"], stroke_size=256)
    painted = [stylizer.stylize(photo, style, StyleSettings(strength=strength)) for strength in (0.0, 0.5, 1.0)]
    distances = [np.abs(picture.astype(float) - photo).mean() for picture in painted]
    assert distances[0] < distances[1] < distances[2]
    assert distances[0] < 25


def test_command_with_the_bundled_network(tmp_path, capsys):
    out = tmp_path / "out.jpg"
    style = str(samples.style("stained-glass"))
    assert main(["stylize", str(samples.photo()), "--style", style, "--size", "128", "-o", str(out)]) == 0
    assert min(Image.open(out).size) == 128
