"""Which number format a device computes in."""

import torch


def pick_dtype(device: torch.device) -> tuple[torch.dtype, str]:
    """The number format that is fastest on a device, and why.

    Where the hardware does not multiply bfloat16, torch emulates it: training takes twenty times as long.
    """
    if device.type == "cuda":
        return torch.bfloat16, "the GPU multiplies bfloat16"
    for feature in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        if getattr(torch.cpu, feature, lambda: False)():
            return torch.bfloat16, f"the CPU multiplies bfloat16 ({feature.strip('_').removeprefix('is_')[:-10]})"
    return torch.float32, "the CPU has no bfloat16 multiplication"
