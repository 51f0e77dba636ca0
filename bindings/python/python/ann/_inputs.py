"""What is wrong with rows and targets, in our words, before scikit-learn or NumPy say it in theirs."""

import datetime

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
    elif hasattr(X, "column_names") and hasattr(X, "schema"):
        # pyarrow, whose cells are objects of its own.
        columns = (
            (f"column {field.name!r} of X", field.type, (cell.as_py() for cell in X.column(place)))
            for place, field in enumerate(X.schema)
        )
    elif isinstance(X, np.ndarray):
        columns = [("X", X.dtype, X.ravel())] if X.dtype.kind in "OUSMm" else []
    else:
        return
    for what, dtype, cells in columns:
        kind = getattr(dtype, "kind", None) or str(dtype)
        if kind[0] in "Mm" or kind.startswith(_KINDS_OF_TIME):
            raise TypeError(f"{what} holds dates or times, expected numbers; {TABULAR}")
        if kind.startswith(_KINDS_OF_PARTS):
            # Older versions of NumPy make a number of a list of one.
            raise ValueError(f"{what} is of type {dtype}, expected numbers")
        if kind in ("O", "U", "S") or kind.startswith(_KINDS_OF_WORDS):
            _check_cells(what, cells)


_KINDS_OF_TIME = ("Date", "Duration", "Time", "date", "duration", "time")
_KINDS_OF_PARTS = ("List", "Array", "Struct", "list", "large_list", "fixed_size_list", "struct", "map")
_KINDS_OF_WORDS = ("String", "Categorical", "Enum", "string", "large_string", "dictionary")
_GAPS = ("NAType", "NaTType")
_TIMES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)


def _check_cells(what, cells):
    """Raise an exception if NumPy would make numbers of cells that are none, or not say which cell is wrong."""
    cells = list(cells)
    # Few columns have cells of many types.
    if not any(issubclass(kind, str) or is_time(kind) or kind.__name__ in _GAPS for kind in set(map(type, cells))):
        return
    for cell in cells:
        if isinstance(cell, str):
            if not _is_number(cell):
                raise ValueError(f"{what} holds {str(cell)!r}: could not convert string to float; {TABULAR}")
        elif type(cell).__name__ in _GAPS:
            raise ValueError(f"{what} contains NaN or other missing cells: fill them; {TABULAR}")
        elif is_time(type(cell)):
            raise TypeError(f"{what} holds dates or times, expected numbers; {TABULAR}")


def is_time(kind):
    """Whether this is a type of dates, times or spans of time, of Python, NumPy or pandas."""
    return issubclass(kind, _TIMES)


def is_scipy_sparse(array):
    return hasattr(array, "toarray") and hasattr(array, "nnz")


def check_weights(sample_weight):
    """Raise an exception if weights have masked cells, which would count as the numbers below the mask."""
    if np.ma.is_masked(sample_weight):
        raise ValueError("sample_weight is a masked array with masked cells: fill them, as with 0 for no row")


def in_unicode(what, values):
    """The texts of values, or an exception if files cannot hold one."""
    words = list(map(str, values))
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        wrong = next(word for word in words if _is_no_unicode(word))
        raise ValueError(f"{what} is {wrong!r}, which is no Unicode: half of a surrogate pair is in it") from None
    return words


def class_texts(labels):
    """The texts of labels, or an exception if a table cannot tell them apart: it trims texts, and a blank is a gap."""
    words = in_unicode("a label of y", labels)
    seen = {}
    for word in words:
        text = word.strip()
        if not text:
            raise ValueError(f"y has the label {word!r}, which is a gap in a table: rename it")
        if text in seen:
            raise ValueError(f"two classes have the same text: {seen[text]!r} and {word!r}; rename one of them")
        seen[text] = word
    return words


def check_targets(y, *, are_classes):
    """Raise an exception if y has cells that are no target."""
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    if hasattr(y, "collect") and hasattr(y, "collect_schema"):
        raise TypeError("y is a lazy frame: y.collect() makes a frame of it")
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


def check_two_classes(classes, name="y"):
    if len(classes) == 0:
        raise ValueError("no row is left: each has the weight 0")
    if len(classes) < 2:
        raise ValueError(f"{name} has only one class, {plain(classes[0])!r}: a classifier needs at least two")


def plain(label):
    """A label as Python prints it, without its type."""
    return label.item() if isinstance(label, np.generic) else label


_WITH_NAN = (float, np.floating, np.datetime64, np.timedelta64)


def is_missing(cell):
    """None, NaN, NaT and pandas' NA."""
    if cell is None or type(cell).__name__ in _GAPS:
        return True
    return isinstance(cell, _WITH_NAN) and bool(cell != cell)


def _no_gap(gaps):
    if gaps.any():
        row = int(np.argwhere(gaps)[0][0])
        raise ValueError(f"Input y contains NaN: the target of row {row} is missing; leave out such rows")


def _is_no_unicode(word):
    try:
        word.encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
