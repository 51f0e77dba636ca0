"""Data and initial weights of a workload, the same in every language to the last bit.

Three workloads read the files in crates/ann-datasets/data/. All other numbers come from one linear
congruential generator, see `uniform`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workloads import OUTPUTS

DATA = Path(__file__).resolve().parent.parent.parent / "crates/ann-datasets/data"
FILES = {"doughnut": "doughnut.tab", "squares": "squares.tab", "iris": "iris.csv"}
DATA_SEED, WEIGHTS_SEED, ROW_WEIGHTS_SEED = 1, 2, 3


@dataclass(frozen=True)
class Problem:
    """Data and initial weights of a workload, in its dtype.

    x: (rows, inputs); y: (rows,) classes or targets, `None` for inference; networks: the layers of each
    network, W (fan_out, fan_in) and b (fan_out); row_weights: (rows,), `None` if all are 1.
    """

    x: np.ndarray
    y: np.ndarray | None
    networks: list
    row_weights: np.ndarray | None

    @property
    def layers(self):
        """The layers of the first network."""
        return self.networks[0]

    @property
    def stacked_layers(self):
        """The layers of all networks: W (networks, fan_out, fan_in) and b (networks, fan_out)."""
        return [tuple(map(np.stack, zip(*layer))) for layer in zip(*self.networks)]


def problem(workload):
    x, y = read(FILES[workload.data]) if workload.data in FILES else draw(workload)
    dtype = np.dtype(workload.dtype)
    targets = y.astype(dtype) if workload.loss == "squared error" else y
    return Problem(x.astype(dtype), targets, initial_networks(workload, dtype), row_weights(workload, dtype))


def row_weights(workload, dtype):
    """w = ½ + u for each row, if the workload has weights."""
    return (0.5 + uniform(ROW_WEIGHTS_SEED, workload.rows)).astype(dtype) if workload.weighted else None


def read(file):
    """Features, and classes: numbered by name in .tab files (C1 is 0), by first appearance in others."""
    tab = file.endswith(".tab")
    rows = [line.split("\t" if tab else ",") for line in (DATA / file).read_text(encoding="utf-8").splitlines()[1:]]
    labels = [row[0 if tab else -1] for row in rows]
    x = np.array([row[1:] if tab else row[:-1] for row in rows], dtype=float)
    names = sorted(set(labels)) if tab else list(dict.fromkeys(labels))
    return x, np.array([names.index(label) for label in labels])


def draw(workload):
    """x = u, row by row; then a class ⌊u·K⌋, a target u, or the bell of x for each row."""
    inputs, outputs, rows = workload.widths[0], workload.widths[-1], workload.rows
    if workload.unit == OUTPUTS:
        return uniform(DATA_SEED, rows * inputs).reshape(rows, inputs), None
    u = uniform(DATA_SEED, rows * (inputs + 1))
    x, targets = u[: rows * inputs].reshape(rows, inputs), u[rows * inputs :]
    if workload.data == "bell":
        return x, bell(x)
    return x, targets if workload.loss == "squared error" else (targets * outputs).astype(np.int64)


def bell(x):
    """y = 1 / (1 + Σⱼ (2 xⱼ − 1)²); the columns are added in their order."""
    return 1 / (1 + sum((2 * column - 1) * (2 * column - 1) for column in x.T))


def initial_networks(workload, dtype):
    """Xavier uniform, w = (2u − 1) √(6 / (fan_in + fan_out)), and biases 0, network by network."""
    shapes = [(fan_out, fan_in) for fan_in, fan_out in zip(workload.widths, workload.widths[1:])]
    sizes = [fan_out * fan_in for fan_out, fan_in in shapes]
    u = uniform(WEIGHTS_SEED, workload.networks * sum(sizes)).reshape(workload.networks, -1)
    return [[layer(part, *shape, dtype) for part, shape in zip(np.split(one, np.cumsum(sizes)[:-1]), shapes)] for one in u]


def layer(u, fan_out, fan_in, dtype):
    weights = (2 * u.reshape(fan_out, fan_in) - 1) * np.sqrt(6 / (fan_in + fan_out))
    return weights.astype(dtype), np.zeros(fan_out, dtype)


MULTIPLIER, INCREMENT = 6364136223846793005, 1442695040888963407
BLOCK = 1 << 16


def uniform(seed, count):
    """`count` numbers u = (s >> 33) / 2³¹ in [0, 1).

    s starts at `seed`. Before each number s ← s · MULTIPLIER + INCREMENT mod 2⁶⁴.
    """
    power, offset = jumps(min(count, BLOCK))
    u, state = np.empty(count), np.uint64(seed)
    for start in range(0, count, BLOCK):
        states = power * state + offset
        part = u[start : start + BLOCK]
        part[:] = (states[: part.size] >> np.uint64(33)) / 2**31
        state = states[-1]
    return u


def jumps(count):
    """Arrays a, c: i + 1 steps of the generator lead from s to aᵢ s + cᵢ. Overflow computes mod 2⁶⁴."""
    a, c = np.array([MULTIPLIER], np.uint64), np.array([INCREMENT], np.uint64)
    while a.size < count:
        # The last known jump, followed by each known jump, gives as many new ones.
        a, c = np.concatenate([a, a * a[-1]]), np.concatenate([c, a * c[-1] + c])
    return a[:count], c[:count]
