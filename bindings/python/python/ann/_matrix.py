"""Networks of matrices of numbers: AnnClassifier and AnnRegressor."""

import numpy as np

from ._ann import fit, partial_fit
from ._estimator import Estimator, validate_data, whole
from ._frames import unread_names
from ._inputs import (
    TABULAR,
    aligned,
    check_numbers,
    check_targets,
    check_two_classes,
    check_weights,
    class_texts,
    in_unicode,
    plain,
    target_names,
)
from ._settings import class_weight, factors, flag, integer, integers, number, share, text

from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_array, check_X_y, column_or_1d

_PARAMETERS = """
    Parameters
    ----------
    hidden : sequence of int, default=(64,)
        Units of the hidden layers, first to last; empty for a linear model.
    activation : str, default="silu"
        Of the hidden layers: "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "silu",
        "mish" or "gelu".
    optimizer : str, default="adam"
        "adam", "descent", "momentum", "nesterov" or "rprop"; for all rows at once also "lbfgs" and, with squared
        errors, "levenberg_marquardt".
    learning_rate : float, default=None
        η. Default 0.01 with Adam and Rprop (0.02 with Adam and all rows at once), 0.1 with the others. No effect
        with "lbfgs" and "levenberg_marquardt".
    momentum : float, default=0.9
        μ of "momentum" and "nesterov".
    schedule : str, default="cosine"
        How η changes: "constant", "cosine", "exponential" or "one_cycle". No effect in ``partial_fit``.
    batch_size : int, None or "auto", default="auto"
        Rows of an update. None: all rows. "auto": all rows if there are at most 256, otherwise 64.
    epochs : int, default=200
        Passes over the rows.
    stop_below : float, default=None
        Stop as soon as the mean loss, without penalty, is below this.
    l2 : float, default=0.0
        λ of the penalty λ Σ‖W‖² on weights, never on biases.
    weight_decay : float, default={decay}
        Decoupled decay of weights, as in AdamW. No effect with other optimizers than "adam".
    scale : {{"standard", "robust", "none"}}, default="standard"
        How columns are scaled for training. The fitted network reads raw rows all the same. No effect in
        ``partial_fit``.
    validation : float, default=None
        Share of the rows that are held out and choose the epoch whose network is kept.
    patience : int, default=20
        With ``validation``: number of epochs without a better network after which training stops.
    {own}
    gain : float, default=1.0
        Gain of the initial weights (Xavier normal).
    precision : {{"auto", "float32", "float64"}}, default="auto"
        "auto": that of X if it is one of these, otherwise "float64".
    warm_start : bool, default=False
        Whether ``fit`` goes on with the network of the last ``fit``.
    random_state : int, RandomState or None, default=0
        Seed of initial weights, batches and validation rows. The same seed gives the same bits.
    n_jobs : int, default=None
        Threads, as in joblib. The result does not depend on it.
    callback : callable, default=None
        Called after each epoch with a dict of ``epoch``, ``loss`` and what else is known. A true result ends the
        training.
    progress : bool, default=False
        Whether a bar is shown while training; needs tqdm.
"""


