"""Many models are trained in processes of joblib: for the groups of a table, and in a grid search.

It prints:

    a model of each shop: 6 models, the same as one after the other
    a grid search: 12 scores and the best model, the same as in one process
"""

import tempfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from ann import AnnRegressor, TabularRegressor


def sales(shops=6, days=120):
    """What each shop sold on each day, by weather and temperature."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "shop": np.repeat([f"shop {number}" for number in range(1, shops + 1)], days),
        "temperature": rng.normal(15, 8, shops * days),
        "weather": rng.choice(["sun", "clouds", "rain"], shops * days),
    })
    busy = np.repeat(rng.uniform(50, 150, shops), days)
    table["sold"] = busy + 2 * table["temperature"] - 20 * (table["weather"] == "rain") + rng.normal(0, 5, len(table))
    return table


def fit(estimator, rows):
    return clone(estimator).fit(rows[["temperature", "weather"]], rows["sold"])


def bits(model):
    """The content of the model's file. Equal contents are equal models."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.ann"
        model.save(path)
        return path.read_bytes()


table = sales()
shops = [rows for _, rows in table.groupby("shop")]
# One thread for each model: the processes already use all processors.
estimator = TabularRegressor(networks=2, epochs=20)

one_by_one = [fit(estimator, rows) for rows in shops]
together = joblib.Parallel(n_jobs=2)(joblib.delayed(fit)(estimator, rows) for rows in shops)
assert [bits(model) for model in together] == [bits(model) for model in one_by_one]
print(f"a model of each shop: {len(together)} models, the same as one after the other")

X, y = table[["temperature"]].to_numpy(), table["sold"].to_numpy()
settings = {"hidden": [(4,), (8, 4)], "l2": [0.0, 0.001]}
serial, parallel = (
    GridSearchCV(AnnRegressor(epochs=20), settings, cv=3, n_jobs=n_jobs).fit(X, y) for n_jobs in (None, 2)
)
scores = [f"split{fold}_test_score" for fold in range(3)]
assert all(np.array_equal(parallel.cv_results_[fold], serial.cv_results_[fold]) for fold in scores)
assert bits(parallel.best_estimator_) == bits(serial.best_estimator_)
print(f"a grid search: {3 * len(parallel.cv_results_['params'])} scores and the best model, the same as in one process")
