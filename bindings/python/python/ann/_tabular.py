"""Models of tables with words and gaps: TabularClassifier and TabularRegressor."""

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, _check_y, _num_samples, check_array, check_consistent_length, column_or_1d

from ._ann import fit_table
from ._estimator import Estimator, in_python, validate_data, whole
from ._frames import columns, is_frame, picked, unread_names
from ._inputs import (
    aligned,
    check_rows,
    check_targets,
    check_two_classes,
    check_weights,
    class_texts,
    in_unicode,
    is_missing,
    is_scipy_sparse,
    target_names,
)
from ._matrix import _unlike
from ._notation import advice, warn_of_texts
from ._settings import class_weight, factors, flag, integer, integers, number, seconds, share, text, texts

_PARAMETERS = """
    The recipe of the program ``ann``: columns are scaled, words become inputs, gaps are filled and flagged, and several
    small networks are trained, each validated on other rows.

    Parameters
    ----------
    hidden : sequence of int, default=(64, 64)
        Units of the hidden layers; empty for a linear model.
    activation : str, default="silu"
        Of the hidden layers, as in `AnnClassifier`.
    networks : int, default=4
        Number of networks whose predictions are averaged.
    epochs : int, default=None
        Passes over the rows. Default: 64, and more for small tables.
    batch_size : int, default=64
        Rows of an update.
    learning_rate : float, default=None
        η. Default 0.04 for classes, 0.07 for numbers.
    weight_decay : float, default=0.02
        Decoupled decay of weights.
    {own}
    measure : bool, default=False
        Whether ``fit`` measures a score, the coverage of intervals and the importance of columns on rows that it holds
        out for that, and looks for leaks; see ``report_``. Takes several times as long.
    time : str, default=None
        With ``measure``: the column of times, if new rows will be later; the score is then that of the latest rows.
    budget : float, default=None
        About how many seconds ``fit`` may take.
    ignore, keep : sequence of str, default=()
        Columns that are not used; columns that are used even if they look like identifiers.
    random_state : int, RandomState or None, default=0
        Seed of initial weights and splits. The same seed gives the same bits.
    n_jobs : int, default=None
        Threads, as in joblib. The result does not depend on it.
    callback : callable, default=None
        Called after each epoch of each network with a dict; a true result ends the training. With several threads
        epochs of several networks are shown in turn. The first update has a learning rate of 0, so the first two
        epochs have the same loss if all rows are one batch.
    progress : bool, default=False
        Whether a bar is shown while training; needs tqdm.
"""


