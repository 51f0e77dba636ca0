"""What all estimators share: threads, seeds, progress, files and pictures."""

import json
import numbers
import sys

import numpy as np

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("the estimators of ann need scikit-learn 1.6 or newer: pip install 'ann-net[sklearn]'") from error

from . import _html
from ._ann import Core

__all__ = ["Estimator", "check_is_fitted", "validate_data"]


class Estimator(BaseEstimator):
    """An estimator around a `Core`, the fitted model in Rust."""

    # Fitted attributes that are neither parameters nor in the model's file.
    _KEPT = ("n_features_in_", "feature_names_in_", "classes_", "_flat")

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
        self._with_provenance().save(path)

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

        return GradientReport(*self._core.check_gradient(self._columns(X[:64], y[:64]), self._threads()))

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
            "parameters": {name: value for name, value in self.get_params(deep=False).items() if _is_plain(value)},
            "kept": {name: _encoded(getattr(self, name)) for name in self._KEPT if hasattr(self, name)},
        }
        return core.with_provenance(json.dumps(provenance))

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
        if isinstance(self.random_state, numbers.Integral) and self.random_state >= 0:
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _threads(self):
        if self.n_jobs in (None, 1):
            return 1
        import joblib

        return joblib.effective_n_jobs(self.n_jobs)

    def _callback(self, epochs):
        """What is called after each epoch: the bar of progress and the user's function."""
        if not self.progress:
            return self.callback
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError("progress=True needs tqdm: pip install tqdm") from error
        bar, callback = tqdm(total=epochs, unit="epoch"), self.callback

        def show(record):
            bar.n = record["epoch"] + 1
            bar.set_postfix({name: value for name, value in record.items() if name.endswith("loss")}, refresh=False)
            bar.update(0)
            return callback(record) if callback is not None else False

        return show

    def _repr_html_inner(self):
        return super()._repr_html_inner() + (_html.curves(self) if hasattr(self, "core_") else "")


def in_python(text):
    """A text of the engine with the settings of this package."""
    return text.replace("Recipe::linear", "hidden=()").replace("`Scaling::Standard`", 'scale="standard"')


def _is_plain(value):
    """Whether a parameter can be in a file: everything but functions and generators of random numbers."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))


def _encoded(value):
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str if value.dtype != object else "object", "values": value.tolist()}
    return value


def _decoded(value):
    if isinstance(value, dict):
        dtype = object if value["dtype"] == "object" else np.dtype(value["dtype"])
        return np.array(value["values"], dtype=dtype)
    return value