class _Matrix(Estimator):
    def _settings(self, rows, **own):
        batch = self.batch_size
        if isinstance(batch, str) and batch == "auto":
            batch = None if rows <= 256 else 64
        optimizer = text("optimizer", self.optimizer)
        if optimizer in ("lbfgs", "levenberg_marquardt"):
            batch = None
        rates = {"adam": 0.02 if batch is None else 0.01, "rprop": 0.01}
        rate = rates.get(optimizer, 0.1) if self.learning_rate is None else self.learning_rate
        return {
            "hidden": integers("hidden", self.hidden),
            "activation": text("activation", self.activation),
            "optimizer": optimizer,
            "learning_rate": number("learning_rate", rate),
            "momentum": number("momentum", self.momentum),
            "schedule": text("schedule", self.schedule),
            "batch_size": None if batch is None else integer("batch_size", batch, 1),
            "epochs": integer("epochs", self.epochs, 1),
            "stop_below": -np.inf if self.stop_below is None else number("stop_below", self.stop_below),
            "l2": number("l2", self.l2),
            "weight_decay": number("weight_decay", self.weight_decay),
            "smoothing": 0.0,
            "class_weight": None,
            "loss": "squared_error",
            "scale": text("scale", self.scale),
            "scale_target": False,
            "validation": None if self.validation is None else share("validation", self.validation),
            "patience": integer("patience", self.patience, 1),
            "monitor": "loss",
            "gain": number("gain", self.gain),
            "seed": self._seed(),
            "threads": self._threads(),
            **own,
        }

    def _dtypes(self):
        precision = text("precision", self.precision)
        if precision == "auto":
            return [np.float64, np.float32]
        if precision in ("float32", "float64"):
            return np.dtype(precision)
        raise ValueError(f"precision={self.precision!r}, expected 'auto', 'float32' or 'float64'")

    def _names(self, targets, classes=None):
        features = getattr(self, "feature_names_in_", None)
        if features is None:
            features = [f"x{column}" for column in range(self.n_features_in_)]
        classes = None if classes is None else class_texts(classes)
        return {
            "features": in_unicode("the name of a column", features),
            "targets": in_unicode("the name of a target", _unlike(targets, features)),
            "classes": classes,
        }

    def _columns(self, X, y):
        """Rows and their targets as the columns of a table."""
        X = self._numbers(X, reset=False, dtype=np.float64)
        columns = [(name, np.ascontiguousarray(X[:, place])) for place, name in enumerate(self._core.features)]
        return [*columns, *self._wanted(y, len(X))]

    def _numbers(self, X, *y, **options):
        """What scikit-learn's check makes of X, and of y if it is given."""
        check_numbers(X)
        named = unread_names(X)
        try:
            if named is None:
                checked = validate_data(self, X, *y, **options)
            else:
                validate_data(self, named, reset=options.pop("reset", True), skip_check_array=True)
                check = check_X_y if y else check_array
                checked = check(X, *y, estimator=self, **options)
            return tuple(map(aligned, checked)) if y else aligned(checked)
        except OverflowError:
            raise ValueError("X or y holds a whole number that is too large for a float") from None
        except ValueError as error:
            if str(error).startswith("Input X contains NaN"):
                raise ValueError(f"X contains NaN or other missing cells: fill them; {TABULAR}") from None
            raise

    def _start(self):
        return getattr(self, "core_", None) if flag("warm_start", self.warm_start) else None

    def _outputs(self, X):
        core = self._core
        X = self._numbers(X, reset=False, dtype=np.dtype(core.precision))
        return core.predict(X, self._threads())

    @property
    def n_iter_(self):
        """Number of epochs that were trained."""
        return max(1, len(self._core.curves()[0]["loss"]) - 1)

    @property
    def loss_curve_(self):
        """The mean loss of the training rows in each epoch, and of the fitted network."""
        return self._core.curves()[0]["loss"]

    @property
    def coefs_(self):
        """The weights of each layer: (fan_in, fan_out)."""
        return [weights for weights, _ in self._core.weights()]

    @property
    def intercepts_(self):
        """The biases of each layer."""
        return [biases for _, biases in self._core.weights()]


