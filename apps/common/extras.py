"""Packages that only some commands need: imported when they are, with one line on what to install where they lack."""

from importlib import import_module


def need(extra: str, *modules: str) -> None:
    """Check that the modules of the extra `artnet[extra]` are there.

    Raises:
        ValueError: one cannot be imported; says what to do.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise ValueError(f"this needs the package {module}: pip install 'artnet[{extra}]' ({error})") from error
