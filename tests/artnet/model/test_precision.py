import pytest
import torch

from artnet.model.precision import pick_dtype


@pytest.mark.parametrize(
    ("amx", "avx512", "dtype", "why"),
    [
        (True, True, torch.bfloat16, "amx_tile"),
        (False, True, torch.bfloat16, "avx512_bf16"),
        (False, False, torch.float32, "has no bfloat16"),
    ],
)
def test_what_the_cpu_multiplies(amx, avx512, dtype, why, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    picked, reason = pick_dtype(torch.device("cpu"))
    assert picked == dtype
    assert why in reason


def test_gpus_multiply_bfloat16():
    assert pick_dtype(torch.device("cuda"))[0] == torch.bfloat16
