"""Ctrl-C as Python code sees it.

No signal is sent: handlers of C run on a stack that pytest's fault handler has set up, beside libraries that have their
own ideas of signals, and a crash there would end all tests.
"""

import signal


def interrupt(number=signal.SIGINT):
    """Do what Python does when the signal comes."""
    signal.getsignal(number)(number, None)
