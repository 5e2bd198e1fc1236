"""What is noted of the results of a run, and which of them a later run finds current."""

import hashlib
import json
from dataclasses import astuple
from importlib.util import find_spec
from pathlib import Path

from apps.common.errors import describe
from apps.common.stdio import complain
from apps.stylize.input_files import Sources
from apps.stylize.job_list import STDIO, Job
from apps.stylize.manifest import Fingerprint, Manifest
from apps.stylize.options import StylizeOptions
from artnet import __version__
from artnet.model import checkpoint_arrays


class Notes:
    """Between jobs and the manifest: knows all that goes into a result.

    Args:
        manifest: of the folder that all outputs are in.
        conditions: all that changes results beside contents and styles; see `conditions_of`.
        sources: where contents and styles are read.
    """

    def __init__(self, manifest: Manifest, conditions: str, sources: Sources):
        self.manifest, self.conditions, self.sources, self._may_note = manifest, conditions, sources, True

    def is_current(self, job: Job) -> bool:
        """Whether the result is there, and was made of the files as they are now, under the same conditions."""
        if job.output == STDIO:
            return False
        made_of = self.manifest.made_of(job.output)
        if made_of is None:  # first, since it costs least
            return False
        return made_of == self._made_of(self.sources.hash(job.content), self.sources.style_hash(job.style))

    def note(self, job: Job, holds: Fingerprint, content: str, style: str) -> None:
        """Remember a result, made of a content and a style with these hashes; '' where one changed while being read."""
        if not (content and style and self._may_note):
            return
        try:
            self.manifest.note(job.output, holds, self._made_of(content, style))
        except OSError as error:  # no reason to lose the picture
            self._may_note = False
            complain(f"warning: {describe(error)}: --skip-existing will not know what was painted")

    def close(self) -> None:
        """Tidy up the manifest."""
        try:
            self.manifest.compact()
        except OSError as error:
            complain(f"warning: {describe(error)}: the manifest stays long")

    def _made_of(self, content: str, style: str) -> str:
        return hashlib.sha256("\n".join([content, style, self.conditions]).encode()).hexdigest()


def conditions_of(options: StylizeOptions, mask: str, weights: str, *, several: bool) -> str:
    """The program and the options of `artnet stylize` that change results.

    Args:
        mask, weights: the hashes of these files.
        several: whether several pictures are painted at once, which changes the engine's rounding.
    """
    network, settings = options.network, options.settings
    engine = network.engine_for(settings.transfer), network.device, bool(find_spec("openvino"))  # which decides "auto"
    values = astuple(settings), options.size, options.tile, options.strip_metadata
    return json.dumps([__version__, engine, values, mask, weights, several])


def weights_path(name: str | None) -> Path:
    """Where the weights lie that `--weights` names; bundled ones too."""
    return checkpoint_arrays.weights_path(name or "artnet")
