"""Errors of the input or the machine, told in one line from faults of the program."""

_FOREIGN = frozenset(["av", "cv2", "onnxruntime", "openvino", "pyvips", "torch"])
"""Packages whose errors are one line too."""


def is_plain(error: BaseException) -> bool:
    """Whether an exception says what is wrong with the input or the machine; all others are faults of the program.

    Libraries in C++ raise classes of their own, or bare RuntimeErrors: that is how torch reports that memory ran out.
    """
    foreign = type(error).__module__.partition(".")[0] in _FOREIGN
    return foreign or type(error) is RuntimeError or isinstance(error, (ValueError, OSError, MemoryError))


def describe(error: BaseException) -> str:
    """An exception as one line for people: no errno, no line breaks."""
    if isinstance(error, MemoryError):
        return "not enough memory; use smaller pictures"
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return " ".join(text.split()) or type(error).__name__


def interruption_in(error: BaseException) -> KeyboardInterrupt | None:
    """The KeyboardInterrupt that an exception is, or came of: a library that is interrupted may raise its own."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__cause__ or seen.__context__
    return seen
