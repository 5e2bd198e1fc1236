"""What visitors paint on a photo: the mask editor's layers, taken as files that nobody opens here.

Gradio's editor would keep them in memory until they are used, open them in this process, and believe any number of a
layer.
"""

import os
import threading
from collections import OrderedDict
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import gradio as gr
from fastapi import HTTPException

from apps.web.limits import MAX_LAYERS

MAX_BYTES = 4_000_000
_REMEMBERED = 64  # drawings that have been sent and not yet used


class Layers:
    """Layers by the id of their drawing; set as `accept` and `preprocess` of a mask editor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawings: OrderedDict[str, dict[int, str]] = OrderedDict()

    def attach(self, editor: gr.ImageEditor) -> None:
        editor.preprocess = self.preprocess
        editor.accept_blobs = self.accept

    def accept(self, data: Any) -> None:
        """Store one layer that the browser sends; the photo below it and what both look like are passed over."""
        try:
            kind, drawing, index = data.data["type"], data.data["id"], data.data.get("index")
            content = data.files[0][1]
            number = 0 if index in (None, "", "null") else int(index)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            raise HTTPException(422, "this is not what the mask editor sends") from None
        if len(content) > MAX_BYTES or not 0 <= number < MAX_LAYERS or len(drawing) > 64:
            raise HTTPException(413, f"a mask has up to {MAX_LAYERS} layers of {MAX_BYTES // 1_000_000} MB")
        if kind != "layer":
            return
        path = Path(mkdtemp(prefix="layer-", dir=os.environ.get("GRADIO_TEMP_DIR"))) / "layer.png"
        path.write_bytes(content)
        with self._lock:
            self._drawings.setdefault(drawing, {})[number] = str(path)
            if len(self._drawings) > _REMEMBERED:
                self._drawings.popitem(last=False)

    accept._is_server_fn = True  # type: ignore[attr-defined]  # Gradio's mark of what browsers may call

    def preprocess(self, payload: Any) -> list[str]:
        """The paths of the layers of what the editor says it holds."""
        if payload is None:
            return []
        if payload.id is not None:
            with self._lock:
                return list(self._drawings.pop(payload.id, {}).values())
        if len(payload.layers) > MAX_LAYERS:
            raise gr.Error(f"a mask has up to {MAX_LAYERS} layers", print_exception=False)
        return [layer.path for layer in payload.layers]
