"""What every runner computes: the workloads of bench/workloads/workloads.toml, which explains each of their fields.

    python3 bench/peers/workloads.py

prints them as they were understood, one JSON object a line.  This file needs nothing but Python itself, 3.11 or newer.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

try:
    import tomllib
except ImportError:
    print("expected Python 3.11 or newer, which reads TOML", file=sys.stderr)
    sys.exit(3)

FILE = Path(__file__).resolve().parent.parent / "workloads" / "workloads.toml"

# The units of work that are no training.
DIFFERENCES, OUTPUTS = "differences", "outputs"

# h of the differences.
STEP = 1e-4


class Skip(Exception):
    """A library cannot do a workload; the message says why."""


@dataclass(frozen=True)
class Workload:
    """Layers of `widths`, `hidden` activations between them, raw outputs.

    Training minimises J = mean loss + λ Σ‖W‖² by θ ← θ − η ∂J/∂θ, on batches of `batch` rows, shuffled in each epoch,
    or on all rows at once where `batch` is None; η is `rate`, λ is `l2`.
    """

    name: str
    what: str
    unit: str
    data: str
    rows: int
    widths: tuple
    hidden: str
    loss: str
    precision: str
    threads: tuple
    rate: float = 0.0
    l2: float = 0.0
    batch: int | None = None

    @property
    def dtype(self):
        return {"f32": "float32", "f64": "float64"}[self.precision]


def read():
    with FILE.open("rb") as file:
        entries = tomllib.load(file)["workload"]
    return {entry["name"]: Workload(**{key: hashable(value) for key, value in entry.items()}) for entry in entries}


def hashable(value):
    return tuple(value) if isinstance(value, list) else value


WORKLOADS = read()


if __name__ == "__main__":
    for each in WORKLOADS.values():
        print(json.dumps(asdict(each)))
