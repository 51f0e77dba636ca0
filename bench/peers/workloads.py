"""The workloads of all runners, read from bench/workloads/workloads.toml, which explains each field.

    python3 bench/peers/workloads.py

prints them as they were understood, one JSON object per line. This file needs only Python, 3.11 or newer.
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

# The units of work that are not training.
DIFFERENCES, OUTPUTS = "differences", "outputs"
# The unit whose work starts from the initial weights each time.
RUN = "run"

# Number of steps that L-BFGS remembers.
HISTORY = 10

# h of the differences.
STEP = 1e-4


class Skip(Exception):
    """Raised if a library cannot do a workload; the message says why."""


@dataclass(frozen=True)
class Workload:
    """Layers of `widths`, `hidden` activations between them, raw outputs.

    Training minimises J = mean loss + λ Σ‖W‖² by `optimizer`, where η is `rate` and λ is `l2`. Batches have
    `batch` rows, shuffled in each epoch; if `batch` is None, all rows are taken at once. A run ends after
    `epochs` epochs, or as soon as the mean loss is below `below`.
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
    smoothing: float = 0.0
    weighted: bool = False
    optimizer: str = "descent"
    rate: float = 0.0
    decay: float = 0.0
    l2: float = 0.0
    batch: int | None = None
    epochs: int = 0
    below: float = 0.0
    networks: int = 1

    @property
    def dtype(self):
        return {"f32": "float32", "f64": "float64"}[self.precision]

    @property
    def searches(self):
        """Whether the optimizer finds the length of its steps itself."""
        return self.optimizer in ("l-bfgs", "levenberg-marquardt")


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
