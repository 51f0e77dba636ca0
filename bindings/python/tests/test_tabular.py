"""TabularClassifier and TabularRegressor."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ann import AnnRegressor, TabularClassifier, TabularRegressor, load

RNG = np.random.default_rng(0)
ROWS = 300
SIZE = RNG.normal(size=ROWS)
COLOR = np.array(["red", "blue", "green"], dtype=object)[RNG.integers(0, 3, ROWS)]
DAY = np.datetime64("2024-01-01") + RNG.integers(0, 700, ROWS)
FRAME = pd.DataFrame({"size": SIZE, "color": COLOR, "day": DAY, "is_new": RNG.random(ROWS) < 0.5})
FRAME.loc[::7, "size"] = np.nan
FRAME.loc[::11, "color"] = None
Y = np.where((SIZE > 0) ^ (COLOR == "red"), "yes", "no")
QUICK = dict(networks=2, epochs=30)


def test_learns_words_and_gaps():
    model = TabularClassifier(**QUICK).fit(FRAME, Y)
    assert model.score(FRAME, Y) > 0.85
    assert list(model.feature_names_in_) == ["size", "color", "day", "is_new"]


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_every_library_of_frames_gives_the_same_bits(convert):
    frame = FRAME.astype({"day": "datetime64[us]"})
    left, right = TabularClassifier(**QUICK).fit(frame, Y), TabularClassifier(**QUICK).fit(convert(frame), Y)
    assert np.array_equal(left.predict_proba(frame), right.predict_proba(convert(frame)))


def test_categories_and_words_are_the_same():
    frame = FRAME.astype({"color": "category"})
    left, right = TabularClassifier(**QUICK).fit(frame, Y), TabularClassifier(**QUICK).fit(FRAME, Y)
    assert np.array_equal(left.predict_proba(frame), right.predict_proba(FRAME))


def test_unknown_words_and_new_gaps_are_predicted():
    model = TabularClassifier(**QUICK).fit(FRAME, Y)
    rows = FRAME[:3].assign(color=["violet", None, "red"], size=[None, 1e9, 0.0])
    assert np.isfinite(model.predict_proba(rows)).all()


def test_columns_of_another_order_are_an_error():
    model = TabularClassifier(**QUICK).fit(FRAME, Y)
    with pytest.raises(ValueError, match="same order"):
        model.predict(FRAME[["color", "size", "day", "is_new"]])


def test_intervals_and_sets():
    model = TabularRegressor(**QUICK).fit(FRAME[["color", "day"]], SIZE + (COLOR == "red"))
    low, high = model.predict_interval(FRAME[["color", "day"]], coverage=0.9).T
    assert (low < high).all()
    sets = TabularClassifier(**QUICK).fit(FRAME, Y).predict_set(FRAME, coverage=0.95)
    assert sets.any(axis=1).all() and sets.dtype == bool


def test_files_and_pickles(tmp_path):
    model = TabularClassifier(**QUICK).fit(FRAME, Y)
    model.save(tmp_path / "model.ann")
    for again in (load(tmp_path / "model.ann"), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(again.predict_proba(FRAME), model.predict_proba(FRAME))
        assert again.get_params() == model.get_params()


def test_groups_and_weights():
    groups = np.arange(ROWS) // 10
    model = TabularClassifier(measure=True, **QUICK).fit(FRAME, Y, sample_weight=1.0 + (Y == "yes"), groups=groups)
    assert "accuracy" in model.report_


def test_several_numbers():
    y = np.column_stack([SIZE, -2 * SIZE])
    assert TabularRegressor(**QUICK).fit(FRAME, y).predict(FRAME).shape == (ROWS, 2)


@pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("is_of_program", [True, False])
def test_a_loaded_model_picks_its_columns(tmp_path, convert, is_of_program):
    model = TabularClassifier(**QUICK).fit(FRAME, Y)
    (model.core_ if is_of_program else model).save(tmp_path / "model.ann")
    again = load(tmp_path / "model.ann")
    more = FRAME.assign(plan=Y, when="soon")[["plan", "day", "is_new", "when", "size", "color"]]
    for loaded in (again, pickle.loads(pickle.dumps(again))):
        assert np.array_equal(loaded.predict_proba(convert(more)), model.predict_proba(FRAME))
        assert loaded.check_gradient(more[:5], Y[:5])
        with pytest.raises(ValueError, match="now missing"):
            loaded.predict(convert(more.drop(columns="day")))
    with pytest.raises(ValueError, match="unseen at fit"):
        again.fit(FRAME, Y).predict(convert(more))
    with pytest.raises(ValueError, match="unseen at fit"):
        model.predict(convert(more))


def test_the_report_names_settings_of_python():
    x = np.random.default_rng(1).normal(size=(300, 2))
    y = x @ [1.0, -2.0] + np.random.default_rng(2).normal(size=300)
    report = TabularRegressor(measure=True, **QUICK).fit(x, y).report_
    assert "linear model is" in report and "hidden=()" in report and "::" not in report


@pytest.mark.parametrize("model", [AnnRegressor(epochs=3), TabularRegressor(networks=2, epochs=3)], ids=repr)
def test_the_bar_of_progress_counts_the_epochs_of_all_networks(model, monkeypatch):
    counts = {}

    class Bar:
        def __init__(self, total, unit):
            counts["expected"], counts["found"] = total, 0

        def set_postfix(self, losses, refresh):
            assert "loss" in losses

        def update(self, count):
            counts["found"] += count

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    records, rows = [], np.linspace(0, 1, 60).reshape(-1, 1)
    model.set_params(progress=True, callback=records.append).fit(rows, rows[:, 0])
    assert counts["found"] == counts["expected"] == len(records)
    assert all(type(record[name]) is int for record in records for name in ("network", "epoch") if name in record)
