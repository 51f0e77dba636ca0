"""Settings of the estimators. Each is checked when it is used; an error names it, what was found and what is expected."""

import numbers
from collections.abc import Sequence

import numpy as np

# Rust counts to 2⁶⁴ - 1, and whatever is counted here is far below.
_MOST = 2**63 - 1


def text(name, value):
    if isinstance(value, str):
        return value
    raise ValueError(f"{name}={value!r}, expected a text")


def flag(name, value):
    """A text such as "no" would count as true, so True and False are all that is taken."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ValueError(f"{name}={value!r}, expected True or False")


def number(name, value):
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"{name}={value!r}, expected a number that a float holds") from None
    raise ValueError(f"{name}={value!r}, expected a number")


def share(name, value):
    if 0 < number(name, value) < 1:
        return float(value)
    raise ValueError(f"{name}={value!r}, expected a number above 0 and below 1")


def seconds(name, value):
    if 0 <= number(name, value) <= _MOST:
        return float(value)
    raise ValueError(f"{name}={value!r}, expected a number of seconds, at least 0")


def integer(name, value, least, most=_MOST):
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and least <= value <= most:
        return int(value)
    limit = f"of at least {least}" if most == _MOST and not _is_above(value, most) else f"from {least} to {most}"
    raise ValueError(f"{name}={value!r}, expected a whole number {limit}")


def _is_above(value, most):
    return isinstance(value, numbers.Integral) and value > most


def integers(name, values):
    """Widths of layers."""
    if isinstance(values, numbers.Integral):
        values = [values]
    if not _is_sequence(values):
        raise ValueError(f"{name}={values!r}, expected whole numbers, such as (64, 64), or () for a linear model")
    return [integer(name, value, 1) for value in values]


def texts(name, values):
    """Names of columns."""
    if _is_sequence(values) and all(isinstance(value, str) for value in values):
        return [str(value) for value in values]
    raise ValueError(f"{name}={values!r}, expected a sequence of names of columns, such as ('first', 'second')")


def class_weight(value):
    if value is None or isinstance(value, dict) or (isinstance(value, str) and value == "balanced"):
        return value
    raise ValueError(f"class_weight={value!r}, expected a dict, 'balanced' or None")


def factors(weight, labels):
    """The factor of each label of a dict of class weights; 1 if it has none."""
    unknown = [label for label in weight if label not in labels]
    # A label that is in no row is no mistake if each label that is in one has its factor: folds of cross-validation
    # may lack a class.
    if unknown and any(label not in weight for label in labels):
        raise ValueError(f"class_weight has the label {unknown[0]!r}, which is none of the classes {labels}")
    return [number(f"class_weight[{label!r}]", weight.get(label, 1.0)) for label in labels]


def callback(value):
    if value is None or callable(value):
        return value
    raise TypeError(f"callback={value!r}, expected a function of a dict, or None")


def _is_sequence(values):
    if isinstance(values, np.ndarray):
        return values.ndim == 1
    return isinstance(values, Sequence) and not isinstance(values, (str, bytes, bytearray, memoryview))
