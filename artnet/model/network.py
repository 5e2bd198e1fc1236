"""ArtNet: encode, transfer, decode."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial

from torch import Tensor, nn

from artnet.model import drafts
from artnet.model.config import PIXELS, ArtNetConfig
from artnet.model.decoder import Decoder
from artnet.model.encoder import Encoder
from artnet.model.folded_decoder import FoldedDecoder
from artnet.model.slots import Role, Slot
from s2transform import PreparedStyle, blend, prepare_style, transfer
from s2transform.moments import Moments, own_moments

Features = dict[str, Tensor]
"""Level name -> (N, C, H / stride, W / stride)."""
StyleLevels = dict[str, PreparedStyle]


class ArtNet(nn.Module):
    """The style-transfer network.

    Pictures are (N, 3, H, W) float in [0, 1] with H and W multiples of `config.stride`, at least two.
    """

    def __init__(self, config: ArtNetConfig | None = None):
        super().__init__()
        self.config = config or ArtNetConfig()
        self.encoder = Encoder(self.config.cut, self.config.encoder_padding, self.config.widths)
        self.decoder: Decoder | FoldedDecoder = Decoder(self.config, self.encoder.channels)

    def encode(self, picture: Tensor) -> Features:
        """Features of every level of the config, the picture itself included where it is one."""
        features = self.encoder(picture, self.config.levels)
        if PIXELS in self.config.skips:
            features[PIXELS] = picture
        return features

    def prepare(self, features: Features, *, swap: bool = True, exact: bool = False) -> StyleLevels:
        """What the transfer needs of a style's features: moments everywhere, patches at the bottleneck.

        Without `swap` there are no patches; with `exact` they are compared in all channels, as always in training.
        """
        prepared = {}
        for level, x in features.items():
            bank_stride = self.config.bank_stride(x.shape[2], x.shape[3])
            match_channels = None if exact or self.training else self.config.match_channels
            prepared[level] = prepare_style(
                x, swap=swap and level == self.config.cut, bank_stride=bank_stride, match_channels=match_channels
            )
        return prepared

    def transfer(
        self,
        content: Features,
        styles: Sequence[StyleLevels],
        weights: Sequence[float] = (1.0,),
        *,
        method: str = "s2",
        strength: float = 1.0,
        moments_of: Callable[[Slot, Tensor], Moments] = own_moments,
    ) -> Features:
        """Move the content's features to the styles': the method at the bottleneck, AdaIN at the skips.

        `moments_of` is asked for the moments of every slot of the roles 'content' and, for each style, 'swapped'.
        """
        moved = {}
        for level, x in content.items():
            at_level = method if level == self.config.cut else "adain"

            def moments(role: Role, features: Tensor, level: str = level, index: int = 0) -> Moments:
                return moments_of(Slot(level, role, index if role == "swapped" else 0), features)

            each = [transfer(x, s[level], at_level, partial(moments, index=i)) for i, s in enumerate(styles)]
            moved[level] = blend(x, each, weights, strength)
        return moved

    def decode(self, features: Mapping[str, Tensor]) -> Tensor:
        """Picture (N, 3, H, W) from (transferred) features, not clamped."""
        return self.decoder(features)

    def folded(self) -> "ArtNet":
        """A copy for painting only: the decoder's upsampling folded into its convolutions. For float32 on the CPU."""
        network = deepcopy(self)
        if isinstance(network.decoder, Decoder):
            network.decoder = FoldedDecoder(network.decoder)
        return network

    def forward(self, picture: Tensor, style: Tensor | None = None, method: str = "s2") -> Tensor:
        """Paint pictures like styles (as many, or one), in as many passes as the config says.

        Without a style, encode and decode them as they are. Of two passes the sides must be multiples of two strides
        and of 16.
        """
        if style is None:
            return self.decode(self.encode(picture))
        if self.config.passes == 2:
            draft = self.paint_once(drafts.reduced(picture), drafts.reduced(style), method)
            picture = drafts.revisable(draft, picture)
        return self.paint_once(picture, style, method)

    def paint_once(self, picture: Tensor, style: Tensor, method: str) -> Tensor:
        """One pass over pictures, like styles (as many, or one)."""
        prepared = self.prepare(self.encode(style), swap=method == "s2")
        return self.decode(self.transfer(self.encode(picture), [prepared], method=method))


def config_of(network: ArtNet) -> ArtNetConfig:
    """The config with every convolution's present width: rebuilds the network after surgery."""
    names = {n: m.out_channels for n, m in network.named_modules() if isinstance(m, nn.Conv2d)}
    del names["decoder.output"]
    return replace(network.config, widths=names)
