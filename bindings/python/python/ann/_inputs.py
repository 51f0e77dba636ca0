"""What is wrong with rows and targets, in our words, before scikit-learn or NumPy say it in theirs."""

import numpy as np

TABULAR = "TabularClassifier and TabularRegressor read words, dates and gaps"


def check_rows(X):
    """Raise an exception if X is no table that any estimator reads."""
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        # Masked cells would count as the numbers below the mask.
        raise ValueError(
            "X is a masked array with masked cells: fill them, as with X.filled(np.nan), or leave out their rows"
        )
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        raise TypeError("X is a lazy frame: X.collect() makes a frame of it")
    names = getattr(X, "column_names", getattr(X, "columns", None))
    if names is None or callable(names):
        return
    names = list(names)
    if not names:
        raise ValueError("X has no columns: 0 feature(s) were found, at least one is needed")
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"X has two columns of the name {twice!r}: rename one of them")


def check_numbers(X):
    """Raise an exception if X cannot be a matrix of numbers."""
    check_rows(X)
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        columns = ((f"column {name!r} of X", dtype, X[name]) for name, dtype in zip(X.columns, X.dtypes))
    elif isinstance(X, np.ndarray):
        columns = [("X", X.dtype, X.ravel())] if X.dtype.kind in "OUSMm" else []
    else:
        return
    for what, dtype, cells in columns:
        kind = getattr(dtype, "kind", None) or str(dtype)
        if kind[0] in "Mm" or kind.startswith(("Date", "Duration", "Time")):
            raise TypeError(f"{what} holds dates or times, expected numbers; {TABULAR}")
        if kind in ("O", "U", "S") or kind.startswith(("String", "Categorical", "Enum")):
            word = next((cell for cell in cells if isinstance(cell, str) and not _is_number(cell)), None)
            if word is not None:
                raise ValueError(f"{what} holds {str(word)!r}: could not convert string to float; {TABULAR}")


def check_targets(y, *, are_classes):
    """Raise an exception if y has cells that are no target."""
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    if hasattr(y, "toarray"):
        raise TypeError("y is sparse: y.toarray() makes an array of it")
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        raise ValueError("y is a masked array with masked cells: leave out their rows")
    cells = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if cells.dtype.kind in "Mm":
        if not are_classes:
            raise TypeError("y holds dates or times, expected numbers, such as seconds since a day")
        _no_gap(np.isnat(cells))
    if are_classes and cells.dtype.kind == "S":
        raise TypeError("y holds bytes, expected texts or numbers: convert them, as with y.astype(str)")
    if cells.dtype.kind != "O":
        return
    flat = cells.ravel()
    _no_gap(np.array([is_missing(cell) for cell in flat], dtype=bool).reshape(cells.shape))
    words = [isinstance(cell, str) for cell in flat]
    if not are_classes and any(words):
        raise ValueError(f"y holds {flat[words.index(True)]!r}: could not convert string to float")
    if any(words) and not all(words):
        pair = f"{flat[words.index(True)]!r} and {flat[words.index(False)]!r}"
        raise TypeError(f"y holds words and other labels, such as {pair}: convert them all, as with y.astype(str)")


def target_names(y, count, default):
    """The name of a series or the names of a frame, if they are texts; otherwise the default, numbered if needed."""
    names = getattr(y, "column_names", getattr(y, "columns", None))
    names = [getattr(y, "name", None)] if names is None or callable(names) else list(names)
    if len(names) == len(set(names)) == count and all(isinstance(name, str) and name for name in names):
        return [str(name) for name in names]
    return [default] if count == 1 else [f"{default}{column}" for column in range(count)]


def aligned(array):
    """The array, or a copy if its numbers are not where the processor reads them as a whole."""
    return np.require(array, requirements="A")


def check_two_classes(classes):
    if len(classes) == 0:
        raise ValueError("no row is left: each has the weight 0")
    if len(classes) < 2:
        raise ValueError(f"y has only one class, {plain(classes[0])!r}: a classifier needs at least two")


def plain(label):
    """A label as Python prints it, without its type."""
    return label.item() if isinstance(label, np.generic) else label


def is_missing(cell):
    """None, NaN, NaT and pandas' NA."""
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and cell != cell)


def _no_gap(gaps):
    if gaps.any():
        row = int(np.argwhere(gaps)[0][0])
        raise ValueError(f"Input y contains NaN: the target of row {row} is missing; leave out such rows")


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
