"""The Rust half. What is here may change: use the names of `ann`."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

Settings = Mapping[str, Any]
Callback = Callable[[dict[str, float]], Any] | None
Cells = NDArray[np.float64] | Sequence[str | None] | tuple[NDArray[np.float64]]
Columns = Sequence[tuple[str, Cells]]

class Core:
    provenance: str
    precision: str
    widths: list[int]
    networks: int
    features: list[str]
    targets: list[str]
    classes: list[str] | None
    findings: list[str]
    stop: str
    report: str | None
    @staticmethod
    def from_bytes(bytes: bytes) -> Core: ...
    @staticmethod
    def from_state(bytes: bytes, record: str, state: Any) -> Core: ...
    def __getstate__(self) -> tuple[bytes, str, Any]: ...
    def to_bytes(self) -> bytes: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def digest(self) -> str: ...
    def with_provenance(self, json: str) -> Core: ...
    def predict(self, x: NDArray[Any], threads: int) -> NDArray[Any]: ...
    def predict_table(self, columns: Columns) -> NDArray[np.float64]: ...
    def half_widths(self, level: float) -> list[float] | None: ...
    def weights(self) -> list[tuple[NDArray[Any], NDArray[Any]]]: ...
    def parameters(self) -> NDArray[Any]: ...
    def curves(self) -> list[dict[str, Any]]: ...
    def check_gradient(self, columns: Columns, threads: int) -> tuple[str, str, str]: ...
    def to_onnx(self) -> bytes: ...

def fit(
    x: NDArray[Any],
    wanted: NDArray[Any],
    weights: NDArray[Any] | None,
    settings: Settings,
    names: Mapping[str, Any],
    start: Core | None,
    callback: Callback,
) -> Core: ...
def partial_fit(
    x: NDArray[Any],
    wanted: NDArray[Any],
    weights: NDArray[Any] | None,
    settings: Settings,
    names: Mapping[str, Any],
    start: Core | None,
) -> Core: ...
def _panic(is_in_thread: bool) -> None: ...
def fit_table(columns: Columns, targets: Sequence[str], settings: Settings, callback: Callback) -> Core: ...
def check_gradient(
    value: Callable[[NDArray[np.float64]], float],
    gradient: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    at: NDArray[np.float64],
    names: Sequence[str],
    tolerance: float,
    seed: int,
) -> tuple[str, str, str]: ...
