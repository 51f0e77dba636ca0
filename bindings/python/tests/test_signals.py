"""Ctrl-C, and the lock of the interpreter."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from ann import AnnRegressor, TabularRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(200_000, 20))


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises. A shell starts programs in the background with an interrupt that is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# A large table is encoded, and searched for equal rows, without a look at the interrupt: some seconds for
# 200 000 rows, which nobody waits for.
@pytest.mark.parametrize(
    "model, rows",
    [
        (AnnRegressor(epochs=10_000, batch_size=None), 200_000),
        (AnnRegressor(epochs=10_000), 200_000),
        (TabularRegressor(epochs=1000), 200_000),
    ],
)
def test_ctrl_c_ends_a_fit_soon(model, rows, ctrl_c):
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1.0, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:rows], X[:rows, 0])
    # 0.05 s until it is seen, and one leaf of rows; the rest is for a busy machine.
    assert time.monotonic() - sent[0] < 1.0
    timer.join()


def test_other_threads_run_during_a_fit():
    count, done = 0, False

    def spin():
        nonlocal count
        while not done:
            count += 1
            time.sleep(0.001)

    thread = threading.Thread(target=spin)
    thread.start()
    AnnRegressor(epochs=3, hidden=[32]).fit(X, X[:, 0])
    done = True
    thread.join()
    assert count > 20
