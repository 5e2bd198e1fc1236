"""The study: known values, synthetic filters, and a report of a tiny network."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pruning_nets import build, pictures

import pruning
from pruning.study import study, write_report
from pruning.study.applicability import CRITERIA, distinguishability, gaussian_variation, variation
from pruning.study.distribution import shape
from pruning.study.similarity import compare, kendall, overlap, spearman


def gaussian(n=128, d=288, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_rank_correlations_of_known_orders():
    a, b = np.array([1.0, 2, 3, 4]), np.array([10.0, 20, 40, 30])
    assert spearman([a, b])[0, 1] == pytest.approx(0.8)  # 1 - 6 * 2 / (4 * 15)
    assert kendall([a, b])[0, 1] == pytest.approx(4 / 6)  # five pairs agree, one does not
    assert spearman([a, -a])[0, 1] == pytest.approx(-1)
    assert np.isnan(spearman([a, np.ones(4)])[0, 1])
    assert overlap([a, b, -a], 0.5).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_overlap_sees_what_rank_correlation_does_not():
    order = np.arange(100.0)
    swapped = order.copy()
    swapped[40:60] = swapped[40:60][::-1]
    assert spearman([order, swapped])[0, 1] > 0.98
    assert overlap([order, swapped], 0.5)[0, 1] == 0.8


def test_groups_that_one_criterion_lacks_are_left_out():
    scores = {"x": {"a": np.arange(4.0), "b": np.arange(3.0)}, "y": {"b": np.arange(3.0)}}
    assert list(compare(scores, scores, 0.5).layers) == ["b"]
    with pytest.raises(ValueError, match="no group is scored by all of x, y"):
        compare({"x": {"a": np.arange(4.0)}, "y": {}}, scores, 0.5)


@pytest.mark.parametrize(("name", "expected"), list(zip(CRITERIA, (0.0445, 0.0417, 0.0208, 0.0417), strict=True)))
def test_closed_forms(name, expected):
    assert gaussian_variation(name, 288) == pytest.approx(expected, rel=2e-3)
    with pytest.raises(ValueError, match="no closed form for 'apoz'"):
        gaussian_variation("apoz", 3)


def test_gaussian_filters_show_noise_alone_and_scaled_ones_do_not():
    ratios = [distinguishability(gaussian(seed=seed)) for seed in range(4)]
    for name in CRITERIA:
        assert np.mean([found[name]["ratio"] for found in ratios]) == pytest.approx(1, abs=0.12)
    scaled = gaussian() * torch.linspace(0.5, 1.5, 128)[:, None]
    assert min(found["ratio"] for found in distinguishability(scaled).values()) > 5


@settings(max_examples=8, deadline=None)
@given(st.floats(0.01, 100), st.integers(0, 5))
def test_variation_does_not_depend_on_size(size, seed):
    filters = gaussian(16, 20, seed)
    for name, found in distinguishability(filters).items():
        assert distinguishability(size * filters)[name]["ratio"] == pytest.approx(found["ratio"], rel=1e-3)
    assert variation(torch.tensor([1.0, 3.0])) == 0.5


def test_effect_sizes_of_known_distributions():
    normal = shape(gaussian().numpy())
    assert normal.ks < 0.01
    assert abs(normal.kurtosis) < 0.1
    assert normal.variance_spread == pytest.approx(normal.variance_spread_null, rel=0.1)
    assert normal.correlation == pytest.approx(normal.correlation_null, rel=0.1)
    uniform = shape(torch.rand(128, 288, generator=torch.Generator().manual_seed(0)).numpy())
    assert uniform.ks == pytest.approx(0.058, abs=0.005)
    assert uniform.kurtosis == pytest.approx(-1.2, abs=0.02)
    assert uniform.shift == pytest.approx(0.5 * 12**0.5, rel=0.02)
    tied = shape((gaussian(128, 1) + 0.1 * gaussian(128, 288)).numpy())
    assert tied.correlation > 0.9
    with pytest.raises(ValueError, match="two different filters"):
        shape(np.zeros((4, 4)))


@pytest.fixture(scope="module")
def found():
    torch.manual_seed(0)
    model = build("inception", emptied=False)
    return study(model, pictures(1, 16)), model


def test_study_without_data_leaves_out_what_needs_it(found):
    names = found[0].similarity.criteria
    assert {"l1", "fpgm-dependency", "cpmc", "random"} <= set(names)
    assert set(found[0].skipped) >= {"zero", "apoz", "taylor"}
    assert not set(names) & set(found[0].skipped)
    # Pairs that measure nearly the same, so that few channels of random weights cannot part them.
    for one, other, least in (("l1", "l2", 0.7), ("fpgm", "fermat", 0.9)):
        assert found[0].similarity.mean["spearman"][names.index(one), names.index(other)] > least


def test_study_leaves_the_model_and_the_random_state(found):
    model = found[1]
    before, state = model.state_dict(), torch.get_rng_state()
    study(model, pictures(1, 16), criteria=["l1", "l2"])
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_untrained_network_looks_like_its_control():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 64, 3), torch.nn.ReLU(), torch.nn.Conv2d(64, 64, 3))
    for pair in study(model, pictures(1, 8), criteria=["l1", "l2"]).distribution.values():
        assert pair["trained"]["kurtosis"] == pytest.approx(-1.2, abs=0.1)
        assert pair["initial"]["kurtosis"] == pytest.approx(-1.2, abs=0.1)


def test_report_opens_offline_with_its_pictures(tmp_path):
    model = build("inception", emptied=False)
    statistics = pruning.record(model, pictures(1, 16), [pictures(4, 16)], loss=lambda m, x: m(x).square().mean())
    names = ["l1", "l2", "apoz", "taylor"]
    result = study(model, pictures(1, 16), statistics=statistics, criteria=names)
    page = write_report(result, tmp_path / "report", title="<tiny>")
    text = page.read_text()
    assert "&lt;tiny&gt;" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    images = re.findall(r"base64,([^\"]+)", text)
    assert len(images) == 9
    for image in images:
        assert Image.open(io.BytesIO(base64.b64decode(image))).width > 300
    numbers = json.loads((tmp_path / "report" / "report.json").read_text())
    assert numbers["criteria"] == names
    assert np.array(numbers["similarity"]["network"]["spearman"], dtype=float).shape == (4, 4)
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["report.html", "report.json"]


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_bad_share_is_refused(share):
    with pytest.raises(ValueError, match="share must be between 0 and 1"):
        study(build("chain"), pictures(1), share=share)
