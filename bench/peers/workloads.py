"""What every runner computes: shapes, data and initial weights, the same in every language to the last bit.

W1 to W3 read the files in data/; all else comes from one linear congruential generator, see `uniform`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent.parent / "data"
DATA_SEED, WEIGHTS_SEED = 1, 2

# What is done in one unit of work.
TRAIN, DIFFERENCES, INFER = "train", "differences", "infer"

# h of W4.
STEP = 1e-4


class Skip(Exception):
    """A library cannot do a workload; the message says why."""


@dataclass(frozen=True)
class Workload:
    """Layers of `widths`, `hidden` activations between them, raw outputs.

    Training minimises J = mean loss + λ Σ‖W‖² by θ ← θ − η ∂J/∂θ, on batches of `batch` rows, shuffled in each epoch,
    or on all rows at once where `batch` is None; η is `rate`, λ is `penalty`.
    """

    name: str
    widths: tuple
    rows: int
    hidden: str = "sigmoid"
    loss: str = "cross-entropy"
    dtype: str = "float64"
    batch: int | None = None
    rate: float = 0.1
    penalty: float = 0.0
    kind: str = TRAIN
    unit: str = "epoch"
    file: str | None = None


@dataclass(frozen=True)
class Problem:
    """Data and initial weights of a workload, in its dtype.

    x: (rows, inputs); y: (rows,) classes or targets, nothing for inference; layers: W (fan_out, fan_in), b (fan_out).
    """

    x: np.ndarray
    y: np.ndarray | None
    layers: list


def all_workloads():
    iris, digits, deep = (4, 5, 10, 5, 3), (64, 100, 10), (2, 3, 10, 50, 30, 1, 4, 2)
    mnist, higgs, wide, regression = (784, 128, 10), (28, 300, 300, 300, 2), (1024, 1024, 1024, 10), (10, 64, 64, 1)
    relu, single = {"hidden": "relu"}, {"dtype": "float32"}
    yield Workload("W1", (2, 3, 2), 216, file="doughnut.tab")
    yield Workload("W2", (2, 5, 2), 400, file="squares.tab")
    yield Workload("W3", iris, 150, penalty=0.01, file="iris.csv")
    yield Workload("W4", deep, 400, file="squares.tab", kind=DIFFERENCES, unit="all")
    for suffix, dtype in [("f32", "float32"), ("f64", "float64")]:
        yield Workload(f"W5/{suffix}", digits, 1797, **relu, dtype=dtype, batch=64, rate=0.05)
        yield Workload(f"W8/{suffix}", wide, 512, **relu, dtype=dtype, rate=0.01, unit="step")
    yield Workload("W6/f32", mnist, 20_000, **relu, **single, batch=128, rate=0.05)
    yield Workload("W7/f32", higgs, 100_000, **relu, **single, batch=1024, rate=0.05)
    for suffix, rows in [("one", 1), ("many", 10_000)]:
        yield Workload(f"W9/narrow-{suffix}", iris, rows, kind=INFER, unit="call")
        yield Workload(f"W9/wide-{suffix}", mnist, rows, **relu, **single, kind=INFER, unit="call")
    for rows in [1_000, 10_000, 100_000, 1_000_000]:
        yield Workload(f"W10/{rows}", regression, rows, loss="squared error", rate=0.01, unit="step")


WORKLOADS = {workload.name: workload for workload in all_workloads()}


def problem(workload):
    x, y = read(workload.file) if workload.file else draw(workload)
    dtype = np.dtype(workload.dtype)
    layers = [(weights.astype(dtype), bias.astype(dtype)) for weights, bias in initial_layers(workload.widths)]
    targets = y.astype(dtype) if workload.loss == "squared error" else y
    return Problem(x.astype(dtype), targets, layers)


def read(file):
    """Features, and classes numbered in order of first appearance; in the .tab files by name, C1 is 0."""
    tab = file.endswith(".tab")
    rows = [line.split("\t" if tab else ",") for line in (DATA / file).read_text(encoding="utf-8").splitlines()[1:]]
    labels = [row[0 if tab else -1] for row in rows]
    x = np.array([row[1:] if tab else row[:-1] for row in rows], dtype=float)
    names = sorted(set(labels)) if tab else list(dict.fromkeys(labels))
    return x, np.array([names.index(label) for label in labels])


def draw(workload):
    """x = u, row by row; then a class ⌊u·K⌋ or a target u for each row."""
    inputs, outputs, rows = workload.widths[0], workload.widths[-1], workload.rows
    if workload.kind == INFER:
        return uniform(DATA_SEED, rows * inputs).reshape(rows, inputs), None
    u = uniform(DATA_SEED, rows * (inputs + 1))
    x, targets = u[: rows * inputs].reshape(rows, inputs), u[rows * inputs :]
    return x, targets if workload.loss == "squared error" else (targets * outputs).astype(np.int64)


def initial_layers(widths):
    """Xavier uniform, w = (2u − 1) √(6 / (fan_in + fan_out)), and biases 0."""
    shapes = [(fan_out, fan_in) for fan_in, fan_out in zip(widths, widths[1:])]
    u = uniform(WEIGHTS_SEED, sum(fan_out * fan_in for fan_out, fan_in in shapes))
    for fan_out, fan_in in shapes:
        part, u = u[: fan_out * fan_in], u[fan_out * fan_in :]
        yield (2 * part.reshape(fan_out, fan_in) - 1) * np.sqrt(6 / (fan_in + fan_out)), np.zeros(fan_out)


MULTIPLIER, INCREMENT = 6364136223846793005, 1442695040888963407
BLOCK = 1 << 16


def uniform(seed, count):
    """`count` numbers in [0, 1): s ← s · MULTIPLIER + INCREMENT mod 2⁶⁴ and u = (s >> 33) / 2³¹, from s = `seed` on."""
    power, offset = jumps(min(count, BLOCK))
    u, state = np.empty(count), np.uint64(seed)
    for start in range(0, count, BLOCK):
        states = power * state + offset
        part = u[start : start + BLOCK]
        part[:] = (states[: part.size] >> np.uint64(33)) / 2**31
        state = states[-1]
    return u


def jumps(count):
    """Arrays a, c such that i + 1 steps of the generator lead from s to aᵢ s + cᵢ; wrapping is the modulus."""
    a, c = np.array([MULTIPLIER], np.uint64), np.array([INCREMENT], np.uint64)
    while a.size < count:
        # First to the end of what is known, then on from there.
        a, c = np.concatenate([a, a * a[-1]]), np.concatenate([c, a * c[-1] + c])
    return a[:count], c[:count]
