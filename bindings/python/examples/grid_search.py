"""Settings are searched on folds of the rows, in two processes.

It prints:

    best: {'hidden': (4,), 'l2': 0.001}
    accuracy on folds: 0.98...
    settings that were tried: 6
"""

from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV

from ann import AnnClassifier

X, y = make_moons(300, noise=0.2, random_state=0)
settings = {"hidden": [(), (4,), (8, 8)], "l2": [0.0, 0.001]}
search = GridSearchCV(AnnClassifier(optimizer="lbfgs", epochs=100), settings, cv=5, n_jobs=2).fit(X, y)
print("best:", search.best_params_)
print(f"accuracy on folds: {search.best_score_:.3f}")
print("settings that were tried:", len(search.cv_results_["params"]))
