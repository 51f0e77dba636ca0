"""Models in files."""

import json
from importlib import import_module

from ._ann import Core
from ._estimator import Estimator


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
    with open(path, "rb") as file:
        core = Core.from_bytes(file.read())
    made = (json.loads(core.provenance) or {}).get("python")
    if made is None:
        return _of_program(core)
    for module in ("_matrix", "_tabular"):
        estimator = getattr(import_module(f".{module}", __package__), made["estimator"], None)
        if isinstance(estimator, type) and issubclass(estimator, Estimator):
            parameters = {name: _tuple(value) for name, value in made["parameters"].items()}
            return estimator(**parameters)._adopt(core, made["kept"])
    raise ValueError(f"{path}: made by {made['estimator']!r}, which this version of ann does not know")


def _of_program(core):
    from ._tabular import TabularClassifier, TabularRegressor

    if core.classes is None:
        return TabularRegressor()._adopt_program(core)
    return TabularClassifier()._adopt_program(core)


def _tuple(value):
    """JSON has lists alone."""
    return tuple(value) if isinstance(value, list) else value
