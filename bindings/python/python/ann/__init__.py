"""Small neural networks for tables: scikit-learn estimators over a Rust engine, with checked gradients.

>>> import ann
>>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["same", "different", "different", "same"]
>>> ann.AnnClassifier(hidden=[8], random_state=1).fit(X, y).predict([[1, 0]])
array(['different'], dtype='<U9')
"""

from importlib import import_module

__version__ = "0.1.0"

# The estimators need scikit-learn, the rest does not, so everything is imported when it is first used.
_PLACES = {
    "AnnClassifier": "_matrix",
    "AnnRegressor": "_matrix",
    "TabularClassifier": "_tabular",
    "TabularRegressor": "_tabular",
    "load": "_file",
    "gradcheck": "_gradcheck",
    "GradientReport": "_gradcheck",
}

__all__ = [*_PLACES, "course"]


def __getattr__(name):
    if name == "course":
        return import_module(".course", __name__)
    if name not in _PLACES:
        raise AttributeError(f"module 'ann' has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES[name]}", __name__), name)


def __dir__():
    return sorted([*globals(), *__all__])
