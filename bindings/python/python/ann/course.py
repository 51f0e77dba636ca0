"""The interface of a course: networks with units, λ and activation functions, and what they weigh."""

import numpy as np

from ._ann import fit
from ._inputs import check_numbers, check_targets, check_two_classes, class_texts
from ._settings import integer, integers, number, text

__all__ = ["ANNClassification", "ANNRegression", "Fitted"]


class Fitted:
    """A trained network."""

    def __init__(self, core, is_classifier):
        self._core, self._is_classifier = core, is_classifier

    def predict(self, X):
        """Probabilities of the classes (n, classes), or values: (n), with several targets (n, targets)."""
        predicted = self._core.predict(_matrix("X", X), 1)
        return predicted if self._is_classifier or predicted.shape[1] > 1 else predicted[:, 0]

    def weights(self):
        """For each layer a matrix (fan_in + 1, fan_out): the weights from each input, the biases in the last row."""
        return [np.vstack([weights, biases]) for weights, biases in self._core.weights()]


class _Network:
    _RATE, _EPOCHS, _STOP = 0.3, 50_000, 1e-3

    def __init__(self, units=(10,), lambda_=0.0, activation_functions="sigmoid", learning_rate=None, epochs=None, seed=0):
        self.units, self.lambda_, self.activation_functions = units, lambda_, activation_functions
        self.learning_rate, self.epochs, self.seed = learning_rate, epochs, seed

    def _settings(self):
        units, functions = integers("units", self.units), self.activation_functions
        if isinstance(functions, str):
            functions = [functions] * len(units)
        if not isinstance(functions, (list, tuple)):
            raise ValueError(f"activation_functions={functions!r}, expected a name, or one for each hidden layer")
        if len(functions) != len(units):
            raise ValueError(f"activation_functions has {len(functions)} names for {len(units)} hidden layers")
        rate, epochs = self.learning_rate, self.epochs
        return {
            "hidden": units,
            "activation": [text("activation_functions", name) for name in functions],
            "optimizer": "descent",
            "learning_rate": self._RATE if rate is None else number("learning_rate", rate),
            "momentum": 0.9,
            "schedule": "constant",
            "batch_size": None,
            "epochs": self._EPOCHS if epochs is None else integer("epochs", epochs, 0),
            "stop_below": self._STOP,
            "l2": number("lambda_", self.lambda_),
            "weight_decay": 0.0,
            "smoothing": 0.0,
            "class_weight": None,
            "loss": "squared_error",
            "scale": "none",
            "scale_target": False,
            "validation": None,
            "patience": 1,
            "monitor": "loss",
            "gain": 1.0,
            "seed": integer("seed", self.seed, 0),
            "threads": 1,
        }


class ANNClassification(_Network):
    """Settings of a classifier; `fit` returns the trained network, whose `predict` gives probabilities.

    Parameters
    ----------
    units : sequence of int, default=(10,)
        Units of the hidden layers.
    lambda_ : float, default=0.0
        λ of the penalty λ Σ‖W‖² on weights, never on biases.
    activation_functions : str or sequence of str, default="sigmoid"
        Of all hidden layers, or a name for each.
    learning_rate : float, default=None
        η of the descent. Default 0.3.
    epochs : int, default=None
        Steps with all rows. Default 50 000. Training stops when the loss is below 0.001.
    seed : int, default=0
        Of the initial weights.

    Examples
    --------
    >>> import numpy as np
    >>> from ann.course import ANNClassification
    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> fitted = ANNClassification(units=[3], lambda_=0.0).fit(X, y)
    >>> fitted.predict(X).round()
    array([[1., 0.],
           [0., 1.],
           [0., 1.],
           [1., 0.]])
    """

    def fit(self, X, y):
        X = _matrix("X", X)
        check_targets(y, are_classes=True)
        y = np.asarray(y)
        if y.ndim != 1 or y.dtype.kind == "c" or (y.dtype.kind == "f" and not np.isfinite(y).all()):
            raise ValueError(f"y is an array of {y.dtype} with the shape {y.shape}, expected a label for each row")
        classes, indices = np.unique(y, return_inverse=True)
        check_two_classes(classes)
        names = {"features": _columns("x", X), "targets": ["class"], "classes": class_texts(classes)}
        core = fit(X, indices.astype(np.uintp), None, self._settings(), names, None, None)
        return Fitted(core, True)


class ANNRegression(_Network):
    """Settings of a regressor; `fit` returns the trained network, whose `predict` gives values.

    Parameters
    ----------
    units, lambda_, activation_functions, seed
        As in `ANNClassification`.
    learning_rate : float, default=None
        η of the descent. Default 0.1.
    epochs : int, default=None
        Steps with all rows. Default 15 000. Training stops when the loss is below 0.00001.

    Examples
    --------
    >>> import numpy as np
    >>> from ann.course import ANNRegression
    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 2, 3])
    >>> fitted = ANNRegression(units=[10], lambda_=0.0).fit(X, y)
    >>> bool((abs(fitted.predict(X) - y) < 0.01).all())
    True
    >>> [layer.shape for layer in fitted.weights()]
    [(3, 10), (11, 1)]
    """

    _RATE, _EPOCHS, _STOP = 0.1, 15_000, 1e-5

    def fit(self, X, y):
        X = _matrix("X", X)
        check_targets(y, are_classes=False)
        y = _matrix("y", y if np.ndim(y) == 2 else np.reshape(y, (-1, 1)))
        names = {"features": _columns("x", X), "targets": _columns("y", y), "classes": None}
        return Fitted(fit(X, y, None, self._settings(), names, None, None), False)


def _matrix(name, values):
    """A matrix of numbers."""
    if values is None or hasattr(values, "toarray"):
        raise TypeError(f"{name} is a {type(values).__name__}, expected a matrix of numbers")
    check_numbers(values)
    values = np.asarray(values)
    if values.dtype.kind in "cMm":
        raise TypeError(f"{name} is an array of {values.dtype}, expected real numbers")
    if values.ndim != 2:
        raise ValueError(f"{name} has the shape {values.shape}, expected a row for each sample: (samples, columns)")
    return np.require(values, dtype=np.float64, requirements="CA")


def _columns(name, matrix):
    return [f"{name}{column}" for column in range(matrix.shape[1])]
