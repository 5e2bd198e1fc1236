"""What all pictures of a run have in common, so that other processes and machines can be given it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from apps.stylize.batch import Batch
from apps.stylize.input_files import Sources, unchanged
from apps.stylize.manifest import Manifest
from apps.stylize.options import StylizeOptions
from apps.stylize.up_to_date import Notes, weights_path


@dataclass(frozen=True)
class Work:
    """A run's options, and what was read for them once.

    Attributes:
        streams: pictures that are painted at once.
        weights_hash: of the network's file.
        conditions: all that changes results beside contents and styles; see `conditions_of`.
        mask: (H, W) uint8 or None.
        folder: whose manifest notes the results; None for no notes.
        files: bytes of files that need not be where the work is done.
    """

    options: StylizeOptions
    streams: int
    weights_hash: str
    conditions: str
    mask: np.ndarray | None = None
    folder: Path | None = None
    files: Mapping[Path, bytes] = field(default_factory=dict)

    def notes(self, sources: Sources) -> Notes | None:
        """Between jobs and the manifest."""
        return Notes(Manifest(self.folder), self.conditions, sources) if self.folder else None

    def batch(self, sources: Sources) -> Batch:
        """What paints, with the network read.

        Raises:
            ValueError: the network's file is not the one that the run began with.
        """
        network, transfer = self.options.network, self.options.settings.transfer
        stylizer, digest = unchanged(weights_path(network.weights), lambda: network.load(transfer, self.streams))
        if digest != self.weights_hash:
            raise ValueError("the weights were changed while they were read; run this again")
        return Batch(stylizer, self.options, sources=sources, mask=self.mask, notes=self.notes(sources))
