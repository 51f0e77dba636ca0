"""What is wrong with an input is said in an exception, and odd inputs that are right work. Nothing panics."""

import datetime
import json
import os
import re
import threading
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone

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


# What every estimator refuses in `fit`, and words of the message.
NO_TABLE = {
    "complex": (X + 1j, "omplex"),
    "complex objects": (changed(1j), "omplex|string or a number"),
    "three dimensions": (X.reshape(20, 3, 3), "dim 3"),
    "one dimension": (X[:, 0], "1D array"),
    "no dimension": (np.array(1.0), "scalar"),
    "no rows": (X[:0], "0 sample"),
    "no columns": (X[:, :0], "0 feature"),
    "infinity": (changed(np.inf), "infinity"),
    "minus infinity": (changed(-np.inf), "infinity"),
    "masked cells": (np.ma.masked_array(X, mask=X > 1), r"X\.filled\(np\.nan\)"),
    "cells that are lists": (changed([1, 2]), "sequence|string or a number"),
    "cells that are dicts": (changed({"a": 1}), "string or a"),
    "rows of different lengths": ([[1.0, 2.0], [3.0]] * 30, "inhomogeneous"),
    "CSR": (sparse.csr_matrix(X), r"toarray\(\)"),
    "CSC": (sparse.csc_array(X), r"toarray\(\)"),
    "COO": (sparse.coo_matrix(X), r"toarray\(\)"),
    "a sparse frame": (pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X)), r"toarray\(\)|to_dense\(\)"),
    "a structured array": (np.zeros(60, dtype=[("a", float), ("b", float)]), "dtype|1D array"),
    "raw bytes in cells": (np.zeros((60, 2), dtype="V8"), "V8|sequence"),
    "a text": (b"1,2,3", "1,2,3"),
    "None": (None, "scalar"),
    "a function": (len, "function"),
    "a generator": ((row for row in X), "generator"),
    "a dict": ({"a": X[:, 0], "b": X[:, 1]}, "dict|scalar"),
    "a series": (pd.Series(X[:, 0]), "2"),
    "two columns of one name": (pd.DataFrame(X, columns=["a", "b", "a"]), "two columns of the name 'a'"),
    "two columns of one name, pyarrow": (pa.table([X[:, 0], X[:, 1]], names=["a", "a"]), "two columns of the name 'a'"),
    "numbers and words as names": (pd.DataFrame(X, columns=["a", 1, "b"]), "string names"),
    "a column of lists": (pd.DataFrame({"a": [[1, 2]] * 60, "b": X[:, 0]}), "sequence|string or a number"),
    "a frame without rows": (pd.DataFrame(X, columns=list("abc"))[:0], "0 sample|numbers of samples"),
    "a frame without columns": (pd.DataFrame(index=range(60)), "0 feature"),
    "a frame with infinity": (pd.DataFrame(changed(np.inf), columns=list("abc")), "infinity"),
    "a lazy frame": (pl.DataFrame(X, schema=list("abc")).lazy(), r"X\.collect\(\)"),
    "times of day": (pd.DataFrame({"span": pd.to_timedelta(np.arange(60), "s"), "b": X[:, 0]}), "span"),
}

# What matrices refuse, and tables take.
NO_MATRIX = {
    "NaN": (changed(np.nan), "NaN .*Tabular"),
    "None among numbers": (changed(None), "NaN .*Tabular"),
    "pandas NA": (pd.DataFrame(X, columns=list("abc")).convert_dtypes().mask(X > 1), "NaN .*Tabular"),
    "words": (changed("red"), "'red'.*Tabular"),
    "dates": (pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60), "b": X[:, 0]}), "column 'day'.*Tabular"),
    "an array of dates": (np.arange(60).astype("datetime64[D]").reshape(-1, 1), "dates.*Tabular"),
    "categories": (pd.DataFrame({"c": pd.Categorical(["red", "blue", "red"] * 20), "b": X[:, 0]}), "'red'.*Tabular"),
    "polars words": (pl.DataFrame({"c": ["red", "blue", "red"] * 20, "b": X[:, 0]}), "column 'c'.*'red'.*Tabular"),
}


@of(MATRIX + TABLE)
@pytest.mark.parametrize("case", NO_TABLE)
def test_what_no_estimator_fits(estimator, case):
    rows, words = NO_TABLE[case]
    with pytest.raises((ValueError, TypeError), match=words):
        clone(estimator).fit(rows, targets(estimator))


@of(MATRIX)
@pytest.mark.parametrize("case", NO_MATRIX)
def test_what_matrices_refuse(estimator, case):
    rows, words = NO_MATRIX[case]
    with pytest.raises((ValueError, TypeError), match=words):
        clone(estimator).fit(rows, targets(estimator))


