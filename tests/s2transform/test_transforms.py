"""Properties of AdaIN, WCT, the patch swap and the sandwich."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from s2transform import (
    METHODS,
    S2,
    WCT,
    AdaIN,
    StyleSwap,
    adain,
    blend,
    build_patch_bank,
    channel_moments,
    match_patches,
    prepare_style,
    s2,
    style_swap,
    transfer,
    wct,
)
from s2transform.swap import SCORE_BYTES, paste_patches

SIDES = st.integers(min_value=3, max_value=12)


def features(seed, channels=5, height=9, width=7, batch=1):
    generator = torch.Generator().manual_seed(seed)
    scale = torch.rand(1, channels, 1, 1, generator=generator) * 3 + 0.1
    return torch.randn(batch, channels, height, width, generator=generator).relu() * scale


def unbiased_moments(x):
    return x.mean((2, 3)), x.var((2, 3), correction=0).clamp(min=1e-5).sqrt()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), SIDES, SIDES)
def test_moments_known_values(seed, height, width):
    x = features(seed, height=height, width=width)
    for layout in (torch.contiguous_format, torch.channels_last):
        mean, std = channel_moments(x.to(memory_format=layout))
        want_mean, want_std = unbiased_moments(x)
        torch.testing.assert_close(mean[..., 0, 0], want_mean)
        torch.testing.assert_close(std[..., 0, 0], want_std)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), SIDES, SIDES, st.sampled_from(["adain", "H1", "H3"]))
def test_output_has_the_styles_mean_and_std(seed, height, width, kind):
    content, style = features(seed, height=height, width=width, batch=2), features(seed + 1, height=8, width=11)
    out = adain(content, style) if kind == "adain" else s2(content, style, variant=kind)
    mean, std = unbiased_moments(out)
    want_mean, want_std = unbiased_moments(style)
    alive = out.std((2, 3)) > 1e-2  # a channel that the swap made constant has no deviation to scale
    torch.testing.assert_close(mean, want_mean.expand_as(mean), atol=1e-4, rtol=0)
    torch.testing.assert_close(std[alive], want_std.expand_as(std)[alive], atol=1e-3, rtol=1e-3)


def test_moments_to_a_ten_thousandth():
    content, style = features(0, height=32, width=32), features(1, height=24, width=40)
    for out in (adain(content, style), s2(content, style)):
        for got, want in zip(unbiased_moments(out), unbiased_moments(style), strict=True):
            torch.testing.assert_close(got, want, atol=1e-4, rtol=0)


def test_h2_keeps_the_mean_but_loses_deviation_to_the_overlap_average():
    content, style = features(0, height=16, width=16), features(1, height=16, width=16)
    out = s2(content, style, variant="H2")
    assert (out.std((2, 3)) < style.std((2, 3))).all()


def test_h3_lies_between_the_swap_and_the_transformed_content():
    content, style = features(0, height=12, width=12), features(1, height=12, width=12)
    moved = adain(content, style)
    plain, mixed = s2(content, style), s2(content, style, variant="H3")
    assert (mixed - moved).norm() < (plain - moved).norm()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), SIDES, SIDES, st.sampled_from([1, 3, 5]), st.integers(1, 3))
def test_swapping_with_itself_is_the_identity(seed, height, width, patch, stride):
    x = features(seed, height=height, width=width)
    stride = min(stride, patch // 2 + 1)
    torch.testing.assert_close(style_swap(x, x, patch_size=patch, stride=stride), x, atol=1e-5, rtol=1e-5)


def test_style_with_itself_is_the_identity_through_the_sandwich():
    x = features(3, height=16, width=16)
    torch.testing.assert_close(s2(x, x), x, atol=1e-4, rtol=1e-4)


def test_cosine_rule_ignores_the_length_of_style_patches():
    content = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4).contiguous()
    style = torch.zeros(1, 2, 1, 2)
    style[0, :, 0, 0], style[0, :, 0, 1] = torch.tensor([0.1, 0.0]), torch.tensor([2.0, 2.0])
    chosen = {r: style_swap(content, style, patch_size=1, rule=r)[0, :, 0, 0].tolist() for r in ("cosine", "euclidean")}
    assert chosen["cosine"] == pytest.approx([0.1, 0.0])
    content_long = content * 3
    assert style_swap(content_long, style, patch_size=1)[0, :, 0, 0].tolist() == pytest.approx([2.0, 2.0])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), SIDES, SIDES)
def test_matches_are_the_nearest_patches(seed, height, width):
    content, style = features(seed, height=height, width=width), features(seed + 7, height=6, width=5)
    bank = build_patch_bank(style)
    matches = match_patches(content, bank)
    patches = F.unfold(F.pad(content, (1, 1, 1, 1), mode="reflect"), 3)[0].T
    distance = torch.cdist(patches.double(), bank.kernels.flatten(1).double())
    chosen = distance.gather(1, matches.flatten()[:, None])[:, 0]
    torch.testing.assert_close(chosen, distance.min(1).values, atol=1e-5, rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), SIDES, SIDES)
def test_patch_distance_inequality(seed, height, width):
    """||swap(T(Fc)) - T(Fc)|| <= ||swap(Fc) - T(Fc)||, patch by patch, before the overlap average."""
    content, style = features(seed, height=height, width=width), features(seed + 7, height=8, width=8)
    moved, bank = adain(content, style), build_patch_bank(style)
    target = F.unfold(F.pad(moved, (1, 1, 1, 1), mode="reflect"), 3)[0].T
    sandwich = bank.kernels.flatten(1)[match_patches(moved, bank).flatten()]
    plain = bank.kernels.flatten(1)[match_patches(content, bank).flatten()]
    assert (sandwich - target).norm() <= (plain - target).norm() + 1e-4


def test_bands_do_not_change_the_matches(monkeypatch):
    content, bank = features(0, height=20, width=13), build_patch_bank(features(1))
    whole = match_patches(content, bank)
    monkeypatch.setattr("s2transform.swap.SCORE_BYTES", 4 * bank.bias.numel() * 13 * 3)
    assert SCORE_BYTES == 64 * 2**20
    assert torch.equal(match_patches(content, bank), whole)


def test_paste_of_known_patches():
    style = torch.arange(4.0).view(1, 1, 2, 2)
    bank = build_patch_bank(style, patch_size=1)
    matches = torch.tensor([[3, 2], [1, 0]])
    assert paste_patches(matches, bank, 2, 2)[0, 0].tolist() == [[3.0, 2.0], [1.0, 0.0]]


def test_reduced_banks():
    style = features(0, height=16, width=12)
    full = build_patch_bank(style).bias.numel()
    assert full == 16 * 12
    assert build_patch_bank(style, bank_stride=2).bias.numel() == 8 * 6
    assert build_patch_bank(style, bank_pool=2).bias.numel() == 8 * 6
    assert build_patch_bank(style, patch_size=1).kernels.shape == (16 * 12, 5, 1, 1)
    assert build_patch_bank(features(0, height=1, width=2), bank_pool=4).bias.numel() >= 1


@pytest.mark.parametrize("seed", range(5))
def test_wct_of_mostly_empty_channels_is_finite(seed):
    torch.manual_seed(seed)
    content, style = (0.01 * torch.rand(1, 288, 2, 3) * (torch.rand(1, 288, 1, 1) < 0.1) for _ in range(2))
    assert torch.isfinite(wct(content, style)).all()


def test_wct_gives_the_styles_covariance():
    content, style = features(0, height=20, width=20), features(1, height=20, width=20)
    out = wct(content, style)
    for x in (out, style):
        assert x.shape == content.shape
    got, want = (torch.cov(x.flatten(2)[0], correction=0) for x in (out, style))
    torch.testing.assert_close(got, want, atol=1e-2, rtol=1e-2)


def test_empty_channels_stay_finite_and_empty():
    content, style = features(0), features(1)
    content[:, 2] = 0
    style[:, 2] = 0
    for method in METHODS:
        out = transfer(content, prepare_style(style), method)
        assert torch.isfinite(out).all()
        assert out[:, 2].abs().max() < 1e-2
    assert s2(content, style)[:, 2].abs().max() == 0


@pytest.mark.parametrize("method", METHODS)
def test_batch_equals_one_by_one(method):
    contents, styles = features(0, batch=3), features(1, batch=3)
    together = transfer(contents, prepare_style(styles), method)
    apart = [transfer(c, prepare_style(s), method) for c, s in zip(contents.split(1), styles.split(1), strict=True)]
    torch.testing.assert_close(together, torch.cat(apart), atol=1e-5, rtol=1e-4)


def test_channel_permutation_commutes():
    content, style, order = features(0), features(1), torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(s2(content[:, order], style[:, order]), s2(content, style)[:, order])


def test_gradients_where_they_exist():
    content, style = features(0).requires_grad_(), features(1).requires_grad_()
    adain(content, style).square().sum().backward()
    assert content.grad.abs().sum() > 0
    assert style.grad.abs().sum() > 0
    content.grad = style.grad = None
    style_swap(content, style).square().sum().backward()
    assert content.grad is None
    assert style.grad.abs().sum() > 0


def test_adain_gradcheck():
    x, y = features(0, 2, 3, 3).requires_grad_(), features(1, 2, 3, 4)
    # Moments are float32 by contract, so a double gradcheck would measure rounding: compare with autograd of var_mean.
    grad = torch.autograd.grad(adain(x, y).pow(3).sum(), x)[0]
    var, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    vy, my = torch.var_mean(y, (2, 3), correction=0, keepdim=True)
    out = (x - mean) / (var).sqrt() * (vy).sqrt() + my
    torch.testing.assert_close(grad, torch.autograd.grad(out.pow(3).sum(), x)[0], atol=1e-3, rtol=1e-3)


def test_bfloat16_stays_bfloat16_and_close():
    content, style = features(0, height=16, width=16), features(1, height=16, width=16)
    out = adain(content.bfloat16(), style.bfloat16())
    assert out.dtype == torch.bfloat16
    assert (out.float() - adain(content, style)).abs().max() < 0.1
    assert s2(content.bfloat16(), style.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("module", "function"),
    [(AdaIN(), adain), (WCT(), wct), (StyleSwap(patch_size=1), None), (S2(variant="H3"), None)],
)
def test_modules_are_their_functions(module, function):
    content, style = features(0), features(1)
    function = function or (lambda c, s: (style_swap if isinstance(module, StyleSwap) else s2)(c, s, **module.options))
    assert torch.equal(module(content, style), function(content, style))


def test_blend():
    content, a, b = features(0), features(1), features(2)
    assert torch.equal(blend(content, [a], [2.0]), a)
    torch.testing.assert_close(blend(content, [a, b], [1, 3]), a * 0.25 + b * 0.75)
    assert torch.equal(blend(content, [a], [1.0], strength=0), content)
    torch.testing.assert_close(blend(content, [a], [1.0], strength=0.5), (content + a) / 2)


BAD = [
    (lambda: adain(features(0)[0], features(1)), r"must be \(N, C, H, W\)"),
    (lambda: adain(features(0), features(1, channels=4)), "content has 5 channels and style 4"),
    (lambda: adain(features(0), features(1, batch=2)), "style batch must be 1"),
    (lambda: style_swap(features(0), features(1), patch_size=2), "patch_size must be odd"),
    (lambda: style_swap(features(0), features(1), bank_stride=0), "bank_stride and bank_pool"),
    (lambda: style_swap(features(0), features(1), rule="nearest"), "rule must be one of"),
    (lambda: style_swap(features(0), features(1), stride=3), "leaves gaps"),
    (lambda: style_swap(features(0), features(1), stride=0), "stride must be at least 1"),
    (lambda: build_patch_bank(features(0, batch=2)), "one picture"),
    (lambda: s2(features(0), features(1), variant="H4"), "variant must be one of H1, H2, H3"),
    (lambda: s2(features(0), features(1), transform="mean"), "transform must be adain or wct"),
    (lambda: transfer(features(0), prepare_style(features(1)), "swap"), "transfer must be one of"),
    (lambda: transfer(features(0), prepare_style(features(1), swap=False)), "prepared without patches"),
    (lambda: transfer(features(0), prepare_style(features(1), normalised=True)), "normalised=False"),
    (lambda: blend(features(0), [], []), "one weight for each style"),
    (lambda: blend(features(0), [features(1)], [0.0]), "must be positive"),
    (lambda: blend(features(0), [features(1)], [1.0], 1.5), "between 0 and 1"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
