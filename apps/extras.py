"""Packages that only some commands need: imported when they are, with one line on what to install where they lack."""

from importlib import import_module
from types import ModuleType


def need(module: str, extra: str) -> ModuleType:
    """The module, which comes with the extra `artnet[extra]`.

    Raises:
        ValueError: it is not installed; says what to do.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ValueError(f"this needs the package {module}: pip install 'artnet[{extra}]' ({error})") from error
