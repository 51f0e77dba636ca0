"""Many models are trained on the workers of a Dask cluster: for the groups of a table, and in a grid search.

It prints:

    a model of each shop: 6 models, the same as one after the other
    a grid search: 12 scores and the best model, the same as in one process
"""

import tempfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from ann import AnnRegressor, TabularRegressor


def main():
    # Instead of a cluster on this machine, `Client` takes the address of any other.
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        table = sales()
        train_a_model_of_each_shop(client, table)
        search_a_grid(table)


def train_a_model_of_each_shop(client, table):
    shops = [rows for _, rows in table.groupby("shop")]
    # One thread for each model: the workers already use all processors.
    estimator = TabularRegressor(networks=2, epochs=20)
    together = client.gather(client.map(lambda rows: fit(estimator, rows), shops))
    assert [bits(model) for model in together] == [bits(fit(estimator, rows)) for rows in shops]
    print(f"a model of each shop: {len(together)} models, the same as one after the other")


def search_a_grid(table):
    X, y = table[["temperature"]].to_numpy(), table["sold"].to_numpy()
    settings = {"hidden": [(4,), (8, 4)], "l2": [0.0, 0.001]}
    search = GridSearchCV(AnnRegressor(epochs=20), settings, cv=3)
    serial = clone(search).fit(X, y)
    # Within this block scikit-learn sends its fits to the workers.
    with joblib.parallel_config(backend="dask"):
        parallel = clone(search).fit(X, y)
    scores = [f"split{fold}_test_score" for fold in range(3)]
    assert all(np.array_equal(parallel.cv_results_[fold], serial.cv_results_[fold]) for fold in scores)
    assert bits(parallel.best_estimator_) == bits(serial.best_estimator_)
    print(f"a grid search: {3 * len(parallel.cv_results_['params'])} scores and the best model, the same as in one process")


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


# Workers import this file.
if __name__ == "__main__":
    main()
