"""The configuration that rebuilds an ArtNet, pruned or not, in one constructor call."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

STAGES = {
    "conv1": 2,
    "conv3": 4,
    "inception3a": 8,
    "inception3b": 8,
    "inception4a": 16,
    "inception4b": 16,
    "inception4c": 16,
    "inception4d": 16,
    "inception4e": 16,
    "inception5a": 32,
    "inception5b": 32,
}
"""Encoder stages whose features can be used, with the stride of each relative to the picture."""
POOL_BEFORE = {"conv2": 3, "inception3a": 3, "inception4a": 3, "inception5a": 2}
"""Layers preceded by a stride-2 max pooling, with its kernel size."""
PIXELS = "pixels"
"""The picture itself as a skip level (stride 1)."""
MOST = 1 << 16
"""Largest width of a layer, and largest bank, that a config may ask for."""
PADDINGS = ("reflect", "zeros")
UPSAMPLINGS = ("bilinear", "nearest")


@dataclass(frozen=True)
class ArtNetConfig:
    """Shape of an ArtNet.

    Attributes:
        cut: encoder stage whose output is the bottleneck (a key of STAGES).
        skips: shallower stages, and 'pixels', whose transferred features the decoder also receives; () is
            single-level transfer. At most one for each stride.
        decoder: output channels of the decoder's convolutions, by stride. The finest stride r holds the last of them:
            from there a sub-pixel convolution writes blocks of r x r pixels (for r = 1 a plain one writes pixels).
        upsampling: 'bilinear' or 'nearest', between the strides of the decoder. Nearest is cheaper by a little; under
            the same losses it left a weave of blocks of four pixels in the pictures.
        encoder_padding: 'reflect', or 'zeros' to be equal to torchvision's GoogLeNet.
        widths: output channels of single convolutions by module name ('encoder.conv1.conv'), where they differ from
            GoogLeNet's or from `decoder`: how a pruned network is described.
        bank_size: at most this many patches of a style are matched by S2; they lie on an even grid.
        match_channels: principal components of the style's channels in which S2 compares patches when it paints (in
            training it compares all channels). `benchmarks/transforms.py` measures what both cost and give.
        passes: 1, or 2 for a network that can paint a small draft first and then the enlarged draft
            (`artnet.image.drafting`).
    """

    cut: str = "inception3b"
    skips: tuple[str, ...] = ("conv3",)
    decoder: dict[int, int] = field(default_factory=lambda: {32: 256, 16: 192, 8: 128, 4: 64, 2: 32})
    upsampling: str = "bilinear"
    encoder_padding: str = "reflect"
    widths: dict[str, int] = field(default_factory=dict)
    bank_size: int = 256
    match_channels: int = 32
    passes: int = 1

    def __post_init__(self) -> None:
        if self.cut not in STAGES:
            raise ValueError(f"cut must be one of {', '.join(STAGES)}, got {self.cut!r}")
        unknown = [s for s in self.skips if s != PIXELS and s not in STAGES]
        if unknown:
            raise ValueError(f"unknown skip {unknown[0]!r}: use {PIXELS} or one of {', '.join(STAGES)}")
        strides = [stage_stride(s) for s in self.skips]
        if len(set(strides)) != len(strides) or any(s >= self.stride for s in strides):
            raise ValueError(f"skips must have different strides below the cut's {self.stride}, got {self.skips}")
        counts = {"bank_size": self.bank_size, "match_channels": self.match_channels, **self.widths}
        for name, count in (*counts.items(), *((f"decoder {stride}", n) for stride, n in self.decoder.items())):
            if type(count) is not int or not 1 <= count <= MOST:
                raise ValueError(f"{name} must be a whole number from 1 to {MOST}, got {count!r}")
        strides = self.decoder_strides
        if not strides or strides != [self.stride >> k for k in range(len(strides))] or not strides[-1]:
            raise ValueError(f"decoder needs a width for every stride from {self.stride} down, got {self.decoder}")
        if self.passes not in (1, 2):
            raise ValueError(f"passes must be 1 or 2, got {self.passes!r}")
        if self.upsampling not in UPSAMPLINGS:
            raise ValueError(f"upsampling must be one of {', '.join(UPSAMPLINGS)}, got {self.upsampling!r}")
        if self.encoder_padding not in PADDINGS:
            raise ValueError(f"encoder_padding must be one of {', '.join(PADDINGS)}, got {self.encoder_padding!r}")

    @property
    def stride(self) -> int:
        """Picture pixels per bottleneck position along a side."""
        return STAGES[self.cut]

    @property
    def decoder_strides(self) -> list[int]:
        """Strides of the decoder's convolutions, from the bottleneck's to the finest."""
        return [s for s in sorted(self.decoder, reverse=True) if s <= self.stride]

    @property
    def ends_in_phases(self) -> bool:
        """Whether the decoder's layers at full size can be computed at half of it; see `artnet.model.upsampling`."""
        strides = self.decoder_strides
        return len(strides) > 1 and strides[-1] == 1 and PIXELS not in self.skips

    @property
    def levels(self) -> tuple[str, ...]:
        """Every stage with transfer, from the finest to the bottleneck."""
        return (*sorted(self.skips, key=stage_stride), self.cut)

    def bank_stride(self, height: int, width: int) -> int:
        """Distance between the patches of a style that leaves at most `bank_size` of (height, width) positions."""
        stride = 1
        while -(-height // stride) * -(-width // stride) > self.bank_size:
            stride += 1
        return stride

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ArtNetConfig":
        """Inverse of `to_json`. Raises ValueError on anything that is not such a config."""
        try:
            values: dict[str, Any] = dict(json.loads(text))
            known = {f.name for f in fields(cls)}
            if set(values) - known:
                raise ValueError(f"unknown fields {sorted(set(values) - known)}")
            values["skips"] = tuple(values["skips"])
            values["decoder"] = {int(k): int(v) for k, v in values["decoder"].items()}
            return cls(**values)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"not an ArtNet config: {error}") from error


def stage_stride(stage: str) -> int:
    """Stride of a stage or of 'pixels'."""
    return 1 if stage == PIXELS else STAGES[stage]
