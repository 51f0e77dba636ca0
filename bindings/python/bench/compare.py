"""Compares the estimators of ann with scikit-learn's MLP, and PyTorch through skorch, on five tables.

    python bench/compare.py [--torch] [--seeds N]

Every system gets one thread and its default settings; a linear scale of all columns belongs to the pipelines of the
others. For each table: seconds of a fit, milliseconds of predicting one row and 100 000 rows, and accuracy or R² on a
third of the rows. Medians of the seeds. The systems take turns.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path

for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = "1"

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import ann

TABLES = Path(__file__).resolve().parents[3] / "bench" / "tables"
NAMES = ["concrete", "credit_data", "digits", "satellite", "bikeshare"]


def encoded(model):
    """Words as indicators, numbers filled and scaled: what a user of the others writes."""
    words = make_pipeline(OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    is_number = lambda frame: frame.select_dtypes("number").columns
    is_word = lambda frame: frame.select_dtypes(exclude="number").columns
    return make_pipeline(make_column_transformer((numbers, is_number), (words, is_word)), model)


def systems(task, with_torch):
    is_class = task == "class"
    number = lambda model: model if is_class else TransformedTargetRegressor(model, transformer=StandardScaler())
    mlp, matrix, tabular = (
        (MLPClassifier, ann.AnnClassifier, ann.TabularClassifier)
        if is_class
        else (MLPRegressor, ann.AnnRegressor, ann.TabularRegressor)
    )
    made = {
        "scikit-learn MLP": lambda seed: encoded(number(mlp(random_state=seed))),
        "Ann": lambda seed: encoded(matrix(random_state=seed)),
        "Tabular": lambda seed: tabular(random_state=seed),
    }
    if with_torch:
        made["PyTorch (skorch)"] = lambda seed: encoded(number(torch_model(is_class, seed)))
    return made


def torch_model(is_class, seed):
    """The network of scikit-learn's MLP: 100 ReLU units, Adam with 0.001, batches of 200, 200 epochs."""
    import torch
    from skorch import NeuralNetClassifier, NeuralNetRegressor

    torch.set_num_threads(1)
    torch.manual_seed(seed)

    class Module(torch.nn.Module):
        def __init__(self, outputs=1):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.LazyLinear(100), torch.nn.ReLU(), torch.nn.Linear(100, outputs))

        def forward(self, x):
            return self.layers(x)

    class Adapted(NeuralNetClassifier if is_class else NeuralNetRegressor):
        def fit(self, X, y):
            y = np.asarray(y)
            y = y.astype(np.int64) if is_class else y.reshape(-1, 1).astype(np.float32)
            if is_class:
                self.set_params(module__outputs=int(y.max()) + 1)
            return super().fit(np.asarray(X, dtype=np.float32), y)

        def predict(self, X):
            return super().predict(np.asarray(X, dtype=np.float32))

    own = {"criterion": torch.nn.CrossEntropyLoss} if is_class else {}
    return Adapted(Module, optimizer=torch.optim.Adam, lr=0.001, batch_size=200, max_epochs=200, train_split=None, verbose=0, **own)


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measured(make, seed, train, test, y_train, y_test):
    model = make(seed)
    fit = seconds(lambda: model.fit(train, y_train))
    one, many = test[:1], test.iloc[np.arange(100_000) % len(test)]
    model.predict(one)
    return fit, 1e3 * min(seconds(lambda: model.predict(one)) for _ in range(5)), 1e3 * seconds(lambda: model.predict(many)), model.score(test, y_test)


def import_time(module):
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    runs = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout or "nan") for _ in range(5)]
    return statistics.median(runs)


def installed_size(distribution):
    """Megabytes of the files of an installed package, without what it depends on."""
    files = [Path(path.locate()) for path in metadata.files(distribution) or []]
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", action="store_true", help="also PyTorch through skorch, which must be installed")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, of which medians are shown (default: 3)")
    options = parser.parse_args()
    with_torch = options.torch
    warnings.simplefilter("ignore")
    print("| table | system | fit s | predict 1 row, ms | predict 100 000 rows, ms | accuracy or R² |")
    print("|---|---|---|---|---|---|")
    for name in NAMES:
        table = pd.read_csv(TABLES / f"{name}.csv.gz")
        X, y = table.drop(columns="target"), table["target"]
        task = "number" if pd.api.types.is_numeric_dtype(y) else "class"
        y = y if task == "number" else y.astype("category").cat.codes
        found = {}
        for seed in range(options.seeds):
            stratify = y if task == "class" else None
            parts = train_test_split(X, y, test_size=1 / 3, random_state=seed, stratify=stratify)
            train, test, y_train, y_test = parts
            for system, make in systems(task, with_torch).items():
                found.setdefault(system, []).append(measured(make, seed, train, test, y_train, y_test))
        for system, runs in found.items():
            fit, one, many, score = (statistics.median(values) for values in zip(*runs))
            print(f"| {name} | {system} | {fit:.2f} | {one:.2f} | {many:.0f} | {score:.3f} |", flush=True)
    for module in ["numpy", "ann", "ann._matrix", "sklearn.neural_network", *(["torch"] if with_torch else [])]:
        print(f"import {module}: {import_time(module):.3f} s")
    for distribution in ["ann-net", "scikit-learn", *(["torch"] if with_torch else [])]:
        print(f"{distribution} {metadata.version(distribution)}: {installed_size(distribution):.1f} MB installed")


if __name__ == "__main__":
    main()