class _Tabular(Estimator):
    # Whether the model comes from a file. Such a model picks its columns from a frame by name, as the program does; one
    # that was fitted here is strict, as scikit-learn's checks want it.
    _is_loaded = False
    # The names of all columns that were learned from. A file of the program, or of an older version, has none.
    _labels = None

    def _settings(self, task, **own):
        return {
            "task": task,
            "hidden": integers("hidden", self.hidden),
            "activation": text("activation", self.activation),
            "members": integer("networks", self.networks, 1, 1000),
            "epochs": None if self.epochs is None else integer("epochs", self.epochs, 1),
            "batch_size": integer("batch_size", self.batch_size, 1),
            "learning_rate": None if self.learning_rate is None else number("learning_rate", self.learning_rate),
            "weight_decay": number("weight_decay", self.weight_decay),
            "smoothing": 0.0,
            "balanced": False,
            "class_weight": None,
            "weights": None,
            "groups": None,
            "time": None if self.time is None else text("time", self.time),
            "scoring": "auto" if flag("measure", self.measure) else "off",
            "budget": None if self.budget is None else seconds("budget", self.budget),
            "ignore": texts("ignore", self.ignore),
            "keep": texts("keep", self.keep),
            "seed": self._seed(),
            "threads": self._threads(),
            **own,
        }

    def _table(self, X, reset):
        """The columns of X, checked as scikit-learn does."""
        check_rows(X)
        if is_frame(X):
            if self._is_loaded and not reset and hasattr(self, "feature_names_in_"):
                X = picked(X, self.feature_names_in_)
            named = unread_names(X)
            validate_data(self, X if named is None else named, reset=reset, skip_check_array=True)
        else:
            X = check_array(
                _with_kinds(X),
                dtype=None,
                ensure_all_finite=False,
                ensure_min_samples=2 if reset else 1,
                estimator=type(self).__name__,
            )
            validate_data(self, X, reset=reset, skip_check_array=True)
        names = None if reset else self._labels
        if names is None:
            names = getattr(self, "feature_names_in_", [f"x{column}" for column in range(self.n_features_in_)])
        table = columns(X, in_unicode("the name of a column", names))
        if reset:
            self._labels = [name for name, _ in table]
            ignored = texts("ignore", self.ignore)
            # The level of the caller of `fit`.
            warn_of_texts([column for column in table if column[0] not in ignored], X, stacklevel=4)
        elif {name for name, _ in table} != set(map(str, names)):
            # Without names that both have, columns are in the order of the table that was learned from.
            table = [(str(name), cells) for name, (_, cells) in zip(names, table)]
        return table

    def _learn(self, table, targets, extras, settings):
        """Fit on the columns, the targets, and columns with a role: weights and groups."""
        taken = [name for name, _ in table]
        names = _unlike([name for name, _ in targets], taken)
        roles = {}
        for role, cells in extras.items():
            if cells is not None:
                (roles[role],) = _unlike([role], [*taken, *names])
                table = [*table, (roles[role], cells)]
        table = [*table, *zip(names, (cells for _, cells in targets))]
        # Otherwise the number of epochs follows from the rows, and those that are held out need fits of their own.
        epochs = self.networks * self.epochs if self.epochs is not None and not self.measure else None
        self.core_ = fit_table(table, names, {**settings, **roles}, self._callback(epochs))
        self._is_loaded = False

    def _outputs(self, X):
        core, table = self._core, self._table(X, reset=False)
        try:
            return core.predict_table(table)
        except ValueError as error:
            raise ValueError(f"{error}{advice(str(error), X)}") from None

    def _columns(self, X, y):
        return [*self._table(X, reset=False), *self._wanted(y, _num_samples(X))]

    @property
    def report_(self):
        """The report on the fit, in words: what was used and left out, and how good the model is if ``measure``."""
        report = self._core.report
        return None if report is None else in_python(report)

    def _adopt(self, core, kept):
        self._is_loaded = True
        return super()._adopt(core, kept)

    def _adopt_program(self, core):
        self.core_ = core
        self._is_loaded = True
        self.feature_names_in_ = np.array(core.features, dtype=object)
        self.n_features_in_ = len(core.features)
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class TabularClassifier(ClassifierMixin, _Tabular):
    __doc__ = (
        """Classes from tables with numbers, words, dates and gaps.
"""
        + _PARAMETERS.format(
            own="""smoothing : float, default=0.1
        ε of label smoothing, from 0 to below 1.
    class_weight : dict, "balanced" or None, default=None
        Factors of the classes in the loss."""
        )
        + """
    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    history_, findings_, report_
        How the training went.

    Examples
    --------
    >>> import pandas as pd
    >>> from ann import TabularClassifier
    >>> X = pd.DataFrame({"size": [1.0, 2.0, None, 8.0, 9.0, 7.5] * 9, "color": ["red", "blue", "red"] * 18})
    >>> y = ["small", "small", "small", "large", "large", "large"] * 9
    >>> TabularClassifier().fit(X, y).predict(X[:1])
    array(['small'], dtype='<U5')
    """
    )

    def __init__(
        self,
        hidden=(64, 64),
        activation="silu",
        *,
        networks=4,
        epochs=None,
        batch_size=64,
        learning_rate=None,
        weight_decay=0.02,
        smoothing=0.1,
        class_weight=None,
        measure=False,
        time=None,
        budget=None,
        ignore=(),
        keep=(),
        random_state=0,
        n_jobs=None,
        callback=None,
        progress=False,
    ):
        self.hidden = hidden
        self.activation = activation
        self.networks = networks
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.smoothing = smoothing
        self.class_weight = class_weight
        self.measure = measure
        self.time = time
        self.budget = budget
        self.ignore = ignore
        self.keep = keep
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback
        self.progress = progress

    @whole
    def fit(self, X, y, sample_weight=None, groups=None):
        """Learn the classes of rows.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Numbers, words, dates and booleans; cells may be missing. Categories are words, even if they are numbers.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss and in the choice of the epoch.
        groups : array-like of shape (n_samples,), default=None
            Rows of a group stay together when rows are held out.

        Returns
        -------
        self
        """
        table = self._table(X, reset=True)
        check_targets(y, are_classes=True)
        (name,) = target_names(y, 1, "class")
        y = column_or_1d(_array(y), warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        check_two_classes(self.classes_)
        words = class_texts(self.classes_)
        weight = class_weight(self.class_weight)
        of_classes = None
        if isinstance(weight, dict):
            of_classes = list(zip(words, factors(weight, self.classes_.tolist())))
        smoothing = number("smoothing", self.smoothing)
        settings = self._settings(
            "classification", smoothing=smoothing, balanced=weight == "balanced", class_weight=of_classes
        )
        targets = [(name, [words[index] for index in indices])]
        self._learn(table, targets, _extras(X, sample_weight, groups), settings)
        # Without the rows of weight 0 there may be fewer classes.
        known = set(self.core_.classes)
        self.classes_ = self.classes_[[word in known for word in words]]
        return self

    def predict(self, X):
        """Return the most probable class of each row.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        core = self._core
        place = {word: place for place, word in enumerate(core.classes)}
        return self._outputs(X)[:, [place[word] for word in class_texts(self.classes_)]]

    def predict_set(self, X, coverage=0.9):
        """Return the classes that are not ruled out: sets that contain the truth with this probability.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        coverage : float, default=0.9
            Above 0 and below 1.

        Returns
        -------
        ndarray of bool of shape (n_samples, n_classes)
            The most probable class is in each set.
        """
        probabilities = self.predict_proba(X)
        most = self._core.half_widths(share("coverage", coverage))
        if most is None:
            raise ValueError("the model knows no held-out rows, from which sets come")
        sets = 1.0 - probabilities <= most[0]
        sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
        return sets

    def _adopt_program(self, core):
        self.classes_ = np.array(core.classes)
        return super()._adopt_program(core)


class TabularRegressor(RegressorMixin, _Tabular):
    __doc__ = (
        """Numbers from tables with numbers, words, dates and gaps.
"""
        + _PARAMETERS.format(own="")
        + """
    Attributes
    ----------
    history_, findings_, report_
        How the training went.

    Examples
    --------
    >>> import numpy as np
    >>> from ann import TabularRegressor
    >>> X = np.linspace(0, 6, 200).reshape(-1, 1)
    >>> model = TabularRegressor().fit(X, X[:, 0] ** 2)
    >>> low, high = model.predict_interval([[3.0]])[0]
    >>> bool(low < 9 < high)
    True
    """
    )

    def __init__(
        self,
        hidden=(64, 64),
        activation="silu",
        *,
        networks=4,
        epochs=None,
        batch_size=64,
        learning_rate=None,
        weight_decay=0.02,
        measure=False,
        time=None,
        budget=None,
        ignore=(),
        keep=(),
        random_state=0,
        n_jobs=None,
        callback=None,
        progress=False,
    ):
        self.hidden = hidden
        self.activation = activation
        self.networks = networks
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.measure = measure
        self.time = time
        self.budget = budget
        self.ignore = ignore
        self.keep = keep
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback
        self.progress = progress

    @whole
    def fit(self, X, y, sample_weight=None, groups=None):
        """Learn the numbers of rows.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Numbers, words, dates and booleans; cells may be missing. Categories are words, even if they are numbers.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss and in the choice of the epoch.
        groups : array-like of shape (n_samples,), default=None
            Rows of a group stay together when rows are held out.

        Returns
        -------
        self
        """
        table = self._table(X, reset=True)
        check_targets(y, are_classes=False)
        values = _check_y(_array(y), multi_output=True, y_numeric=True, estimator=self).astype(np.float64)
        check_consistent_length(X, values)
        if not np.isfinite(values).all():
            raise ValueError("Input y contains infinity: expected finite numbers")
        self._flat = values.ndim == 1
        values = values.reshape(len(values), -1)
        names = target_names(y, values.shape[1], "y")
        targets = [(name, np.ascontiguousarray(values[:, column])) for column, name in enumerate(names)]
        self._learn(table, targets, _extras(X, sample_weight, groups), self._settings("regression"))
        return self

    def predict(self, X):
        """Return the numbers of each row, inside the range of those that were learned.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

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
        X : data frame or array-like of shape (n_samples, n_features)
        coverage : float, default=0.9
            Above 0 and below 1.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper ends. They are infinite if there were too few rows to say.
        """
        values = self._outputs(X)
        half = self._core.half_widths(share("coverage", coverage))
        if half is None:
            raise ValueError("the model knows no held-out rows, from which intervals come")
        intervals = np.stack([values - half, values + half], axis=-1)
        return intervals[:, 0] if self._flat else intervals

    def _adopt_program(self, core):
        self._flat = len(core.targets) == 1
        return super()._adopt_program(core)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _extras(X, sample_weight, groups):
    """The cells of weights and groups, if there are any."""
    if sample_weight is not None:
        check_weights(sample_weight)
        rows = np.empty((_num_samples(X), 1))
        sample_weight = aligned(_check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True))
    if groups is not None:
        groups = _array(groups)
        if is_scipy_sparse(groups) or np.ma.is_masked(groups):
            raise TypeError(f"groups is a {type(groups).__name__}, expected an array with a group for each row")
        groups = np.asarray(groups)
        if groups.ndim != 1:
            raise ValueError(f"groups is an array of the shape {groups.shape}, expected a group for each row")
        check_consistent_length(X, groups)
        # Rows without a group would be one group.
        gap = next((row for row, group in enumerate(groups) if is_missing(group)), None)
        if gap is not None:
            raise ValueError(f"groups: that of row {gap} is missing; leave out such rows, or make each row a group")
        groups = in_unicode("a group", groups)
    return {"weights": sample_weight, "groups": groups}


def _with_kinds(X):
    """Rows of a list as an array of objects, if some cells are texts: NumPy would make texts of the numbers, too."""
    if isinstance(X, (list, tuple)) and any(
        isinstance(cell, str) for row in X if isinstance(row, (list, tuple)) for cell in row
    ):
        widths = {len(row) if isinstance(row, (list, tuple)) else None for row in X}
        if len(widths) == 1 and None not in widths:
            return np.array([list(row) for row in X], dtype=object)
    return X


def _array(y):
    """Targets as an array; a series of any library is one."""
    return y.to_numpy() if hasattr(y, "to_numpy") else y
