"""The check of anybody's gradient."""

import json
from dataclasses import dataclass, field

import numpy as np

from ._ann import check_gradient
from ._inputs import in_unicode
from ._settings import integer, number


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
    for name, function in (("value", value), ("gradient", gradient)):
        if not callable(function):
            raise TypeError(f"{name}={function!r}, expected a function of the point")
    is_dict = isinstance(at, dict)
    parts = {name: _real(f"at: {name}", part).copy() for name, part in (at if is_dict else {"θ": at}).items()}
    flat = np.concatenate([part.ravel() for part in parts.values()]) if parts else np.empty(0)
    if names is None:
        names = [_entry(str(name), index) for name, part in parts.items() for index in np.ndindex(part.shape)]
    tolerance, seed = number("tolerance", tolerance), integer("seed", seed, 0)

    def whole(point):
        place, arrays = 0, {}
        for name, part in parts.items():
            arrays[name] = point[place : place + part.size].reshape(part.shape).copy()
            place += part.size
        return arrays if is_dict else arrays["θ"]

    def flat_gradient(point):
        found = gradient(whole(point))
        if is_dict and not isinstance(found, dict):
            raise TypeError(f"the gradient is a {type(found).__name__}, expected a dict with the names of the point")
        found = found if is_dict else {"θ": found}
        unknown = next((name for name in found if name not in parts), None)
        if unknown is not None:
            raise ValueError(f"the gradient has the entry {unknown!r}, which the point does not have")
        arrays = []
        for name, part in parts.items():
            if name not in found:
                raise ValueError(f"the gradient has no entry {name!r}")
            array = _real(f"the gradient of {name}", found[name])
            if array.shape != part.shape:
                raise ValueError(f"the gradient of {name} has the shape {array.shape}, expected {part.shape}")
            arrays.append(array.ravel())
        return np.ascontiguousarray(np.concatenate(arrays))

    def value_at(point):
        found = _real("the value", value(whole(point)))
        if found.size != 1:
            raise ValueError(f"the value has the shape {found.shape}, expected one number")
        return found.item()

    names = in_unicode("a name", _list(names))
    return GradientReport(*check_gradient(value_at, flat_gradient, flat, names, tolerance, seed))


def _real(what, array):
    """Numbers as an array. NumPy would leave out the imaginary parts of complex ones, the mask of masked ones."""
    if array is None:
        raise TypeError(f"{what} is None, expected numbers")
    if np.ma.is_masked(array):
        raise ValueError(f"{what} is a masked array with masked cells, expected numbers")
    array = np.asarray(array)
    if array.dtype.kind == "c":
        raise TypeError(f"{what} is complex, expected real numbers")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{what} is a whole number that is too large for a float") from None
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{what} is no array of numbers: {error}") from None


def _list(names):
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        raise TypeError(f"names={names!r}, expected a sequence with a text for each entry")
    return list(names)


def _entry(name, index):
    return name if not index else f"{name}[{', '.join(map(str, index))}]"
