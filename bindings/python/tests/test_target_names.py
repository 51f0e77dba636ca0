"""A model has the name of its target, so that a file finds the column in other tables."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from ann import AnnClassifier, AnnRegressor, TabularClassifier, TabularRegressor, load

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["a", "b", "weights"])
VALUES = X["a"].to_numpy() - X["b"].to_numpy()
PLANS = np.where(VALUES > 0, "gold", "basic")

CLASSIFIERS = [AnnClassifier(epochs=3), TabularClassifier(networks=2, epochs=3)]
REGRESSORS = [AnnRegressor(epochs=3), TabularRegressor(networks=2, epochs=3)]


def of(estimators):
    return pytest.mark.parametrize("estimator", estimators, ids=lambda value: type(value).__name__)


def names(estimator, y, X=X, **options):
    return clone(estimator).fit(X, y, **options).core_.targets


@of(CLASSIFIERS)
def test_names_of_classes(estimator):
    assert names(estimator, pd.Series(PLANS, name="plan")) == ["plan"]
    assert names(estimator, pl.Series("plan", PLANS)) == ["plan"]
    for y in (PLANS, PLANS.tolist(), pd.Series(PLANS), pd.Series(PLANS, name=3), pl.Series(PLANS)):
        assert names(estimator, y) == ["class"]


@of(REGRESSORS)
def test_names_of_numbers(estimator):
    assert names(estimator, pd.Series(VALUES, name="price")) == ["price"]
    assert names(estimator, pl.Series("price", VALUES)) == ["price"]
    assert names(estimator, pd.DataFrame({"price": VALUES})) == ["price"]
    two = pd.DataFrame({"price": VALUES, "name": -VALUES})
    for frame in (two, pl.from_pandas(two), pa.Table.from_pandas(two)):
        assert names(estimator, frame) == ["price", "name"]
    assert names(estimator, VALUES) == names(estimator, pd.Series(VALUES)) == ["y"]
    assert names(estimator, two.to_numpy()) == names(estimator, pd.DataFrame(two.to_numpy())) == ["y0", "y1"]


@of(CLASSIFIERS + REGRESSORS)
def test_the_name_of_a_column_of_X_gets_an_underscore(estimator):
    y = pd.Series(PLANS if estimator in CLASSIFIERS else VALUES, name="a")
    assert names(estimator, y) == ["a_"]


@of(CLASSIFIERS + REGRESSORS)
def test_a_target_may_be_called_weights(estimator):
    y = pd.Series(PLANS if estimator in CLASSIFIERS else VALUES, name="weights")
    assert names(estimator, y, X[["a", "b"]], sample_weight=np.ones(60)) == ["weights"]


@of(CLASSIFIERS + REGRESSORS)
def test_names_change_no_number_and_stay_in_files_pickles_and_clones(estimator, tmp_path):
    y = pd.Series(PLANS if estimator in CLASSIFIERS else VALUES, name="plan")
    model = clone(estimator).fit(X, y)
    model.save(tmp_path / "model.ann")
    without = clone(model).fit(X, y.to_numpy())
    for again in (load(tmp_path / "model.ann"), pickle.loads(pickle.dumps(model)), clone(model).fit(X, y)):
        assert again.core_.targets == ["plan"]
        assert np.array_equal(again.predict(X), without.predict(X))
    assert model.check_gradient(X[:10], y[:10])
    assert np.isfinite(cross_val_score(estimator, X, y, cv=3)).all()


@of([CLASSIFIERS[0], REGRESSORS[0]])
def test_partial_fit_keeps_the_first_name(estimator):
    y = pd.Series(PLANS if estimator in CLASSIFIERS else VALUES, name="plan")
    model = clone(estimator)
    model.partial_fit(X, y, **({"classes": ["basic", "gold"]} if estimator in CLASSIFIERS else {}))
    assert model.partial_fit(X, y.to_numpy()).core_.targets == ["plan"]
