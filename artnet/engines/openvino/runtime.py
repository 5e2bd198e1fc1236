"""OpenVINO without its model converter, which takes half of the import's time and reports every import to its makers.

Import `ov`, `ops` and `Node` from here.
"""

import sys
from importlib import import_module

_CONVERTER = "openvino.tools.ovc"
if "openvino" not in sys.modules:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # importing it fails now, which OpenVINO permits
    import_module("openvino")
    del sys.modules[_CONVERTER]

import openvino as ov  # noqa: E402
import openvino.opset15 as ops  # noqa: E402
from openvino import Node  # noqa: E402

__all__ = ["Node", "ops", "ov"]
