"""Standard input, output and error as they may be: closed, full, cut off, or of an encoding without the name's letters.

Imports nothing heavy: every command begins here.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from apps.common.terminal import RED, YELLOW, colored, link

_COLORS = {"error:": RED, "failed:": RED, "warning:": YELLOW}


class Terminated(KeyboardInterrupt):
    """The process was told to end; what handles Ctrl-C cleans up after this too.

    Attributes:
        signal: its number.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.signal = number


def prepare() -> None:
    """Make printing safe: no letter fails, and what a closed standard output should hold goes to standard error."""
    for descriptor in range(3):  # a closed one would be given to the next file, and that be written into by mistake
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        sys.stdout = sys.stderr
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def stdout_is_closed() -> bool:
    """Whether the process was started without a standard output."""
    return sys.stdout is sys.stderr


def flush_stdout() -> None:
    """Send on what was printed.

    Raises:
        BrokenPipeError: the reader is gone.
        OSError: it is full; names standard output.
    """
    with naming_stdout():
        sys.stdout.flush()


@contextmanager
def naming_stdout() -> Iterator[None]:
    """Errors of the block say that they are about standard output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def drop_stdout() -> None:
    """Forget what could not be printed; without this Python complains once more at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Print a line to standard output. Raises as `flush_stdout` does."""
    with naming_stdout():
        print(text)


def say_written(path: str) -> None:
    """Print the path of what was made, as the last line: a click in a terminal, or `$(... | tail -1)`, opens it."""
    with naming_stdout():
        print(link(Path(path), sys.stdout))


def complain(text: str) -> None:
    """Print one line to standard error, if that still can be."""
    with suppress(OSError, ValueError):
        line = text.replace("\n", "\\n")  # of a file name
        for word, color in _COLORS.items():
            if line.startswith(word):
                line = colored(word, color, sys.stderr) + line.removeprefix(word)
        print(f"artnet: {line}", file=sys.stderr, flush=True)


@contextmanager
def silenced() -> Iterator[None]:
    """Drop what the process writes to standard error in the block: lines of libraries in C, which raise errors too."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def signals_raise() -> Iterator[None]:
    """In the block, a signal that ends the process raises Terminated, so that no half file stays."""
    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]  # nohup ignores SIGHUP
    for number in ours:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _terminate(number: int, _frame: Any) -> NoReturn:
    raise Terminated(number)