@of(TABLE)
@pytest.mark.parametrize("case", NO_MATRIX)
def test_what_tables_take(estimator, case):
    rows, _ = NO_MATRIX[case]
    clone(estimator).fit(rows, targets(estimator)).predict(rows)


# Inputs that are odd and right.
def right():
    read_only, not_aligned = X.copy(), np.frombuffer(b" " + X.tobytes(), dtype=np.uint8)[1:].view(np.float64)
    read_only.flags.writeable = False
    return {
        "Fortran's order": np.asfortranarray(X),
        "huge strides": np.repeat(np.repeat(X, 20, axis=0), 500, axis=1)[::20, ::500],
        "negative strides": X[::-1, ::-1].copy()[::-1, ::-1],
        "big-endian": X.astype(">f8"),
        "not aligned": not_aligned.reshape(X.shape),
        "read-only": read_only,
        "objects": X.astype(object),
        "lists": X.tolist(),
        "tuples": tuple(map(tuple, X.tolist())),
        "long double": X.astype(np.longdouble),
        "a mask that hides nothing": np.ma.masked_array(X, mask=False),
    }


@of(MATRIX + TABLE)
@pytest.mark.parametrize("form", right())
def test_odd_forms_give_the_same_bits(estimator, form):
    same(estimator, X, right()[form])


@of(MATRIX + TABLE)
def test_files_mapped_into_memory_give_the_same_bits(estimator, tmp_path):
    np.save(tmp_path / "x.npy", X)
    same(estimator, X, np.load(tmp_path / "x.npy", mmap_mode="r"))


@of(MATRIX + TABLE)
def test_strides_of_0(estimator):
    rows = np.broadcast_to(X[:, :1], (60, 3))
    same(estimator, rows.copy(), rows)


@of(MATRIX + TABLE)
def test_targets_of_odd_forms_give_the_same_bits(estimator):
    y = targets(estimator)
    for form in (y.astype(object), y.tolist(), pd.Series(y), np.repeat(y, 3)[::3], y[::-1].copy()[::-1]):
        same(estimator, X, X, form)


def same(estimator, rows, others, y=None):
    expected = clone(estimator).fit(rows, targets(estimator))
    found = clone(estimator).fit(others, targets(estimator) if y is None else y)
    assert found.core_.digest() == expected.core_.digest()
    assert np.array_equal(found.predict(others), expected.predict(rows))


def among(values, value):
    values = np.array(values, dtype=object)
    values[3] = value
    return values


WRONG_TARGETS = {
    "None": (lambda y: None, "target y is None"),
    "too short": (lambda y: y[:-1], r"\[60, 59\]"),
    "empty": (lambda y: y[:0], r"\[60, 0\]|0 sample"),
    "three dimensions": (lambda y: np.zeros((60, 2, 2)), "dim 3"),
    "a number": (lambda y: 3.0, "shape|dimension"),
    "None in a cell": (lambda y: among(y, None), "row 3 is missing"),
    "NaN among objects": (lambda y: among(y, np.nan), "row 3 is missing"),
    "None in a second column": (lambda y: np.column_stack([y, among(y, None)]), "row 3 is missing|should be a 1d array"),
    "pandas NA": (lambda y: pd.Series(among(y, pd.NA)), "row 3 is missing"),
    "NaN": (lambda y: np.where(np.arange(60) == 3, np.nan, VALUES), "y contains NaN"),
    "NaT": (lambda y: np.where(VALUES > 0, np.datetime64("NaT"), np.datetime64("2024-01-01")), "missing|dates"),
    "infinity": (lambda y: np.where(np.arange(60) == 3, np.inf, VALUES), "infinity"),
    "infinity among objects": (lambda y: among(y, np.inf), "inf"),
    "masked cells": (lambda y: np.ma.masked_array(np.arange(60), mask=VALUES > 0), "masked"),
    "complex": (lambda y: VALUES + 1j, "omplex"),
    "sparse": (lambda y: sparse.csr_matrix(VALUES.reshape(-1, 1)), r"toarray\(\)"),
    "a dict": (lambda y: {"a": 1}, "shape|dimension"),
    "bytes": (lambda y: np.where(VALUES > 0, b"a", b"b"), "bytes|convert"),
    "words and numbers": (lambda y: among(np.arange(60) % 3, "red"), "words and other labels|'red'"),
}


@of(MATRIX + TABLE)
@pytest.mark.parametrize("case", WRONG_TARGETS)
def test_wrong_targets(estimator, case):
    change, words = WRONG_TARGETS[case]
    with pytest.raises((ValueError, TypeError), match=words):
        clone(estimator).fit(X, change(targets(estimator)))


@of([MATRIX[0], TABLE[0]])
def test_classes_are_no_measurements_and_more_than_one(estimator):
    with pytest.raises(ValueError, match="continuous"):
        clone(estimator).fit(X, VALUES)
    with pytest.raises(ValueError, match="only one class, 'a'"):
        clone(estimator).fit(X, np.full(60, "a"))


