"""AnnClassifier and AnnRegressor."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from ann import AnnClassifier, AnnRegressor, load

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]


def same(left, right):
    return np.array_equal(left.core_.parameters(), right.core_.parameters())


def test_learns_iris():
    model = AnnClassifier().fit(X, NAMES)
    assert model.score(X, NAMES) > 0.97
    assert list(model.classes_) == ["setosa", "versicolor", "virginica"]
    assert np.allclose(model.predict_proba(X).sum(axis=1), 1)


def test_learns_diabetes():
    X, y = load_diabetes(return_X_y=True)
    assert AnnRegressor(hidden=[8], l2=0.01).fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.4


def test_threads_give_the_same_bits():
    assert same(AnnClassifier(n_jobs=1, epochs=30).fit(X, y), AnnClassifier(n_jobs=2, epochs=30).fit(X, y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_that_of_x(dtype):
    model = AnnClassifier(epochs=20).fit(X.astype(dtype), y)
    assert model.predict_proba(X.astype(dtype)).dtype == dtype
    assert model.core_.precision == np.dtype(dtype).name


@pytest.mark.parametrize("form", ["fortran", "strided", "reversed", "big-endian", "read-only", "list"])
def test_the_form_of_an_array_does_not_matter(form):
    forms = {
        "fortran": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "reversed": X[::-1][::-1],
        "big-endian": X.astype(">f8"),
        "read-only": _read_only(X),
        "list": X.tolist(),
    }
    assert same(AnnClassifier(epochs=20).fit(forms[form], y), AnnClassifier(epochs=20).fit(X, y))


def _read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def test_a_weight_is_a_number_of_copies():
    weights = np.arange(len(X)) % 3
    copies = np.repeat(np.arange(len(X)), weights)
    weighted = AnnClassifier(epochs=50, batch_size=None).fit(X, y, sample_weight=weights)
    repeated = AnnClassifier(epochs=50, batch_size=None).fit(X[copies], y[copies])
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-7)


def test_warm_start_goes_on():
    settings = dict(scale="none", optimizer="descent", schedule="constant")
    model = AnnClassifier(epochs=50, warm_start=True, **settings).fit(X, y)
    model.fit(X, y)
    assert same(model, AnnClassifier(epochs=100, **settings).fit(X, y))


def test_partial_fit_goes_on_with_the_optimizers_memory():
    settings = dict(scale="none", batch_size=None)
    model = AnnClassifier(**settings)
    for _ in range(30):
        model.partial_fit(X, y, classes=[0, 1, 2])
    assert same(model, AnnClassifier(epochs=30, schedule="constant", **settings).fit(X, y))


def test_a_pickle_in_the_middle_of_partial_fit_loses_no_bit():
    straight, pickled = AnnRegressor(), AnnRegressor()
    for step in range(6):
        straight.partial_fit(X[:, :3], X[:, 3])
        pickled.partial_fit(X[:, :3], X[:, 3])
        pickled = pickle.loads(pickle.dumps(pickled))
    assert same(straight, pickled)


def test_pickle_and_joblib(tmp_path):
    model = AnnClassifier(epochs=20, validation=0.2).fit(X, NAMES)
    joblib.dump(model, tmp_path / "model")
    for again in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model")):
        assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
        assert again.history_[0]["best_epoch"] == model.history_[0]["best_epoch"]
        assert np.array_equal(again.loss_curve_, model.loss_curve_)


def test_save_and_load(tmp_path):
    for model, target in ((AnnClassifier(epochs=20), y), (AnnRegressor(epochs=20, validation=0.2), X[:, 0])):
        model.fit(X, target).save(tmp_path / "model.ann")
        again = load(tmp_path / "model.ann")
        assert type(again) is type(model) and again.get_params() == model.get_params()
        assert np.array_equal(again.predict(X), model.predict(X))
        assert again.predict(X).dtype == model.predict(X).dtype


def test_intervals_cover():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (4000, 2))
    y = X[:, 0] + rng.normal(0, 0.5, 4000)
    model = AnnRegressor(hidden=[8], validation=0.25, epochs=20).fit(X[:2000], y[:2000])
    low, high = model.predict_interval(X[2000:], coverage=0.8).T
    # 500 rows were held out: the coverage has the standard deviation √(0.8 · 0.2 (1/500 + 1/2000)) = 0.02.
    assert 0.74 < np.mean((low <= y[2000:]) & (y[2000:] <= high)) < 0.86


def test_a_callback_sees_and_ends():
    seen = []
    model = AnnClassifier(callback=lambda record: seen.append(record) or record["epoch"] == 4).fit(X, y)
    assert [record["epoch"] for record in seen] == [0, 1, 2, 3, 4]
    assert np.array_equal([record["loss"] for record in seen], model.loss_curve_[:5])
    assert model.n_iter_ == 5


def test_an_exception_in_a_callback_is_raised():
    def fail(record):
        raise ZeroDivisionError("as planned")

    with pytest.raises(ZeroDivisionError, match="as planned"):
        AnnClassifier(callback=fail).fit(X, y)


def test_html_shows_curves():
    assert "<svg" in AnnClassifier(epochs=5).fit(X, y)._repr_html_()
