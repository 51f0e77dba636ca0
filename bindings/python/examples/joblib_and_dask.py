"""Folds are trained at the same time: in processes of joblib, and on workers of Dask. The scores are the same.

It prints:

    one after the other: [0.83 0.93 0.93 0.87 1.  ]
    joblib: the same
    Dask: the same
"""

import joblib
import numpy as np
from distributed import Client, LocalCluster
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score

from ann import AnnClassifier


def main():
    X, y = load_iris(return_X_y=True)
    model = AnnClassifier(hidden=[8], epochs=50)
    scores = cross_val_score(model, X, y, cv=5)
    print("one after the other:", scores.round(2))
    with joblib.parallel_config(backend="loky", n_jobs=2):
        print("joblib:", same(cross_val_score(model, X, y, cv=5), scores))
    # Instead of LocalCluster, the address of a cluster.
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        print("Dask:", same(cross_val_score(model, X, y, cv=5), scores))


def same(left, right):
    assert np.array_equal(left, right)
    return "the same"


# Workers import this file.
if __name__ == "__main__":
    main()