@of([MATRIX[0], TABLE[0]])
@pytest.mark.parametrize(
    "labels, words",
    [(["", "a", "b"], "label '', which is a gap"), ([" ", "a", "b"], "which is a gap")]
    + [(["a ", "a", "b"], "two classes have the same text: 'a' and 'a '"), (["\ud800", "a", "b"], "no Unicode")],
)
def test_labels_that_a_table_cannot_tell_apart(estimator, labels, words):
    with pytest.raises(ValueError, match=words):
        clone(estimator).fit(X, labels * 20)


@of([MATRIX[1], TABLE[1]])
def test_numbers_are_no_words_and_no_dates(estimator):
    with pytest.raises(ValueError, match="above"):
        clone(estimator).fit(X, CLASSES)
    with pytest.raises(TypeError, match="dates"):
        clone(estimator).fit(X, pd.date_range("2024-01-01", periods=60))


WRONG_WEIGHTS = {
    "negative": (np.where(np.arange(60) == 3, -1.0, 1.0), "[Nn]egative"),
    "NaN": (np.where(np.arange(60) == 3, np.nan, 1.0), "NaN"),
    "infinite": (np.where(np.arange(60) == 3, np.inf, 1.0), "infinity"),
    "None in a cell": (among(np.ones(60), None), "NaN"),
    "too short": (np.ones(59), "59"),
    "two dimensions": (np.ones((60, 1)), "1D"),
    "all 0": (np.zeros(60), "zero|weight 0"),
    "masked cells": (np.ma.masked_array(np.ones(60), mask=VALUES > 0), "masked"),
    "words": (np.full(60, "a"), "convert"),
    "complex": (np.ones(60) * 1j, "omplex"),
}


@of(MATRIX + TABLE)
@pytest.mark.parametrize("case", WRONG_WEIGHTS)
def test_wrong_weights(estimator, case):
    weights, words = WRONG_WEIGHTS[case]
    with pytest.raises((ValueError, TypeError), match=words):
        clone(estimator).fit(X, targets(estimator), sample_weight=weights)


