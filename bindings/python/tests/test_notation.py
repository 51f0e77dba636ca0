"""Columns of texts that look like dates or numbers: `fit` warns, and an error says how to convert."""

import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ann import TabularClassifier, TabularRegressor

ROWS = 60
RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=ROWS)
CLASSES = np.where(VALUES > 0, "above", "below")
DAYS = pd.Series(pd.date_range("2021-05-03", periods=ROWS, freq="11D"))
QUICK = dict(networks=1, epochs=2)


def warned(cells, frame=pd.DataFrame, **settings):
    """The messages of a fit on the cells, in a column of the name Datum."""
    X = frame({"Datum": cells, "n": VALUES})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        TabularClassifier(**QUICK, **settings).fit(X, CLASSES)
    assert all(warning.category is UserWarning and warning.filename == __file__ for warning in caught)
    return [str(warning.message) for warning in caught]


def repeated(*cells):
    return [cells[row % len(cells)] for row in range(ROWS)]


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d", "%m/%d/%Y"])
def test_texts_that_look_like_dates(form):
    assert warned(DAYS.dt.strftime(form).tolist()) == [
        'column "Datum" holds texts that look like dates, which are words here: pd.to_datetime makes dates of them'
    ]


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y"])
def test_dates_with_the_day_first(form):
    (message,) = warned(DAYS.dt.strftime(form).tolist())
    assert "look like dates" in message and message.endswith("pd.to_datetime(..., dayfirst=True) makes dates of them")
    pd.to_datetime(DAYS.dt.strftime(form), dayfirst=True)


@pytest.mark.parametrize(
    "cells",
    [
        ("1.234,56", "99,00", "7"),
        ("12,5%", "3%", "0,5 %"),
        ("€ 12", "€ 1.200", "-€ 3"),
        ("12 €", "7,50 €", "1 250,00 €"),
        ("1,234,567", "2,500", "12"),
        ("1'234.50", "CHF 12", "99"),
        ("$12.50", "$1,300.00", "-$4"),
    ],
)
def test_texts_that_look_like_numbers_in_another_notation(cells):
    (message,) = warned(repeated(*cells))
    assert message.startswith('column "Datum" holds texts that look like numbers, such as "')


@pytest.mark.parametrize(
    "cells",
    [
        ("red", "blue", "green"),
        ("01069", "10115", "80331"),
        ("1", "2", "3.5"),
        ("10.0.0.1", "192.168.2.1", "8.8.8.8"),
        ("1.2.3", "10.4.17", "2.0.0"),
        ("030 123 456", "612 345 678", "0171 555 123"),
        ("12-34", "3/4", "A 12"),
        ("2021-99-99", "9999/88/77", "no"),
        ("2024-02-29", "soon", "never"),
        (True, False, None),
        (None, None, "red"),
    ],
)
def test_words_and_codes_are_silent(cells):
    assert warned(repeated(*cells)) == []


def test_a_few_other_texts_and_gaps_change_nothing():
    cells = DAYS.dt.strftime("%Y-%m-%d").tolist()
    cells[::4] = [None] * len(cells[::4])
    cells[1], cells[2] = "unknown", ""
    assert len(warned(cells)) == 1


def test_dates_and_columns_that_are_ignored_are_silent():
    assert warned(DAYS.tolist()) == []
    assert warned(DAYS.dt.strftime("%Y-%m-%d").tolist(), ignore=["Datum"]) == []


def test_polars_and_arrays():
    texts = DAYS.dt.strftime("%Y-%m-%d").tolist()
    assert "str.to_datetime makes" in warned(texts, pl.DataFrame)[0]
    with pytest.warns(UserWarning, match='column "x1" holds texts that look like dates'):
        TabularRegressor(**QUICK).fit(np.array([VALUES.tolist(), texts], dtype=object).T, VALUES)


def test_many_words_are_looked_at_quickly():
    from ann._notation import warn_of_texts

    words = [f"word {row}" for row in range(1_000_000)]
    start = time.perf_counter()
    warn_of_texts([("words", words)], None, stacklevel=1)
    assert time.perf_counter() - start < 0.5


LEARNED = pd.DataFrame({"day": DAYS, "n": VALUES, "zip": repeated("01069", "10115", "80331")})
TEXTS = DAYS.dt.strftime("%d.%m.%Y")


@pytest.mark.parametrize(
    "name, cells, converted",
    [
        ("day", DAYS.dt.strftime("%Y-%m-%d"), 'X["day"] = pd.to_datetime(X["day"])'),
        ("day", TEXTS, 'X["day"] = pd.to_datetime(X["day"], dayfirst=True)'),
        ("day", ["soon"] * ROWS, 'X["day"] = pd.to_datetime(X["day"], errors="coerce")'),
        ("n", [str(value) for value in VALUES], 'X["n"] = pd.to_numeric(X["n"])'),
        ("n", ["-1.234,5"] * ROWS, 'X["n"] = pd.to_numeric(X["n"].str.replace(".", "").str.replace(",", "."))'),
        ("n", repeated("1.5", "n.a."), 'X["n"] = pd.to_numeric(X["n"], errors="coerce")'),
        ("zip", [1069, 10115, 80331] * 20, 'X["zip"] = X["zip"].astype("string")'),
    ],
)
def test_an_error_says_how_to_convert(name, cells, converted):
    model = TabularClassifier(**QUICK).fit(LEARNED, CLASSES)
    X = LEARNED.assign(**{name: cells})
    with pytest.raises(ValueError) as caught:
        model.predict(X)
    zeros = ' (pd.read_csv with dtype={"zip": str} also keeps zeros at the front)' if name == "zip" else ""
    assert str(caught.value).endswith(f": {converted}{zeros}")
    exec(converted, {"pd": pd, "X": X})
    model.predict(X)


@pytest.mark.parametrize(
    "name, cells",
    [
        ("day", DAYS.dt.strftime("%Y-%m-%d")),
        ("n", ["-1.234,5"] * ROWS),
        ("n", repeated("1.5", "n.a.")),
        ("zip", [1069, 10115, 80331] * 20),
    ],
)
def test_an_error_of_polars_says_how_to_convert(name, cells):
    model = TabularClassifier(**QUICK).fit(LEARNED, CLASSES)
    X = pl.from_pandas(LEARNED.assign(**{name: cells}))
    with pytest.raises(ValueError, match=r": X = X\.with_columns") as caught:
        model.predict(X)
    names = {"pl": pl, "X": X}
    exec(str(caught.value).split(": ")[-1], names)
    model.predict(names["X"])
