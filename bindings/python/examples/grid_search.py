"""Settings are searched on folds of the rows, in two processes.

It prints:

    best: {'hidden': (...), 'l2': ...}
    accuracy on folds: 0.9...
    settings that were tried: 6
"""

from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from ann import AnnClassifier

X, y = load_iris(return_X_y=True)
settings = {"hidden": [(), (5,), (8, 8)], "l2": [0.0, 0.01]}
search = GridSearchCV(AnnClassifier(optimizer="lbfgs", epochs=100), settings, cv=5, n_jobs=2).fit(X, y)
print("best:", search.best_params_)
print(f"accuracy on folds: {search.best_score_:.3f}")
print("settings that were tried:", len(search.cv_results_["params"]))
