"""Ctrl-C comes after what must be whole, and is not lost."""

import signal
import threading
from concurrent.futures import Future

import pytest
from helpers.interrupting import interrupt

from apps.common.prefetch import result_of
from artnet.interruption import undisturbed

pytestmark = pytest.mark.usefixtures("ctrl_c")


@pytest.mark.parametrize("depth", [1, 3])
def test_it_comes_after_the_block(depth):
    done = []

    def work(levels):
        with undisturbed():
            if levels > 1:
                work(levels - 1)
            else:
                interrupt()
            done.append(levels)

    with pytest.raises(KeyboardInterrupt):
        work(depth)
    assert done == [*range(1, depth + 1)]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with undisturbed():
            interrupt(signal.SIGHUP)
    finally:
        assert signal.signal(signal.SIGHUP, before) == signal.SIG_IGN


def test_errors_of_the_block_are_its_own():
    with pytest.raises(ValueError, match="odd"), undisturbed():
        raise ValueError("odd")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_are_as_they_were():
    seen = []

    def work():
        with undisturbed():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


class Interrupted(threading.Condition):
    """A lock that is interrupted when it has just been taken, once."""

    waits = True

    def __enter__(self):
        entered = super().__enter__()
        if self.waits and threading.current_thread() is threading.main_thread():
            self.waits = False
            interrupt()
        return entered


def test_a_result_that_is_waited_for_leaves_its_lock_free():
    future = Future()
    future._condition = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        result_of(future)
    other = threading.Thread(target=future.set_result, args=(3,), daemon=True)
    other.start()
    other.join(10)
    assert not other.is_alive()
    assert result_of(future) == 3
