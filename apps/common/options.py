"""From parsed arguments to a command's own dataclass: nothing below `run` sees argparse."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

Options = TypeVar("Options")


def options_of(kind: type[Options], values: Mapping[str, Any]) -> Options:
    """A dataclass from values that are named like its fields, as `vars(args)` has them.

    A field that is a dataclass itself takes its own fields from the same values.

    Raises:
        KeyError: a field without a value.
    """
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    return kind(**{field.name: _value(hints[field.name], field.name, values) for field in fields(kind)})


def _value(hint: Any, name: str, values: Mapping[str, Any]) -> Any:
    return options_of(hint, values) if isinstance(hint, type) and is_dataclass(hint) else values[name]
