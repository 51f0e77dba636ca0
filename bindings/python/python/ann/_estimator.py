"""What all estimators share: threads, seeds, progress, files and pictures."""

import json
import math
import numbers
import os
from functools import wraps

import numpy as np

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import (
        check_array,
        check_consistent_length,
        check_is_fitted,
        column_or_1d,
        validate_data,
    )
except ImportError as error:
    raise ImportError("the estimators of ann need scikit-learn 1.6 or newer: pip install 'ann-net[sklearn]'") from error

from . import _html
from ._ann import Core
from ._inputs import check_rows, check_targets, in_unicode, is_scipy_sparse, plain
from ._settings import callback, flag

__all__ = ["Estimator", "check_is_fitted", "validate_data", "whole"]

_ROWS_OF_A_CHECK = 64


def whole(method):
    """A fit that is done as a whole or not at all: if it fails, or is interrupted, the estimator is as it was before.

    Threads that predict while it runs see the model of before, and so does a callback.
    """

    @wraps(method)
    def fitted(self, *arguments, **options):
        draft = object.__new__(type(self))
        vars(draft).update(vars(self))
        method(draft, *arguments, **options)
        kept = {name: value for name, value in vars(self).items() if name not in self._FITTED}
        new = {name: value for name, value in vars(draft).items() if name in self._FITTED}
        self.__dict__ = {**kept, **new}
        return self

    return fitted


class Estimator(BaseEstimator):
    """An estimator around a `Core`, the fitted model in Rust."""

    # Fitted attributes that are neither parameters nor in the model's file.
    _KEPT = ("n_features_in_", "feature_names_in_", "classes_", "_flat", "_labels")
    # All that a fit makes.
    _FITTED = (*_KEPT, "core_", "_is_loaded")

    @property
    def _core(self):
        check_is_fitted(self, "core_")
        return self.core_

    @property
    def history_(self):
        """A dict for each network: ``loss``, ``accuracy``, ``validation_loss`` by epoch, and ``best_epoch``."""
        return self._core.curves()

    @property
    def findings_(self):
        """What is remarkable about the training, in words; empty if all looks well."""
        return [in_python(finding) for finding in self._core.findings]

    def save(self, path):
        """Write the model into an ``.ann`` file, which the program ``ann`` reads, too.

        Parameters
        ----------
        path : str or path-like
            A file that exists is replaced as soon as the new one is complete.
        """
        self._with_provenance().save(os.fsdecode(path))

    def check_gradient(self, X, y):
        """Check the gradients of the networks on rows, as ``ann check`` does.

        Parameters
        ----------
        X : as in ``fit``
            A few rows are enough; of more than 64 the first 64 are used.
        y : as in ``fit``

        Returns
        -------
        GradientReport
        """
        from ._gradcheck import GradientReport

        core = self._core
        check_rows(X)
        check_targets(y, are_classes=core.classes is not None)
        check_consistent_length(X, y)
        columns = self._columns(_first_rows("X", X), _first_rows("y", y))
        return GradientReport(*core.check_gradient(columns, self._threads()))

    def _wanted(self, y, rows):
        """Targets as columns, for a check of the gradients."""
        core = self._core
        y = y.to_numpy() if hasattr(y, "to_numpy") else y
        if core.classes is not None:
            labels = column_or_1d(y)
            known = set(self.classes_.tolist())
            unknown = next((label for label in labels.tolist() if label not in known), None)
            if unknown is not None:
                raise ValueError(f"y has the label {plain(unknown)!r}, which is none of the classes {self.classes_}")
            return [(core.targets[0], in_unicode("a label", labels))]
        values = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", estimator=self).reshape(rows, -1)
        if values.shape[1] != len(core.targets):
            raise ValueError(f"y has {values.shape[1]} columns, expected {len(core.targets)} as in fit")
        return [(name, np.ascontiguousarray(values[:, place])) for place, name in enumerate(core.targets)]

    def to_onnx(self):
        """Return the model as the bytes of an ONNX graph, with one input for each column.

        Returns
        -------
        bytes
            For ``onnxruntime.InferenceSession`` or a file.
        """
        return self._core.to_onnx()

    def _with_provenance(self):
        """The model, whose file says how it was made, so that `ann.load` makes the same estimator."""
        core = self._core
        provenance = json.loads(core.provenance) or {}
        provenance["python"] = {
            "estimator": type(self).__name__,
            "parameters": dict(self._plain_parameters()),
            "kept": {name: _encoded(getattr(self, name)) for name in self._KEPT if hasattr(self, name)},
        }
        return core.with_provenance(json.dumps(provenance))

    def _plain_parameters(self):
        """Names and values of the parameters that can be in a file: all but functions and generators of numbers."""
        for name, value in self.get_params(deep=False).items():
            try:
                yield name, _as_json(value)
            except TypeError:
                pass

    def _adopt(self, core, kept):
        """Become the estimator of a file."""
        self.core_ = core
        for name, value in kept.items():
            setattr(self, name, _decoded(value))
        return self

    def __getstate__(self):
        state = dict(super().__getstate__())
        core = state.pop("core_", None)
        if core is not None:
            state["_pickled"] = core.__getstate__()
        return state

    def __setstate__(self, state):
        state = dict(state)
        pickled = state.pop("_pickled", None)
        super().__setstate__(state)
        if pickled is not None:
            self.core_ = Core.from_state(*pickled)

    def _seed(self):
        seed = self.random_state
        if isinstance(seed, numbers.Integral) and not isinstance(seed, bool):
            if 0 <= seed < 2**64:
                return int(seed)
        else:
            try:
                return int(check_random_state(seed).randint(np.iinfo(np.int32).max))
            except ValueError:
                pass
        raise ValueError(
            f"random_state={seed!r}, expected a whole number from 0 to 2**64 - 1, a numpy.random.RandomState or None"
        )

    def _threads(self):
        jobs = self.n_jobs
        if jobs is None:
            return 1
        if not isinstance(jobs, numbers.Integral) or isinstance(jobs, bool) or jobs == 0 or jobs > 1024:
            raise ValueError(f"n_jobs={jobs!r}, expected a whole number from 1 to 1024, -1 for all processors, or None")
        if jobs == 1:
            return 1
        import joblib

        return min(joblib.effective_n_jobs(int(jobs)), 1024)

    def _callback(self, epochs):
        """What is called after each epoch: the bar of progress and the user's function."""
        user = callback(self.callback)
        if not flag("progress", self.progress):
            return user
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError("progress=True needs tqdm: pip install tqdm") from error
        bar = tqdm(total=epochs, unit="epoch")

        def show(record):
            bar.set_postfix({name: value for name, value in record.items() if name.endswith("loss")}, refresh=False)
            bar.update(1)
            return user(record) if user is not None else False

        return show

    def _repr_html_inner(self):
        return super()._repr_html_inner() + (_html.curves(self) if hasattr(self, "core_") else "")