@of(TABLE)
def test_wrong_groups(estimator):
    parts = np.arange(60) // 5
    for groups, words in (
        (np.arange(59), "60, 59"),
        (np.ones((60, 2)), "groups"),
        (np.zeros(60), "one group"),
        (among(parts, None), "row 3 is missing"),
        (among(parts, np.nan), "row 3 is missing"),
        (np.ma.masked_array(parts, mask=VALUES > 0), "groups is a MaskedArray"),
        (sparse.csr_matrix(parts), "groups is a csr_matrix"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            clone(estimator).fit(X, targets(estimator), groups=groups)


FRAME = pd.DataFrame(X, columns=list("abc"))
WRONG_ROWS = {
    "fewer columns": (X[:, :2], "2 features.* 3"),
    "more columns": (np.hstack([X, X]), "6 features.* 3"),
    "no rows": (X[:0], "0 sample"),
    "one dimension": (X[0], "1D"),
    "sparse": (sparse.csr_matrix(X), r"toarray\(\)"),
    "words": (changed("red"), "red"),
    "infinity": (changed(np.inf), "infinity"),
    "complex": (X + 1j, "omplex"),
    "dates": (np.full((3, 3), np.datetime64("2024-01-01")), "dates"),
    "masked": (np.ma.masked_array(X, mask=X > 1), "masked"),
}
WRONG_FRAMES = {
    "a column too few": (FRAME[["a", "b"]], "now missing"),
    "a column too many": (FRAME.assign(d=1.0), "unseen at fit"),
    "other names": (FRAME.rename(columns=str.upper), "unseen at fit"),
    "another order": (FRAME[["b", "a", "c"]], "same order"),
    "words": (FRAME.assign(b="red"), "column [\"']b[\"'].*red"),
    "dates": (FRAME.assign(b=pd.Timestamp("2024-01-01")), "column [\"']b[\"'].*dates"),
}


@pytest.mark.parametrize("estimator", MATRIX + TABLE, ids=lambda value: type(value).__name__)
def test_wrong_rows_to_predict(estimator):
    for rows, wrong in ((X, WRONG_ROWS), (FRAME, WRONG_FRAMES)):
        model = clone(estimator).fit(rows, targets(estimator))
        for case, (others, words) in wrong.items():
            with pytest.raises((ValueError, TypeError), match=words):
                model.predict(others)
                pytest.fail(f"{case}: this was predicted")


@of(MATRIX + TABLE)
def test_an_array_has_the_columns_of_the_frame_that_was_learned_from(estimator):
    model = clone(estimator).fit(FRAME, targets(estimator))
    with pytest.warns(UserWarning, match="feature names"):
        assert np.array_equal(model.predict(X), model.predict(FRAME))


WORDS = pd.DataFrame({"color": ["red", "blue", "green"] * 20, "n": X[:, 0], "day": pd.date_range("2024-01-01", periods=60)})


def objects(*cells):
    column = np.empty(60, dtype=object)
    column[:] = list(cells) * (60 // len(cells))
    return column


NO_CELLS = {
    "dates of Python": (objects(datetime.date(2024, 1, 1), None), "pd.to_datetime", "dates or times"),
    "dates of NumPy": (objects(np.datetime64("2024-01-01"), None), "pd.to_datetime", "dates or times"),
    "spans of NumPy": (objects(np.timedelta64(1, "s"), None), "string or a number", "dates or times"),
    "bytes": (objects(b"a", b"b"), "bytes b'a'", "b'a'"),
    "a number that no float holds": (objects(10**400, 1), "too large for a float", "too large for a float"),
    "no Unicode": (objects("\ud800", "a"), "no Unicode", "string to float"),
    "pandas NA": (objects(pd.NA, 1.0), None, "fill them"),
    "NaN of NumPy": (objects(np.float32("nan"), np.float32(1)), None, "fill them"),
}


@pytest.mark.parametrize("case", NO_CELLS)
def test_cells_of_objects(case):
    cells, of_table, of_matrix = NO_CELLS[case]
    frame = pd.DataFrame({"c": pd.Series(cells, dtype=object), "n": X[:, 0]})
    for rows in (frame, frame.to_numpy()):
        for estimator, words in ((TABLE[1], of_table), (MATRIX[1], of_matrix)):
            if words is None:
                clone(estimator).fit(rows, VALUES).predict(rows)
                continue
            with pytest.raises((ValueError, TypeError), match=words):
                clone(estimator).fit(rows, VALUES)


ARROW = {
    "timestamps": (pa.array([datetime.datetime(2024, 1, 1), None] * 30), None, "dates or times"),
    "dates of 64 bits": (pa.array([datetime.date(2024, 1, 1), None] * 30, pa.date64()), "date64", "dates or times"),
    "spans": (pa.array([datetime.timedelta(1), None] * 30), "duration", "dates or times"),
    "words": (pa.array(["a", "b"] * 30), None, "column 'c' of X holds 'a'.*Tabular"),
    "lists": (pa.array([[1], [2]] * 30), "list<", "column 'c' of X is of type list<"),
    "bytes": (pa.array([b"a", b"b"] * 30), "binary", "b'a'"),
    "nothing": (pa.nulls(60), None, "fill them"),
    "whole numbers above 2**53": (pa.array([2**63, None] * 30, pa.uint64()), None, "fill them"),
}


@pytest.mark.parametrize("case", ARROW)
def test_columns_of_pyarrow(case):
    cells, of_table, of_matrix = ARROW[case]
    table = pa.table({"c": cells, "n": X[:, 0]})
    with pytest.raises((ValueError, TypeError), match=of_matrix):
        clone(MATRIX[1]).fit(table, VALUES)
    if of_table is None:
        clone(TABLE[1]).fit(table, VALUES).predict(table)
        return
    with pytest.raises((ValueError, TypeError), match=of_table):
        clone(TABLE[1]).fit(table, VALUES)


DAYS = pd.date_range("2024-01-01", periods=60)


@pytest.mark.parametrize(
    "column",
    [
        DAYS.tz_localize("Europe/Berlin"),
        pd.Series(DAYS).mask(VALUES > 0).astype("timestamp[us][pyarrow]"),
        pd.Series(DAYS).mask(VALUES > 0).astype("timestamp[us][pyarrow]").astype("date32[pyarrow]"),
    ],
    ids=["time zone", "pyarrow", "days of pyarrow"],
)
def test_dates_of_pandas(column):
    frame = pd.DataFrame({"day": column, "n": X[:, 0]})
    model = clone(TABLE[1]).fit(frame, VALUES)
    ((_, (seconds,)), _) = model._table(frame, reset=False)
    assert np.nanmax(np.abs(seconds - pd.Series(DAYS).astype("datetime64[s]").astype(int))) <= 3600
    model.predict(frame)


def test_categories_are_words_even_if_they_are_numbers():
    codes = np.arange(60) % 3
    words = clone(TABLE[1]).fit(pd.DataFrame({"c": codes.astype(str), "n": X[:, 0]}), VALUES)
    of_pandas = pd.DataFrame({"c": pd.Categorical(codes), "n": X[:, 0]})
    of_pyarrow = pa.table({"c": pa.array(codes).dictionary_encode(), "n": X[:, 0]})
    for frame in (of_pandas, of_pyarrow):
        assert clone(TABLE[1]).fit(frame, VALUES).core_.digest() == words.core_.digest()


@of(TABLE)
def test_lists_keep_numbers_beside_words(estimator):
    color = np.where(X[:, 1] > 0, "red", "blue")
    rows = [[number, word] for number, word in zip(X[:, 0].tolist(), color.tolist())]
    listed = clone(estimator).fit(rows, targets(estimator))
    frame = pd.DataFrame({"x0": X[:, 0], "x1": color})
    assert listed.core_.digest() == clone(estimator).fit(frame, targets(estimator)).core_.digest()


@of(TABLE)
def test_columns_without_names_have_an_order(estimator):
    numbered = pd.DataFrame(X)
    for rows, others in ((X, numbered), (numbered, X), (FRAME, numbered)):
        model = clone(estimator).fit(rows, targets(estimator))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert np.array_equal(model.predict(others), model.predict(rows))


@of(MATRIX + TABLE)
def test_names_of_polars_have_an_order(estimator):
    frame = pl.DataFrame(X, schema=list("abc"))
    model = clone(estimator).fit(frame, targets(estimator))
    assert list(model.feature_names_in_) == list("abc")
    for others, words in ((frame.select("b", "a", "c"), "same order"), (frame.drop("c"), "now missing")):
        with pytest.raises(ValueError, match=words):
            model.predict(others)


@of(MATRIX + TABLE)
def test_names_that_are_no_unicode(estimator):
    with pytest.raises(ValueError, match="no Unicode"):
        names = pd.Index(["\ud800", "b", "c"], dtype=object)
        clone(estimator).fit(pd.DataFrame(X, columns=names), targets(estimator))


# A fit that fails, and what others see of one that runs.


def of_another_kind(estimator):
    """Targets that change all that a fit makes."""
    is_classifier = estimator in (MATRIX[0], TABLE[0])
    return np.where(VALUES > 0, "left", "right") if is_classifier else np.column_stack([VALUES, VALUES])


@of(MATRIX + TABLE)
def test_a_fit_that_fails_changes_nothing(estimator):
    model = clone(estimator).fit(FRAME, targets(estimator))
    expected, digest = model.predict(FRAME), model.core_.digest()

    def interrupt(_):
        raise KeyboardInterrupt

    for change in ({"callback": interrupt}, {"callback": None, "n_jobs": 0}):
        with pytest.raises((KeyboardInterrupt, ValueError)):
            model.set_params(**change).fit(FRAME[["a", "b"]].to_numpy(), of_another_kind(estimator))
        model.set_params(n_jobs=None)
        assert np.array_equal(model.predict(FRAME), expected) and model.core_.digest() == digest


@of(MATRIX + TABLE)
def test_the_model_of_before_predicts_while_a_fit_runs(estimator):
    model = clone(estimator).fit(X, targets(estimator))
    expected, seen = model.predict(X), []
    model.set_params(callback=lambda _: seen.append(np.array_equal(model.predict(X), expected)))
    thread = threading.Thread(target=model.fit, args=(X[:, :2], of_another_kind(estimator)))
    thread.start()
    thread.join()
    assert seen and all(seen)
    assert model.predict(X[:, :2]).shape == of_another_kind(estimator).shape


@of(MATRIX + TABLE)
def test_a_callback_may_fit(estimator):
    other, model = clone(estimator), clone(estimator)

    def fit(_):
        other.fit(X[:, :2], of_another_kind(estimator))
        if not hasattr(model, "core_"):
            clone(model).set_params(callback=None).fit(X, targets(estimator))

    model.set_params(callback=fit).fit(X, targets(estimator))
    assert model.core_.digest() == clone(estimator).fit(X, targets(estimator)).core_.digest()


# The arrays are read where they are, in another thread.
@of(MATRIX)
def test_an_array_cannot_be_resized_while_it_is_read(estimator):
    rows, weights = X.copy(), np.linspace(1, 2, len(X))
    expected = clone(estimator).fit(rows, targets(estimator), sample_weight=weights)

    def shrink(_):
        for array in (rows, weights):
            with pytest.raises(ValueError, match="resize"):
                array.resize(1, refcheck=False)

    model = clone(estimator).set_params(callback=shrink).fit(rows, targets(estimator), sample_weight=weights)
    assert model.core_.digest() == expected.core_.digest()
    rows.resize(1, refcheck=False)


@of(MATRIX)
def test_a_first_partial_fit_that_fails_leaves_no_model(estimator):
    model = clone(estimator).set_params(hidden=[0])
    options = {"classes": ["above", "below"]} if estimator is MATRIX[0] else {}
    with pytest.raises(ValueError, match="hidden"):
        model.partial_fit(X, targets(estimator), **options)
    assert not hasattr(model, "n_features_in_") and not hasattr(model, "classes_")
    model.set_params(hidden=[3]).partial_fit(X, targets(estimator), **options)


@pytest.mark.parametrize("classes", [["above"], [], ["above", None], [["above", "below"]], 5])
def test_wrong_classes_of_partial_fit(classes):
    with pytest.raises((ValueError, TypeError)):
        AnnClassifier().partial_fit(X, CLASSES, classes=classes)


@of(MATRIX)
def test_what_goes_on_has_the_same_layers(estimator):
    options = {"classes": ["above", "below"]} if estimator is MATRIX[0] else {}
    model = clone(estimator).partial_fit(X, targets(estimator), **options).set_params(hidden=[3])
    with pytest.raises(ValueError, match="settings and the data describe 3 → 3 .*clone"):
        model.partial_fit(X, targets(estimator))


@of(MATRIX + TABLE)
def test_wrong_rows_of_a_check(estimator):
    model, y = clone(estimator).fit(X, targets(estimator)), targets(estimator)
    is_classifier = estimator in (MATRIX[0], TABLE[0])
    for rows, wanted, words in (
        (X, y[:-1], r"\[60, 59\]"),
        (X, None, "y is None"),
        (None, y, "NoneType|None"),
        ((row for row in X), y, "generator"),
        (X[:0], y[:0], "0 sample"),
        (X[:, :2], y, "2 features"),
        (X, np.full(60, "other"), "'other'"),
        (X, among(y, None), "row 3 is missing"),
        (X, np.column_stack([y, y]), "1d array" if is_classifier else "2 columns, expected 1"),
        (X, np.full(60, np.inf), "inf"),
        (sparse.csr_matrix(X), y, "toarray"),
        (X, sparse.csr_matrix(VALUES), "toarray"),
    ):
        with pytest.raises((ValueError, TypeError), match=words) as caught:
            model.check_gradient(rows, wanted)
        assert "::" not in str(caught.value) and "line" not in str(caught.value)


@of(MATRIX + TABLE)
def test_a_check_takes_the_first_rows(estimator):
    # Slices of these would go by labels.
    labels = np.arange(60.0)[::-1] * 10
    frame, y = FRAME.set_index(labels), pd.Series(targets(estimator), index=labels)
    model = clone(estimator).fit(frame, y)
    assert str(model.check_gradient(frame, y)) == str(model.check_gradient(FRAME, targets(estimator)))


def test_wrong_coverages():
    for model, method in (
        (AnnRegressor(validation=0.3, **QUICK).fit(X, VALUES), "predict_interval"),
        (clone(TABLE[1]).fit(X, VALUES), "predict_interval"),
        (clone(TABLE[0]).fit(X, CLASSES), "predict_set"),
    ):
        for coverage in (0, 1, -1, np.nan, np.inf, "a", None, True, [0.9], np.array([0.5, 0.9])):
            with pytest.raises(ValueError, match="coverage="):
                getattr(model, method)(X, coverage)


# Files.


@of(MATRIX + TABLE)
def test_files_keep_settings_of_every_type(estimator, tmp_path):
    changes = {
        "hidden": (np.array([5]), (5,)),
        "epochs": (np.int64(3), 3),
        "weight_decay": (np.float32(0.5), 0.5),
        "stop_below": (-np.inf, -np.inf),
        "class_weight": ({0: 2.0, np.int64(1): np.float32(1)}, {0: 2.0, 1: 1.0}),
        "random_state": (np.uint8(3), 3),
    }
    changes = {name: change for name, change in changes.items() if name in estimator.get_params()}
    model = clone(estimator).set_params(**{name: value for name, (value, _) in changes.items()})
    model.fit(X, (VALUES > 0).astype(int)).save(tmp_path / "model.ann")
    found = ann.load(tmp_path / "model.ann").get_params()
    assert {name: found[name] for name in changes} == {name: value for name, (_, value) in changes.items()}


@of([MATRIX[0], TABLE[0]])
@pytest.mark.parametrize("kind", ["datetime64[D]", "timedelta64[s]", np.longdouble, bool, ">i4", np.uint64, "U3"])
def test_files_keep_labels_of_every_type(estimator, kind, tmp_path):
    y = (VALUES > 0).astype(int).astype(kind)
    try:
        model = clone(estimator).fit(X, y)
    except ValueError as error:
        pytest.fail(str(error)) if "Unknown label type" not in str(error) else pytest.skip(str(error))
    model.save(tmp_path / "model.ann")
    again = ann.load(tmp_path / "model.ann")
    assert again.classes_.dtype == model.classes_.dtype and np.array_equal(again.predict(X), model.predict(X))


def test_places_that_are_no_files(tmp_path):
    model = clone(MATRIX[0]).fit(X, CLASSES)
    with open(tmp_path / "open", "w+b") as file:
        for place in (file.fileno(), None, 3.5, file, object()):
            with pytest.raises(TypeError, match="os.PathLike"):
                ann.load(place)
            with pytest.raises(TypeError, match="os.PathLike"):
                model.save(place)
        # It was not closed.
        file.write(b"a")
    with pytest.raises(OSError):
        ann.load(tmp_path)
    with pytest.raises(ValueError, match="open: "):
        ann.load(tmp_path / "open")
    model.save(os.fsencode(tmp_path / "bytes.ann"))
    ann.load(os.fsencode(tmp_path / "bytes.ann"))


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": "Estimator"},
        {"estimator": 5},
        {"estimator": "AnnRegressor"},
        {"parameters": {"a setting of a later version": 1}},
        {"parameters": [1]},
        {"kept": {"core_": 5}},
        {"kept": {"classes_": {"dtype": "zzz", "values": [1]}}},
        {"kept": {"classes_": {"dtype": "<U5", "values": ["above"]}}},
        {"kept": {}},
    ],
    ids=str,
)
def test_files_of_unknown_estimators(change, tmp_path):
    core = clone(MATRIX[0]).fit(X, CLASSES)._with_provenance()
    made = json.loads(core.provenance)["python"]
    for says in ({**made, **change}, {name: value for name, value in made.items() if name not in change}):
        core.with_provenance(json.dumps({"python": says})).save(tmp_path / "model.ann")
        with pytest.raises(ValueError, match="model.ann: .*does not understand"):
            ann.load(tmp_path / "model.ann")


@of(TABLE)
def test_words_that_were_not_learned_count_as_other_words(estimator):
    model = clone(estimator).fit(WORDS, targets(estimator))
    method = getattr(model, "predict_proba", model.predict)
    violet = method(WORDS.assign(color="violet"))
    assert np.array_equal(violet, method(WORDS.assign(color=pd.Categorical(["orange"] * 60))))
    assert np.isfinite(violet).all()


@of(TABLE)
def test_columns_keep_the_kind_that_was_learned(estimator):
    model = clone(estimator).fit(WORDS, targets(estimator))
    for name, cell, words in (
        ("color", 1.0, "column \"color\" holds numbers, expected categories"),
        ("n", "x", "column \"n\", row 0: found \"x\", expected a number"),
        ("day", "soon", "column \"day\", row 0: found \"soon\", expected a date"),
        ("day", 3.0, "column \"day\" holds numbers, expected dates"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            model.predict(WORDS.assign(**{name: cell}))
        # No advice for Rust.
        assert "Reader" not in str(caught.value)


@of(TABLE)
def test_a_table_without_information(estimator):
    with pytest.raises(ValueError, match='"a" .constant.; `keep` keeps'):
        clone(estimator).fit(pd.DataFrame({"a": [1] * 60}), targets(estimator))


WRONG_SETTINGS = {
    "hidden": [[0], "wide", 3.5, [-1]],
    "activation": ["swish", 3],
    "optimizer": ["sgd", 3],
    "learning_rate": [-1.0, np.inf, "fast"],
    "schedule": ["x"],
    "batch_size": [0, "all"],
    "epochs": [0, 1.5],
    "l2": [-1.0, np.nan],
    "weight_decay": [-1.0],
    "scale": ["x"],
    "validation": [0.0, 1.0, "a fifth"],
    "patience": [0],
    "gain": [-1.0],
    "precision": ["float16"],
    "random_state": [-1, "a"],
    "n_jobs": [0],
    "stop_below": ["a"],
    "networks": [0],
    "budget": [-1.0],
    "ignore": [["no such column"]],
    "keep": [["no such column"]],
    "smoothing": [1.0],
    "class_weight": ["x", {"abvoe": 2.0}, {"above": None}, {"above": "twice"}],
    "loss": ["hinge"],
}
# What no setting is; the error names the setting as the package calls it.
NO_SETTING = [object(), b"x", [["a"]], {"a": 1}, np.array([[1.5]]), pd.NA, 2**70, 10**400, np.nan, -np.inf, "", "no"]
# A number is a number whatever its size; the engine, and not the package, says which are too large.
ANY = {name: [2**70] for name in ("learning_rate", "weight_decay", "gain", "l2")} | {"stop_below": [2**70, -np.inf]}
NO_EFFECT = ["momentum"]


@of(MATRIX + TABLE)
def test_wrong_settings_are_named(estimator):
    for name, values in WRONG_SETTINGS.items():
        for value in values if name in estimator.get_params() else []:
            with pytest.raises((ValueError, TypeError)) as caught:
                clone(estimator).set_params(**{name: value}).fit(X, targets(estimator))
            assert "Reader" not in str(caught.value) and "::" not in str(caught.value), (name, value)


@of(MATRIX + TABLE)
def test_no_setting_is_taken_as_another(estimator):
    for name in sorted(set(estimator.get_params()) - set(NO_EFFECT)):
        for value in NO_SETTING:
            known = ANY.get(name, []) + ([{"a": 1}] if name == "class_weight" and estimator is TABLE[1] else [])
            if any(type(value) is type(other) and value == other for other in known):
                continue
            with pytest.raises((ValueError, TypeError)) as caught:
                clone(estimator).set_params(**{name: value}).fit(X, targets(estimator))
                pytest.fail(f"{name}={value!r} was taken")
            assert re.search(rf"\b{name}\b|{OTHER_NAMES.get(name, name)}", str(caught.value)), (name, value, caught.value)


# How the engine calls some settings.
OTHER_NAMES = {"weight_decay": "weight decay", "time": 'no column "'}


@of([MATRIX[0], TABLE[0]])
def test_classes_without_a_factor_have_1_if_all_others_are_known(estimator):
    for weight in ({"above": 2.0}, {"above": 2.0, "below": 1.0, "in another fold": 3.0}):
        clone(estimator).set_params(class_weight=weight).fit(X, CLASSES)


@of(MATRIX + TABLE)
def test_no_hidden_layers_are_an_empty_tuple(estimator):
    with pytest.raises(ValueError, match=r"hidden='none', .* \(\) for a linear model"):
        clone(estimator).set_params(hidden="none").fit(X, targets(estimator))
    clone(estimator).set_params(hidden=()).fit(X, targets(estimator))


@of(MATRIX)
def test_findings_name_settings_of_python(estimator):
    findings = clone(estimator).set_params(scale="none").fit(X * [1e5, 1.0, 1.0], targets(estimator)).findings_
    assert any('scale="standard"' in finding for finding in findings) and "::" not in str(findings)


@of(MATRIX)
def test_numbers_that_are_too_large_for_a_training(estimator):
    with pytest.raises(ArithmeticError, match="scale features"):
        clone(estimator).set_params(scale="none").fit(X * 1e307, targets(estimator))
    with pytest.raises(ValueError, match="float32"):
        clone(estimator).set_params(precision="float32").fit(X * 1e100, targets(estimator))


@of(MATRIX)
def test_too_few_rows_are_held_out(estimator):
    with pytest.raises(ValueError, match="hold out a larger share"):
        clone(estimator).set_params(validation=0.1).fit(X[:4], targets(estimator)[:4])


@of(MATRIX)
def test_a_network_that_no_memory_holds(estimator):
    with pytest.raises(MemoryError, match="narrower layers"):
        clone(estimator).set_params(hidden=[10**9, 10**9]).fit(X, targets(estimator))


@of(MATRIX)
def test_warm_start_and_partial_fit_need_the_same_columns(estimator):
    model = clone(estimator).set_params(warm_start=True).fit(X, targets(estimator))
    with pytest.raises(ValueError, match="3 features"):
        model.partial_fit(X[:, :2], targets(estimator))
    with pytest.raises(ValueError, match="network is 3"):
        model.fit(X[:, :2], targets(estimator))


def test_classes_of_partial_fit_and_warm_start():
    with pytest.raises(ValueError, match="needs classes"):
        AnnClassifier().partial_fit(X, CLASSES)
    with pytest.raises(ValueError, match="'above', which is none of the classes"):
        AnnClassifier().partial_fit(X, CLASSES, classes=["below", "beside"])
    with pytest.raises(ValueError, match="first call"):
        AnnClassifier().partial_fit(X, CLASSES, classes=["above", "below"]).partial_fit(X, CLASSES, classes=["a", "b"])
    with pytest.raises(ValueError, match="those before were"):
        AnnClassifier(epochs=1, warm_start=True).fit(X, CLASSES).fit(X, np.where(VALUES > 0, "a", "b"))


@of(MATRIX + TABLE)
def test_files_that_cannot_be_written_or_read(estimator, tmp_path):
    model = clone(estimator).fit(X, targets(estimator))
    with pytest.raises(OSError, match="no such folder"):
        model.save(tmp_path / "no such folder" / "model.ann")
    with pytest.raises(OSError):
        ann.load(tmp_path / "no such file.ann")
    for text in (b"", b"no model", model.core_.to_bytes()[:-1], model.core_.to_bytes() + b" "):
        (tmp_path / "wrong.ann").write_bytes(text)
        with pytest.raises(ValueError):
            ann.load(tmp_path / "wrong.ann")


@pytest.mark.parametrize("is_in_thread", [True, False])
def test_a_panic_is_an_exception_that_asks_for_a_report(is_in_thread):
    with pytest.raises(RuntimeError, match="please report"):
        _ann._panic(is_in_thread)
    # Afterwards all is well.
    AnnClassifier(**QUICK).fit(X, CLASSES)
