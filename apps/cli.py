"""The command `artnet`: finds the sub-command, imports only its module, and turns errors into one line."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

from apps.common import stdio
from apps.common.errors import describe, interruption_in, is_plain
from apps.common.terminal import BOLD, is_colorful
from artnet import __version__

COMMANDS = {
    "stylize": ("apps.stylize.command", "paint pictures, folders of them, or standard input in the style of others"),
    "video": ("apps.video.command", "paint a video, with its sound and without flicker"),
    "webcam": ("apps.webcam.command", "paint the camera's picture live, in a window or as a camera for other programs"),
    "serve": ("apps.web.command", "a web page for photos, videos and the camera, with an API"),
    "styles": ("apps.styles", "list the bundled styles, or paint a photo in all of them"),
    "train": ("apps.train", "train the decoder, or the whole network, on your own pictures"),
    "prune": ("apps.prune.command", "make a network smaller and faster by removing channels"),
    "export": ("apps.export", "write the network as ONNX or OpenVINO IR for other programs"),
    "benchmark": ("apps.benchmark.command", "measure how fast this machine paints, beside a rival"),
    "criteria": ("apps.prune.criteria", "study how pruning criteria judge the channels of a network"),
    "evaluate": ("apps.evaluate", "measure the quality, the size and the speed of a network"),
    "movement": ("apps.movement.command", "show which joints give a movement away, from joint tracks of infants"),
}
"""Sub-command -> (its module, one line of help). A module has add_arguments(parser) and run(args) -> exit code."""

VERSION_HELP = "show the version; with --json, all that a report of a fault needs to say of program and machine"
EPILOG = """\
examples:
  artnet stylize photo.jpg --style painting.jpg -o out.png
  artnet stylize photo.jpg --style great-wave
  artnet stylize holiday/ --style painting.jpg -o painted/
  artnet stylize --help          all options of a command, with examples

exit codes: 0 done, 1 some of several pictures failed, 2 nothing done because of an error, 130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises ValueError instead of printing a screen of usage and leaving."""

    def format_help(self) -> str:
        text = super().format_help()
        if not is_colorful(sys.stdout):
            return text
        return re.sub(r"^(usage:|\w[^:\n]*:$)", rf"\033[{BOLD}m\1\033[0m", text, flags=re.MULTILINE)

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see {self.prog} --help)")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Refuse what is not known here, where its command is, and name what was perhaps meant."""
        known = [option for action in self._actions for option in action.option_strings]
        try:
            found, unknown = super().parse_known_args(args, namespace)
        except ValueError as error:  # an option that is required may lack because it was mistyped
            found, unknown = namespace, [word for word in args or () if _is_no_option(word, known)]
            if not unknown or f"(see {self.prog} --help)" not in str(error):
                raise
        if unknown:
            near = get_close_matches(unknown[0].partition("=")[0], known, 1)
            self.error(f"{unknown[0]} is not understood" + (f"; did you mean {near[0]}?" if near else ""))
        return found, unknown


def _is_no_option(word: str, known: list[str]) -> bool:
    name = word.partition("=")[0]
    return len(name) > 2 and name.startswith("--") and not any(option.startswith(name) for option in known)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `artnet` with the given arguments (default: those of the process) and return its exit code.

    Raises:
        SystemExit: after --help and --version, with code 0.
    """
    stdio.prepare()
    try:
        with stdio.signals_raise():
            code = _run(sys.argv[1:] if argv is None else list(argv))
        stdio.flush_stdout()  # here, where a closed pipe can still be handled
        return code
    except BrokenPipeError:  # the reader (head, less) went away, which is no error
        stdio.drop_stdout()
        return 141
    except (Exception, KeyboardInterrupt) as error:
        if stop := interruption_in(error):
            _flush_or_drop()
            return 128 + stop.signal if isinstance(stop, stdio.Terminated) else 130
        if not is_plain(error):
            raise
        stdio.complain(f"error: {describe(error)}")
        _flush_or_drop()
        return 2


def _flush_or_drop() -> None:
    """So that Python has nothing left to say at exit, where a full standard output would change the exit code."""
    try:
        stdio.flush_stdout()
    except OSError:
        stdio.drop_stdout()


def _run(argv: list[str]) -> int:
    if not argv:
        from apps.common.welcome import welcome

        stdio.say(welcome())
        return 0
    if sorted(argv) == ["--json", "--version"]:
        from apps.common.about import about

        stdio.say(json.dumps(about(), indent=2))
        return 0
    parser, run = _parser(argv)
    try:
        args = parser.parse_args(argv)
    except SystemExit:  # after --help
        stdio.flush_stdout()
        raise
    return run(args)


def _parser(argv: list[str]) -> tuple[Parser, Any]:
    """The parser, complete for the command that is asked for, and what runs that: from parsed arguments to a code."""
    parser = Parser(
        prog="artnet",
        description="Universal style transfer that runs live on an ordinary CPU.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"artnet {__version__}", help=VERSION_HELP)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # The options before the command take no value, so the first word that is not an option is the command.
    chosen = next((word for word in argv if not word.startswith("-")), None)
    if chosen is not None and chosen not in COMMANDS:
        near = get_close_matches(chosen, COMMANDS, 1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
        raise ValueError(f"there is no command {chosen}; {meant} (see artnet --help)")
    run = None
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == chosen:
            home = import_module(module)
            home.add_arguments(command)
            run = home.run
    return parser, run


if __name__ == "__main__":
    sys.exit(main())
