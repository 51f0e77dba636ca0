"""The check of anybody's gradient."""

import json
from dataclasses import dataclass, field

import numpy as np

from ._ann import check_gradient


@dataclass(frozen=True)
class GradientReport:
    """The outcome of a check. Prints as a table.

    Attributes
    ----------
    verdict : str
        "pass", "fail", "inconclusive", "vacuous" or "invalid".
    """

    verdict: str
    text: str = field(repr=False)
    json: str = field(repr=False)

    @property
    def passed(self):
        """Whether every entry agrees, and enough of them were really checked."""
        return self.verdict == "pass"

    def to_dict(self):
        """The whole report as a dict; of a model a dict with ``networks``, a report for each."""
        reports = json.loads(self.json)
        return reports[0] if len(reports) == 1 else {"verdict": self.verdict, "networks": reports}

    def raise_if_wrong(self):
        """For tests: raise an AssertionError with the report, unless the check has passed."""
        if not self.passed:
            raise AssertionError(self.text)

    def __str__(self):
        return self.text

    def __bool__(self):
        return self.passed


def gradcheck(value, gradient, at, *, names=None, tolerance=0.0, seed=0):
    """Compare a gradient with differences of its function, at a point and around it.

    Only values of the function are used; the differences are extrapolated, with a bound on their error. So a right
    gradient does not fail, and a mistake of a millionth does.

    Parameters
    ----------
    value : callable
        Takes what `at` is, and returns a number.
    gradient : callable
        Takes what `at` is, and returns its derivatives in the same form.
    at : array-like, or dict of array-likes
        The point. A dict has a name for each array, such as ``{"W": W, "b": b}``.
    names : sequence of str, default=None
        A name for each entry of an array. Default: its place, such as ``W[0, 1]``.
    tolerance : float, default=0.0
        Differences up to this are excused.
    seed : int, default=0
        Of the points around `at`.

    Returns
    -------
    GradientReport

    Raises
    ------
    ValueError
        The point is not finite, or the function is not finite there, or does not repeat its values.

    Examples
    --------
    >>> import ann
    >>> report = ann.gradcheck(lambda p: p[0] ** 2 * p[1], lambda p: [2 * p[0] * p[1], 2 * p[0]], [3.0, 5.0])
    >>> report.verdict
    'fail'
    """
    is_dict = isinstance(at, dict)
    parts = {name: np.array(part, dtype=np.float64) for name, part in (at.items() if is_dict else {"θ": at}.items())}
    flat = np.concatenate([part.ravel() for part in parts.values()]) if parts else np.empty(0)
    if names is None:
        names = [_entry(name, index) for name, part in parts.items() for index in np.ndindex(part.shape)]

    def whole(point):
        place, arrays = 0, {}
        for name, part in parts.items():
            arrays[name] = point[place : place + part.size].reshape(part.shape).copy()
            place += part.size
        return arrays if is_dict else arrays["θ"]

    def flat_gradient(point):
        found = gradient(whole(point))
        found = found if is_dict else {"θ": found}
        arrays = []
        for name, part in parts.items():
            if name not in found:
                raise ValueError(f"the gradient has no entry {name!r}")
            array = np.asarray(found[name], dtype=np.float64)
            if array.shape != part.shape:
                raise ValueError(f"the gradient of {name} has the shape {array.shape}, expected {part.shape}")
            arrays.append(array.ravel())
        return np.ascontiguousarray(np.concatenate(arrays))

    def number(point):
        return float(value(whole(point)))

    return GradientReport(*check_gradient(number, flat_gradient, flat, list(names), float(tolerance), int(seed)))


def _entry(name, index):
    return name if not index else f"{name}[{', '.join(map(str, index))}]"