class AnnClassifier(ClassifierMixin, _Matrix):
    __doc__ = (
        """A network that tells classes apart.
"""
        + _PARAMETERS.format(
            decay="0.2",
            own="""smoothing : float, default=0.0
        ε of label smoothing, from 0 to below 1.
    class_weight : dict, "balanced" or None, default=None
        Factors of the classes in the loss."""
        )
        + """
    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    history_, loss_curve_, n_iter_, findings_
        How the training went.
    coefs_, intercepts_
        The weights and biases of each layer.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from ann import AnnClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> AnnClassifier(hidden=[5]).fit(X, y).score(X, y) > 0.95
    True
    """
    )

    def __init__(
        self,
        hidden=(64,),
        activation="silu",
        *,
        optimizer="adam",
        learning_rate=None,
        momentum=0.9,
        schedule="cosine",
        batch_size="auto",
        epochs=200,
        stop_below=None,
        l2=0.0,
        weight_decay=0.2,
        scale="standard",
        validation=None,
        patience=20,
        smoothing=0.0,
        class_weight=None,
        gain=1.0,
        precision="auto",
        warm_start=False,
        random_state=0,
        n_jobs=None,
        callback=None,
        progress=False,
    ):
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.stop_below = stop_below
        self.l2 = l2
        self.weight_decay = weight_decay
        self.scale = scale
        self.validation = validation
        self.patience = patience
        self.smoothing = smoothing
        self.class_weight = class_weight
        self.gain = gain
        self.precision = precision
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback
        self.progress = progress

    @whole
    def fit(self, X, y, sample_weight=None):
        """Learn the classes of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers, none of them missing.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            A weight of 2 counts as two equal rows, one of 0 as no row.

        Returns
        -------
        self
        """
        targets = target_names(y, 1, "class")
        X, y, weights = self._rows(X, y, sample_weight)
        classes = np.unique(y if weights is None else y[weights > 0])
        check_two_classes(classes)
        start = self._start()
        if start is not None and not np.array_equal(self.classes_, classes):
            raise ValueError(f"warm_start: y has the classes {classes}, those before were {self.classes_}")
        self.classes_ = classes
        # Rows of weight 0 may have a label that is no class.
        indices = np.minimum(np.searchsorted(classes, y), len(classes) - 1).astype(np.uintp)
        settings = self._settings(len(X), **self._own(indices, weights))
        names = self._names(targets, classes)
        self.core_ = fit(X, indices, weights, settings, names, start, self._callback(self.epochs))
        return self

    @whole
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one more epoch, on these rows. The optimizer goes on with its memory.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers, none of them missing, of columns with similar ranges: they are not scaled here.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels. Needed in the first call, unless ``fit`` was called before.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self
        """
        is_first = not hasattr(self, "core_")
        if is_first and classes is None:
            raise ValueError("the first call of partial_fit needs classes: all labels that there will be")
        if classes is not None and not is_first and not np.array_equal(self.classes_, np.unique(classes)):
            raise ValueError(f"classes={classes!r}, those of the first call were {self.classes_}")
        targets = target_names(y, 1, "class") if is_first else self.core_.targets
        X, y, weights = self._rows(X, y, sample_weight, reset=is_first)
        if is_first:
            check_targets(classes, are_classes=True)
            self.classes_ = np.unique(column_or_1d(classes))
            check_two_classes(self.classes_, "classes")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y has the label {plain(unknown[0])!r}, which is none of the classes {self.classes_}")
        indices = np.searchsorted(self.classes_, y).astype(np.uintp)
        settings = self._settings(len(X), **self._own(indices, weights))
        names = self._names(targets, self.classes_)
        self.core_ = partial_fit(X, indices, weights, settings, names, getattr(self, "core_", None))
        return self

    def predict(self, X):
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        probabilities = self._outputs(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        return self._outputs(X)

    def predict_log_proba(self, X):
        """Return the logarithms of ``predict_proba``."""
        return np.log(self._outputs(X))

    def _rows(self, X, y, sample_weight, reset=True):
        check_targets(y, are_classes=True)
        dtype = self._dtypes() if reset else np.dtype(self.core_.precision)
        X, y = self._numbers(X, y, dtype=dtype, reset=reset)
        check_classification_targets(y)
        if sample_weight is not None:
            check_weights(sample_weight)
            sample_weight = aligned(_check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True))
        return X, y, sample_weight

    def _own(self, indices, weights):
        """The settings that only a classifier has."""
        weight = class_weight(self.class_weight)
        if isinstance(weight, dict):
            weight = factors(weight, self.classes_.tolist())
        elif weight == "balanced":
            counts = np.bincount(indices, weights=weights, minlength=len(self.classes_))
            weight = (counts.sum() / (np.count_nonzero(counts) * np.where(counts > 0, counts, np.inf))).tolist()
        return {"smoothing": number("smoothing", self.smoothing), "class_weight": weight}


class AnnRegressor(RegressorMixin, _Matrix):
    __doc__ = (
        """A network that predicts numbers.
