"""Models in files."""

import json
import os

from ._ann import Core
from ._estimator import from_json


def load(path):
    """Read an ``.ann`` file: one that ``save`` has written, or the program ``ann``.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    AnnClassifier, AnnRegressor, TabularClassifier or TabularRegressor
        The estimator that was saved; for a file of the program a tabular one. A tabular one picks the columns that it
        knows from a frame, so the frame may have others, and any order.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        The file is damaged, or holds something else.

    Examples
    --------
    >>> import os, tempfile
    >>> import ann
    >>> model = ann.AnnRegressor(epochs=10).fit([[0.0], [1.0], [2.0]], [0.0, 2.0, 4.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "line.ann")
    ...     model.save(path)
    ...     again = ann.load(path)
    >>> bool((again.predict([[1.5]]) == model.predict([[1.5]])).all())
    True
    """
    # A number would be a file that is open already.
    path = os.fspath(path)
    with open(path, "rb") as file:
        content = file.read()
    name = os.fsdecode(path)
    try:
        core = Core.from_bytes(content)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    provenance = json.loads(core.provenance)
    made = provenance.get("python") if isinstance(provenance, dict) else None
    if made is None:
        return _of_program(core)
    try:
        return _of_package(core, made)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        what = "this version of ann does not understand what the file says of its estimator"
        raise ValueError(f"{name}: {what}: {error}") from error


def _of_program(core):
    from ._tabular import TabularClassifier, TabularRegressor

    if core.classes is None:
        return TabularRegressor()._adopt_program(core)
    return TabularClassifier()._adopt_program(core)


def _of_package(core, made):
    from . import AnnClassifier, AnnRegressor, TabularClassifier, TabularRegressor

    estimators = (AnnClassifier, AnnRegressor, TabularClassifier, TabularRegressor)
    estimator = {estimator.__name__: estimator for estimator in estimators}.get(made["estimator"])
    if estimator is None:
        raise ValueError(f"there is no estimator {made['estimator']!r}")
    parameters = {name: from_json(value) for name, value in made["parameters"].items()}
    unknown = sorted(set(parameters) - set(estimator().get_params()))
    if unknown:
        raise ValueError(f"{estimator.__name__} has no setting {unknown[0]!r}")
    unknown = sorted(set(made["kept"]) - set(estimator._KEPT))
    if unknown:
        raise ValueError(f"there is no attribute {unknown[0]!r}")
    model = estimator(**parameters)._adopt(core, made["kept"])
    labels = getattr(model, "classes_", None)
    if (labels is None) != (core.classes is None) or (labels is not None and len(labels) != len(core.classes)):
        raise ValueError("its classes are not those of the model")
    return model
