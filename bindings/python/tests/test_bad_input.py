"""What is wrong with an input is said in an exception, and odd inputs that are right work. Nothing panics."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

import ann
from ann import AnnClassifier, AnnRegressor, TabularClassifier, TabularRegressor, _ann

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
VALUES = X @ [1.0, -2.0, 0.5]
CLASSES = np.where(VALUES > 0, "above", "below")
QUICK = {"epochs": 3}

MATRIX = [AnnClassifier(**QUICK), AnnRegressor(**QUICK)]
TABLE = [TabularClassifier(networks=2, **QUICK), TabularRegressor(networks=2, **QUICK)]


def of(estimators):
    return pytest.mark.parametrize("estimator", estimators, ids=lambda value: type(value).__name__)


def targets(estimator):
    return CLASSES if hasattr(estimator, "predict_proba") else VALUES


def changed(value, column=1, row=4):
    """X as an array of objects, or of numbers, with another cell."""
    cells = X.astype(object if isinstance(value, (str, complex, list, dict, type(None))) else X.dtype)
    cells[row, column] = value
    return cells


def masked():
    return np.ma.masked_array(X, mask=X > 2)


# What every estimator refuses: X, and words of the message.
NO_ESTIMATOR = {
    "complex": (X + 1j, "omplex"),
    "complex objects": (changed(1j), "omplex"),
    "three dimensions": (X.reshape(20, 3, 3), "dim 3"),
    "one dimension": (X[:, 0], "1D array"),
    "no dimension": (np.array(1.0), "scalar"),
    "no rows": (X[:0], "0 sample"),
    "no columns": (X[:, :0], "0 feature"),
    "one row": (X[:1], "1 sample"),
    "infinity": (changed(np.inf), "inf"),
    "minus infinity": (changed(-np.inf), "inf"),
    "masked cells": (masked(), r"X\.filled\(np\.nan\)"),
    "cells that are lists": (changed([1, 2]), ""),
    "cells that are dicts": (changed({"a": 1}), ""),
    "rows of different lengths": ([[1.0, 2.0], [3.0]] * 30, ""),
    "CSR": (sparse.csr_matrix(X), r"toarray\(\)"),
    "CSC": (sparse.csc_array(X), r"toarray\(\)"),
    "COO": (sparse.coo_matrix(X), r"toarray\(\)"),
    "a sparse frame": (pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X)), None),
    "a structured array": (np.zeros(60, dtype=[("a", float), ("b", float)]), ""),
    "bytes": (b"1,2,3", ""),
    "None": (None, ""),
    "a number": (3.0, ""),
    "a function": (len, ""),
    "a generator": ((row for row in X), ""),
    "a dict": ({"a": X[:, 0], "b": X[:, 1]}, ""),
    "a frame of two columns of one name": (pd.DataFrame(X, columns=["a", "b", "a"]), "'a'"),
    "numbers and words as names": (pd.DataFrame(X, columns=["a", 1, "b"]), "string"),
    "a frame with a column of lists": (pd.DataFrame({"a": [[1, 2]] * 60, "b": X[:, 0]}), ""),
    "a frame without rows": (pd.DataFrame(X, columns=list("abc"))[:0], ""),
    "a frame without columns": (pd.DataFrame(index=range(60)), ""),
    "a frame with infinity": (pd.DataFrame(changed(np.inf), columns=list("abc")), "inf"),
}

# What matrices refuse, and tables take.
NO_MATRIX = {
    "NaN": (changed(np.nan), "NaN"),
    "None among numbers": (changed(None), "NaN"),
    "words": (changed("red"), "red"),
    "pandas NA": (pd.DataFrame(X, columns=list("abc")).convert_dtypes().mask(X > 1), "N[Aa]"),
    "dates": (pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60), "b": X[:, 0]}), ""),
    "categories": (pd.DataFrame({"color": pd.Categorical(["red", "blue", "red"] * 20), "b": X[:, 0]}), "red|blue"),
    "times of day": (pd.DataFrame({"span": pd.to_timedelta(np.arange(60), "s"), "b": X[:, 0]}), None),
}

# Inputs that are odd and right: they give the bits of X.
RIGHT = {
    "Fortran's order": np.asfortranarray(X),
    "huge strides": np.repeat(np.repeat(X, 50, axis=0), 1000, axis=1)[::50, ::1000],
    "negative strides": X[::-1, ::-1].copy()[::-1, ::-1],
    "strides of 0": None,
    "big-endian": X.astype(">f8"),
    "little-endian": X.astype("<f8"),
    "not aligned": None,
    "objects": X.astype(object),
    "lists": X.tolist(),
    "tuples": tuple(map(tuple, X.tolist())),
    "a mask that hides nothing": np.ma.masked_array(X, mask=False),
    "np.matrix": None,
    "pandas": pd.DataFrame(X, columns=list("abc")),
    "polars": pl.DataFrame(X, schema=list("abc")),
    "longdouble": X.astype(np.longdouble),
    "read-only": None,
}


def test_strange_arrays_give_the_same_bits():
    pass
