"""Requests for jobs, looked at before Gradio sees them: small, flat, of the right types, and naming only uploads."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

MAX_BYTES = 1_000_000
"""Of a request for a job, which names files and holds none."""
MAX_OPENINGS, MAX_COMMAS = 400, 20_000
"""Braces and brackets, and commas: they bound what a body becomes in memory, a hundred times its size at worst."""


class BodyError(ValueError):
    """The request is not one that the page or a client of its API sends."""


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object of a request.

    Raises:
        BodyError: no JSON object, or one that is large or deep.
    """
    if body.count(b"{") + body.count(b"[") > MAX_OPENINGS or body.count(b",") > MAX_COMMAS:
        raise BodyError("this request holds more than one for a picture does")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyError("this request is not JSON") from None
    if not isinstance(content, dict):
        raise BodyError("this request is not a JSON object")
    return content


def check_files(value: Any, folder: Path) -> None:
    """Check that every file in a JSON value is one that was uploaded (or made) here.

    Raises:
        BodyError: another file, or an address of a file elsewhere, which this server does not fetch.
    """
    for entry in _objects(value):
        path = entry.get("path")
        if path is not None and (not isinstance(path, str) or not is_upload(path, folder)):
            web = isinstance(path, str) and "://" in path
            raise BodyError(
                "this server fetches no files from addresses: upload the file itself" if web
                else "a file of this request was not uploaded here, or is deleted by now: upload it"
            )  # fmt: skip


def is_upload(path: str, folder: Path) -> bool:
    """Whether a path names a regular file below the folder, and no link out of it."""
    try:
        real = Path(path).resolve(strict=True)
        return real.is_file() and real.is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        return False


def check_values(inputs: list[Any], values: Any) -> None:
    """Check the values of a request against the components that they are for.

    Raises:
        BodyError: another count, or a value of a wrong type; names the component.
    """
    if not isinstance(values, list):
        raise BodyError("this request's data must be a list")
    shown = [component for component in inputs if not component.skip_api]
    if len(values) not in (len(inputs), len(shown)):
        raise BodyError(f"this takes {len(shown)} values, got {len(values)}")
    for component, value in zip(inputs if len(values) == len(inputs) else shown, values, strict=True):
        _check_value(component, value)


def check_named(inputs: list[Any], values: dict) -> None:
    """As `check_values`, for a request that names its values, and leaves some out.

    Raises:
        BodyError: an unknown name, or a value of a wrong type.
    """
    known = {component.label: component for component in inputs}
    for name, value in values.items():
        if name not in known:
            raise BodyError(f"there is no {name[:40]!r} here, but {', '.join(known)}")
        _check_value(known[name], value)


def _check_value(component: Any, value: Any) -> None:
    wanted = _wanted(component)
    if wanted and not _fits(wanted, value, component):
        raise BodyError(f"{component.label or 'a value'} must be {wanted}, got {json.dumps(value)[:40]}")


def _wanted(component: Any) -> str | None:
    if isinstance(component, (gr.Number, gr.Slider)):
        return "a number"
    if isinstance(component, gr.Checkbox):
        return "true or false"
    if isinstance(component, (gr.Dropdown, gr.Radio)):
        return "one of " + ", ".join(str(value) for _, value in component.choices)
    if isinstance(component, gr.UploadButton):
        return "a list of uploaded files"
    if isinstance(component, (gr.Image, gr.Video, gr.File)):
        return "an uploaded file"
    return "a drawing" if isinstance(component, gr.ImageEditor) else None


def _fits(wanted: str, value: Any, component: Any) -> bool:
    if wanted == "a number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted == "true or false":
        return isinstance(value, bool)
    if wanted.startswith("one of"):
        return any(value == choice for _, choice in component.choices)
    if wanted == "a list of uploaded files":
        return isinstance(value, list) and bool(value) and all(map(_is_file, value))
    if wanted == "a drawing":
        return value is None or _is_drawing(value)
    return value is None or _is_file(value)


def _is_file(value: Any) -> bool:
    """Whether Gradio's model of a file takes it."""
    texts = ("path", "url", "orig_name", "mime_type")
    if not isinstance(value, dict) or not all(isinstance(value.get(name), (str, type(None))) for name in texts):
        return False
    return (
        bool(value.get("path"))
        and isinstance(value.get("size"), (int, type(None)))
        and not value.get("is_stream")
        and value.get("meta") == {"_type": "gradio.FileData"}
    )


def _is_drawing(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("id"), (str, type(None))):
        return False
    layers = value.get("layers") or []
    whole = [value.get("background"), value.get("composite")]
    return isinstance(layers, list) and all(part is None or _is_file(part) for part in whole + layers)


def _objects(value: Any) -> Iterator[dict]:
    if isinstance(value, float) and not math.isfinite(value):
        raise BodyError("this request holds numbers that are not finite")
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _objects(part)