def in_python(text):
    """A text of the engine with the settings of this package."""
    return text.replace("Recipe::linear", "hidden=()").replace("`Scaling::Standard`", 'scale="standard"')


def _first_rows(name, rows):
    """As many rows as a check needs."""
    if hasattr(rows, "iloc"):
        # Slices of pandas go by labels if these are numbers.
        return rows.iloc[:_ROWS_OF_A_CHECK]
    if is_scipy_sparse(rows):
        raise TypeError(f"{name} is sparse: {name}.toarray() makes an array of it")
    try:
        return rows[:_ROWS_OF_A_CHECK]
    except (TypeError, KeyError, IndexError):
        raise TypeError(f"{name} is a {type(rows).__name__}, expected rows as in fit") from None


def _as_json(value):
    """A parameter as JSON has it. Raises a TypeError if it cannot be in a file."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        # Keys of JSON are texts.
        return {"pairs": [[_as_json(key), _as_json(item)] for key, item in value.items()]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(float(value))}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{value!r} cannot be in a file")


def from_json(value):
    """What `_as_json` has been given; a sequence as a tuple."""
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    if isinstance(value, dict):
        if value.keys() == {"pairs"}:
            return {from_json(key): from_json(item) for key, item in value["pairs"]}
        if value.keys() == {"float"}:
            return float(value["float"])
    return value


def _encoded(value):
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind in "mM":
        return {"dtype": value.dtype.str, "values": value.astype(np.int64).tolist()}
    if value.dtype == np.longdouble:
        # Labels are whole numbers.
        return {"dtype": value.dtype.str, "values": value.astype(np.float64).tolist()}
    return {"dtype": value.dtype.str if value.dtype != object else "object", "values": value.tolist()}


def _decoded(value):
    if isinstance(value, dict):
        dtype = object if value["dtype"] == "object" else np.dtype(value["dtype"])
        return np.array(value["values"], dtype=dtype)
    return value
