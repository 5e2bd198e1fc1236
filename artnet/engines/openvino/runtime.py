"""OpenVINO without its model converter, which takes most of the import's time and reports every import to its makers.

Import `ov`, `ops` and `Node` from here. Who needs the converter too finds it in `openvino.tools.ovc`.
"""

import sys
from importlib import import_module

# OpenVINO imports the converter in its own __init__, through which every way to any part of it leads (`_pyopenvino`
# too), and passes over an ImportError. No setting leaves it out: CI=true stops the reports alone. Medians of 20 fresh
# processes each, in turn on two busy cores, OpenVINO 2026.4.1: 311 ms with it, 97 ms without.
_CONVERTER = "openvino.tools.ovc"
if "openvino" not in sys.modules:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # importing it fails now, which OpenVINO permits
    import_module("openvino")
    del sys.modules[_CONVERTER]

import openvino as ov  # noqa: E402
import openvino.opset15 as ops  # noqa: E402
from openvino import Node  # noqa: E402

__all__ = ["Node", "ops", "ov"]
