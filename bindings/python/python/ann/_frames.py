"""Data frames and arrays as columns of names and cells, for the Rust half.

A column is ``(name, cells)``. Cells are an array of numbers (NaN: missing), a list of words (None: missing), or a tuple
of one array of seconds since 1970, which are dates.
"""

import numpy as np

from ._inputs import aligned, is_missing


def columns(X, names):
    """The columns of a frame or of a two-dimensional array. `names` are those of an array's columns."""
    if isinstance(X, np.ndarray):
        return [(name, _of_array(name, X[:, place])) for place, name in enumerate(names)]
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True)
    return [(str(series.name), _of_series(series)) for series in frame.iter_columns()]


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


def _of_series(series):
    import narwhals as nw

    native = series.to_native()
    if isinstance(getattr(native, "dtype", None), np.dtype):
        # pandas over NumPy. A cast by narwhals takes longer than the prediction of a row.
        return _of_array(series.name, native.to_numpy())
    dtype = series.dtype
    if dtype.is_numeric():
        numbers = series.cast(nw.Float64()).to_numpy()
        return _finite(series.name, np.asarray(numbers, dtype=np.float64))
    if dtype in (nw.Datetime, nw.Date):
        microseconds = series.cast(nw.Datetime("us")).dt.timestamp("us")
        seconds = np.array([np.nan if cell is None else cell / 1e6 for cell in microseconds.to_list()], dtype=np.float64)
        return (seconds,)
    if dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Object):
        return _of_cells(series.name, series.to_list())
    if type(series.to_native().dtype).__name__ == "SparseDtype":
        raise TypeError(f"column {series.name!r} is sparse: X.sparse.to_dense() makes an ordinary frame")
    raise ValueError(f"column {series.name!r} is of type {dtype}, expected numbers, words, dates or booleans")


def _of_array(name, column):
    if column.dtype.kind in "fiu":
        return _finite(name, column.astype(np.float64))
    if column.dtype.kind in "mV":
        raise ValueError(f"column {name!r} is of type {column.dtype}, expected numbers, words, dates or booleans")
    if column.dtype.kind == "M":
        seconds = column.astype("datetime64[us]")
        return (np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64) / 1e6),)
    return _of_cells(name, column.tolist())


def _of_cells(name, cells):
    """Cells of any type: numbers if all of them are, otherwise words."""
    cells = [None if is_missing(cell) else cell for cell in cells]
    wrong = next((cell for cell in cells if not isinstance(cell, (str, bytes, bool, int, float, np.generic, type(None)))), None)
    if wrong is not None:
        raise TypeError(f"column {name!r} holds {wrong!r}: the argument must be a string or a number")
    if any(isinstance(cell, (complex, np.complexfloating)) for cell in cells):
        raise ValueError(f"column {name!r}: Complex data not supported")
    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool) for cell in known):
        return _finite(name, np.array([np.nan if cell is None else float(cell) for cell in cells]))
    return [None if cell is None else str(cell) for cell in cells]


def _finite(name, numbers):
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise ValueError(f"column {name!r} holds infinity in row {row}: replace it, as with NaN for a missing number")
    return aligned(numbers)
