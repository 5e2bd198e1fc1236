"""The name of a compiled model sees all code that decides the graph, whoever writes it."""

import ast
from pathlib import Path

import pytest

from artnet.engines.graph.cache import code_version, sources
from artnet.engines.openvino.engine import CODE as OPENVINO

ROOT = Path(__file__).parents[4]
FEEDING = {"artnet.engines.base"}  # what pictures and styles are; a graph's name says what of it the graph takes
AROUND = {f"artnet.image.{name}" for name in ("damaged", "files", "memmap", "pixels", "strips")}  # files, arrays


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """The modules of the project that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("artnet.", "s2transform")):
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [name for name in below if (ROOT / name.replace(".", "/")).with_suffix(".py").exists()]
            yield from modules or [node.module]


def onnx():
    pytest.importorskip("onnxruntime", reason="it comes with artnet[onnx]")
    from artnet.engines.onnx_engine import CODE

    return CODE


@pytest.mark.parametrize("code", [lambda: OPENVINO, onnx], ids=["openvino", "onnx"])
def test_all_that_builders_import_is_in_the_name(code):
    files = list(sources(code()))
    names = {module_of(path) for path in files}
    assert {"artnet.engines.graph.spec", "artnet.model.upsampling"} <= names
    # The exporter lies among what engines share, and is of one of them.
    builders = [path for path in files if path.name != "onnx_export.py" or "s2transform" in names]
    assert {name for path in builders for name in imported(path)} - names <= FEEDING | AROUND


def test_a_changed_file_is_seen(tmp_path, monkeypatch):
    package = tmp_path / "some_builders"
    (package / "below").mkdir(parents=True)
    for name in ("__init__.py", "graph.py", "other.py", "below/__init__.py", "below/deep.py"):
        (package / name).write_text("raise AssertionError('this is not to be imported')\n" * name.endswith("deep.py"))
    monkeypatch.syspath_prepend(tmp_path)

    def versions():
        return code_version(["some_builders"]), code_version(["some_builders.graph"])

    whole, part = versions()
    (package / "below" / "deep.py").write_text("\n")
    changed, same = versions()
    assert changed != whole
    assert same == part
    (package / "graph.py").write_text("\n")
    assert versions()[1] != part