"""
        + _PARAMETERS.format(
            decay="0.02",
            own="""loss : {"squared_error", "absolute_error", "huber", "poisson"}, default="squared_error"
        What is minimised. "poisson" is for counts: the logarithm of the rate is linear in the last layer.
    scale_target : bool, default=True
        Whether the targets are standardised for training. Predictions have the unit of y all the same."""
        )
        + """
    Attributes
    ----------
    history_, loss_curve_, n_iter_, findings_
        How the training went. Losses are those of standardised targets.
    coefs_, intercepts_
        The weights and biases of each layer.

    Examples
    --------
    >>> import numpy as np
    >>> from ann import AnnRegressor
    >>> X = np.linspace(0, 6, 100).reshape(-1, 1)
    >>> model = AnnRegressor(epochs=500).fit(X, np.sin(X[:, 0]))
    >>> float(model.predict([[np.pi / 2]])[0].round(1))
    1.0
    """
    )

    def __init__(
        self,
        hidden=(64,),
        activation="silu",
        *,
        optimizer="adam",
        learning_rate=None,
        momentum=0.9,
        schedule="cosine",
        batch_size="auto",
        epochs=200,
        stop_below=None,
        l2=0.0,
        weight_decay=0.02,
        scale="standard",
        validation=None,
        patience=20,
        loss="squared_error",
        scale_target=True,
        gain=1.0,
        precision="auto",
        warm_start=False,
        random_state=0,
        n_jobs=None,
        callback=None,
        progress=False,
    ):
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.stop_below = stop_below
        self.l2 = l2
        self.weight_decay = weight_decay
        self.scale = scale
        self.validation = validation
        self.patience = patience
        self.loss = loss
        self.scale_target = scale_target
        self.gain = gain
        self.precision = precision
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback
        self.progress = progress

    @whole
    def fit(self, X, y, sample_weight=None):
        """Learn the numbers of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers, none of them missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        sample_weight : array-like of shape (n_samples,), default=None
            A weight of 2 counts as two equal rows, one of 0 as no row.

        Returns
        -------
        self
        """
        X, values, weights = self._rows(X, y, sample_weight)
        # The rate of a Poisson distribution has a unit that may not change.
        scale_target = flag("scale_target", self.scale_target) and self.loss != "poisson"
        settings = self._settings(len(X), loss=text("loss", self.loss), scale_target=scale_target)
        names = self._names(target_names(y, values.shape[1], "y"))
        self.core_ = fit(X, values, weights, settings, names, self._start(), self._callback(self.epochs))
        return self

    @whole
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch, on these rows. The optimizer goes on with its memory.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers, none of them missing, of columns with similar ranges: they are not scaled here.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers, which are not scaled either.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self
        """
        start = getattr(self, "core_", None)
        X, values, weights = self._rows(X, y, sample_weight, reset=start is None)
        settings = self._settings(len(X), loss=text("loss", self.loss))
        count = values.shape[1]
        are_known = start is not None and len(start.targets) == count
        names = self._names(start.targets if are_known else target_names(y, count, "y"))
        self.core_ = partial_fit(X, values, weights, settings, names, start)
        return self

    def predict(self, X):
        """Return the numbers of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        values = self._outputs(X)
        return values[:, 0] if self._flat else values

    def predict_interval(self, X, coverage=0.9):
        """Return intervals that contain the truth with this probability (split-conformal prediction).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        coverage : float, default=0.9
            Above 0 and below 1.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper ends. They are infinite if too few rows were held out to say.
        """
        values = self._outputs(X)
        half = self._core.half_widths(share("coverage", coverage))
        if half is None:
            raise ValueError("intervals come from rows that were held out: fit with validation=0.2, for example")
        intervals = np.stack([values - half, values + half], axis=-1)
        return intervals[:, 0] if self._flat else intervals

    def _rows(self, X, y, sample_weight, reset=True):
        check_targets(y, are_classes=False)
        dtype = self._dtypes() if reset else np.dtype(self.core_.precision)
        X, y = self._numbers(X, y, dtype=dtype, multi_output=True, y_numeric=True, reset=reset)
        self._flat = y.ndim == 1
        y = np.ascontiguousarray(y.reshape(len(y), -1), dtype=X.dtype)
        if sample_weight is not None:
            check_weights(sample_weight)
            sample_weight = aligned(_check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True))
        return X, y, sample_weight

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _unlike(names, others):
    """The names, with underscores where a column of X has the name already."""
    others = set(map(str, others))
    while others.intersection(names):
        names = [f"{name}_" for name in names]
    return names
