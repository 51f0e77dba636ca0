"""Data frames and arrays as columns of names and cells, for the Rust half.

A column is ``(name, cells)``. Cells are an array of numbers (NaN: missing), a list of words (None: missing), or a tuple
of one array of seconds since 1970, which are dates.
"""

import datetime

import numpy as np

from ._inputs import aligned, in_unicode, is_missing, is_time


def columns(X, names):
    """The columns of a frame or of a two-dimensional array. `names` are those of an array's columns."""
    if isinstance(X, np.ndarray):
        return [(name, _of_array(name, X[:, place])) for place, name in enumerate(names)]
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True)
    names = in_unicode("the name of a column", frame.columns)
    return [(name, _of_series(series)) for name, series in zip(names, frame.iter_columns())]


def is_frame(X):
    """Whether X is a data frame of a library that narwhals knows: pandas, polars, pyarrow and others."""
    if isinstance(X, (np.ndarray, list, tuple)):
        return False
    try:
        import narwhals as nw
    except ImportError:
        if hasattr(X, "columns") or hasattr(X, "column_names"):
            raise ImportError("data frames need narwhals: pip install 'ann-net[sklearn]'") from None
        return False
    return nw.dependencies.is_into_dataframe(X)


def picked(X, names):
    """The frame with the columns of these names alone, in their order, as far as it has them."""
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True)
    if list(frame.columns) == list(names):
        return X
    known = set(frame.columns)
    return frame.select([name for name in names if name in known]).to_native()


def unread_names(X):
    """A frame's names and shape for scikit-learn, if it does not read its names itself; otherwise None.

    Older versions read frames by the protocol ``__dataframe__``, which polars 2 does not have.
    """
    if hasattr(X, "iloc") or not is_frame(X):
        return None
    import narwhals as nw
    from sklearn.utils.validation import _get_feature_names

    return _Named(nw.from_native(X, eager_only=True)) if _get_feature_names(X) is None else None


class _Named:
    def __init__(self, frame):
        self.names, self.shape = list(frame.columns), frame.shape

    def __dataframe__(self):
        return self

    def column_names(self):
        return self.names

    def __len__(self):
        return self.shape[0]


def _of_series(series):
    import narwhals as nw

    native = series.to_native()
    if isinstance(getattr(native, "dtype", None), np.dtype):
        # pandas over NumPy. A cast by narwhals takes longer than the prediction of a row.
        return _of_array(series.name, native.to_numpy())
    dtype = series.dtype
    if dtype in (nw.Categorical, nw.Enum):
        # Also if the categories are numbers: who wants numbers has a column of numbers.
        return _of_words(series.name, series.to_list())
    if dtype.is_numeric():
        return _finite(series.name, _floats(series))
    if dtype in (nw.Datetime, nw.Date):
        moments = series.cast(nw.Datetime("us")) if dtype == nw.Date else series
        microseconds = moments.dt.timestamp("us").to_list()
        return (np.array([np.nan if is_missing(cell) else cell / 1e6 for cell in microseconds], dtype=np.float64),)
    if dtype in (nw.String, nw.Boolean, nw.Object):
        return _of_cells(series.name, series.to_list())
    if series.null_count() == len(series):
        return [None] * len(series)
    kind = getattr(native, "dtype", getattr(native, "type", dtype))
    if type(kind).__name__ == "SparseDtype":
        raise TypeError(f"column {series.name!r} is sparse: X.sparse.to_dense() makes an ordinary frame")
    raise ValueError(f"column {series.name!r} is of type {kind}, expected numbers, words, dates or booleans")


def _floats(series):
    import narwhals as nw

    try:
        return np.asarray(series.cast(nw.Float64()).to_numpy(), dtype=np.float64)
    except ValueError:
        # pyarrow casts no whole number above 2⁵³.
        return np.array([np.nan if is_missing(cell) else float(cell) for cell in series.to_list()])


def _of_array(name, column):
    if column.dtype.kind in "fiu":
        return _finite(name, column.astype(np.float64))
    if column.dtype.kind == "c":
        raise ValueError(f"column {name!r}: Complex data not supported")
    if column.dtype.kind in "mV":
        raise ValueError(f"column {name!r} is of type {column.dtype}, expected numbers, words, dates or booleans")
    if column.dtype.kind == "M":
        seconds = column.astype("datetime64[us]")
        return (np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64) / 1e6),)
    return _of_cells(name, column.tolist())


def _of_cells(name, cells):
    """Cells of any type: numbers if all of them are, otherwise words."""
    # Few columns have cells of many types, so types are looked at instead of cells.
    kinds = set(map(type, cells))
    if not kinds <= {str, type(None)}:
        cells = [None if is_missing(cell) else cell for cell in cells]
        kinds = set(map(type, cells))
    for kind in kinds:
        _check_kind(name, kind, cells)
    if kinds <= {str, type(None)}:
        return _of_words(name, cells)
    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool) for cell in known):
        try:
            return _finite(name, np.array([np.nan if cell is None else float(cell) for cell in cells]))
        except OverflowError:
            raise ValueError(f"column {name!r} holds a whole number that is too large for a float") from None
    return _of_words(name, cells)


def _check_kind(name, kind, cells):
    """Raise an exception if cells of this type are neither numbers nor words."""
    if issubclass(kind, (complex, np.complexfloating)):
        raise ValueError(f"column {name!r}: Complex data not supported")
    if issubclass(kind, _CELLS) and not is_time(kind):
        return
    wrong = next(cell for cell in cells if type(cell) is kind)
    if isinstance(wrong, bytes):
        raise TypeError(f"column {name!r} holds the bytes {wrong!r}, expected texts: decode them, as with bytes.decode")
    how = "; pd.to_datetime makes a column of dates" if issubclass(kind, _DATES) else ""
    raise TypeError(f"column {name!r} holds {wrong!r}: the argument must be a string or a number{how}")


_DATES = (datetime.date, np.datetime64)
_CELLS = (str, bool, int, float, np.number, np.bool_, type(None))


def _of_words(name, cells):
    """Texts of cells, and None where there is none."""
    gaps = [is_missing(cell) for cell in cells] if not set(map(type, cells)) <= {str, type(None)} else None
    words = in_unicode(f"a cell of column {name!r}", ["" if cell is None else cell for cell in cells])
    if gaps is None:
        return [None if cell is None else word for cell, word in zip(cells, words)]
    return [None if is_gap else word for is_gap, word in zip(gaps, words)]


def _finite(name, numbers):
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise ValueError(f"column {name!r} holds infinity in row {row}: replace it, as with NaN for a missing number")
    return aligned(numbers)
