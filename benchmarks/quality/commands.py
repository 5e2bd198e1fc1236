"""What the commands of this package have in common."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from apps.common.errors import describe, is_plain


def pair_arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with --content and --style."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", type=Path, required=True, help="folder of contents")
    parser.add_argument("--style", type=Path, required=True, help="folder of styles")
    return parser


def add_networks(parser: argparse.ArgumentParser) -> None:
    """--vgg and --mobilenet, the networks that score."""
    parser.add_argument("--vgg", type=Path, required=True, help="a VGG16 trunk")
    parser.add_argument("--mobilenet", type=Path, required=True, help="a MobileNetV2")


def report_bad_input(main: Callable[[], None]) -> None:
    """Run a command; what is wrong with its input becomes one line and exit code 2."""
    try:
        main()
    except Exception as error:
        if not is_plain(error):
            raise
        print(f"error: {describe(error)}", file=sys.stderr)
        sys.exit(2)
