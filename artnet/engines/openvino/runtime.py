"""OpenVINO without its model converter, which takes most of the import's time and reports every import to its makers.

Import `ov`, `ops` and `Node` from here. Who needs the converter too finds it in `openvino.tools.ovc`.
"""

import sys
from importlib import import_module

# OpenVINO (2025.0 to 2026.4) imports the converter from its own __init__, which every way to any part of it leads
# through, `openvino._pyopenvino` too, and passes over an ImportError. No setting says to leave it out: CI=true stops the
# reports alone. Measured on two busy cores, 20 fresh processes each in turn: 311 ms with it, 97 ms without.
_CONVERTER = "openvino.tools.ovc"
if "openvino" not in sys.modules:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # importing it fails now, which OpenVINO permits
    import_module("openvino")
    del sys.modules[_CONVERTER]

import openvino as ov  # noqa: E402
import openvino.opset15 as ops  # noqa: E402
from openvino import Node  # noqa: E402

__all__ = ["Node", "ops", "ov"]
