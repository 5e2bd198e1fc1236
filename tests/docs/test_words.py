"""One idea has one word: what public things in the packages must not be called (docs/glossary.md)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("apps", "artnet", "pruning", "s2transform")
INSTEAD = {
    "binarize": "binarise",
    "finetuning": "fine-tune",
    "huge": "large",
    "invented": "synthetic",
    "journal": "manifest",
    "stylise": "stylize",
}
"""Word -> the glossary's, or the field's, word for the same."""


def words(name):
    """The words of a name in snake_case or CamelCase, in small letters."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")


def public_names(text):
    """Names of the functions, classes and parameters of a module that do not begin with _."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
            if not isinstance(node, ast.ClassDef):
                yield from (a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))


def forbidden(names):
    return {name: INSTEAD[word] for name in names for word in words(name) if word in INSTEAD}


@pytest.mark.parametrize("package", PACKAGES)
def test_names_use_the_glossarys_words(package):
    wrong = {}
    for path in (ROOT / package).rglob("*.py"):
        for name, instead in forbidden([*public_names(path.read_text(encoding="utf-8")), path.stem]).items():
            wrong[f"{path.relative_to(ROOT)}: {name}"] = instead
    assert wrong == {}


def test_words_are_told_apart():
    text = "class HugeFile:\n    def read(self, journal): ...\ndef _huge(): ...\ndef hugely(): ...\n"
    assert set(forbidden(public_names(text))) == {"HugeFile", "journal"}
