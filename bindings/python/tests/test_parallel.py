"""The same bits with any number of threads, in other processes, and in pickles that go there and back."""

import multiprocessing
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from ann import AnnClassifier, AnnRegressor, TabularClassifier, TabularRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
VALUES = X[:, 0] * X[:, 1] + RNG.normal(0, 0.1, 400)
CLASSES = np.where(VALUES > 0, "above", "below")

ESTIMATORS = [
    AnnClassifier(epochs=20, validation=0.2),
    AnnRegressor(epochs=20),
    TabularClassifier(networks=2, epochs=5),
    TabularRegressor(networks=2, epochs=5),
]
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda value: type(value).__name__)


def targets(estimator):
    return CLASSES if hasattr(estimator, "predict_proba") else VALUES


def fit(estimator, seed):
    """The SHA-256 of the model's file, and its predictions."""
    model = clone(estimator).set_params(random_state=seed).fit(X, targets(estimator))
    return model.core_.digest(), model.predict(X)


def same(left, right):
    return len(left) == len(right) and all(
        digest == other and np.array_equal(values, others) for (digest, values), (other, others) in zip(left, right)
    )


@pytest.fixture(scope="module")
def dask_client():
    """Dask's cluster on this machine: two processes."""
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(params=["loky", "multiprocessing", "threading", "dask"])
def backend(request):
    """A way of joblib to do several things at once."""
    if request.param == "dask":
        request.getfixturevalue("dask_client")
    with joblib.parallel_config(backend=request.param, n_jobs=2):
        yield request.param


@each_estimator
def test_threads_change_no_bit(estimator):
    alone, together = (fit(clone(estimator).set_params(n_jobs=n_jobs), 0) for n_jobs in (1, 2))
    assert same([alone], [together])


@each_estimator
def test_seeds_change_bits(estimator):
    assert not same([fit(estimator, 0)], [fit(estimator, 1)])


def test_joblib_changes_no_bit(backend):
    serial = [fit(estimator, seed) for estimator in ESTIMATORS for seed in range(2)]
    work = [joblib.delayed(fit)(estimator, seed) for estimator in ESTIMATORS for seed in range(2)]
    assert same(serial, joblib.Parallel()(work))


def test_threads_inside_of_processes_change_no_bit(backend):
    inner = [clone(estimator).set_params(n_jobs=2) for estimator in ESTIMATORS]
    serial = [fit(estimator, 0) for estimator in ESTIMATORS]
    assert same(serial, joblib.Parallel()(joblib.delayed(fit)(estimator, 0) for estimator in inner))


@each_estimator
def test_dask_fits_and_returns_estimators(dask_client, estimator):
    here = clone(estimator).fit(X, targets(estimator))
    there = dask_client.submit(lambda: clone(estimator).fit(X, targets(estimator))).result(timeout=120)
    assert there.core_.digest() == here.core_.digest()
    assert np.array_equal(there.predict(X), here.predict(X))


@pytest.mark.parametrize("backend_of_search", ["loky", "threading"])
@each_estimator
def test_cross_validation_changes_no_bit(estimator, backend_of_search):
    y = targets(estimator)
    serial = cross_val_score(estimator, X, y, cv=3)
    with joblib.parallel_config(backend=backend_of_search):
        assert np.array_equal(cross_val_score(estimator, X, y, cv=3, n_jobs=2), serial)


@pytest.mark.parametrize("estimator", [ESTIMATORS[0], ESTIMATORS[3]], ids=lambda value: type(value).__name__)
def test_a_grid_search_changes_no_bit(estimator, backend):
    y, grid = targets(estimator), {"hidden": [(4,), (8, 4)], "activation": ["relu", "tanh"]}
    serial, parallel = (GridSearchCV(estimator, grid, cv=3, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    for split in range(3):
        score = f"split{split}_test_score"
        assert np.array_equal(parallel.cv_results_[score], serial.cv_results_[score])
    assert parallel.best_params_ == serial.best_params_
    assert parallel.best_estimator_.core_.digest() == serial.best_estimator_.core_.digest()


# The parent has trained with threads before. A child that is forked has no such threads, and may not wait.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@each_estimator
def test_pickles_go_to_other_processes_and_back(estimator, method):
    estimator = clone(estimator).set_params(n_jobs=2)
    model = clone(estimator).fit(X, targets(estimator))
    assert model.check_gradient(X[:20], targets(estimator)[:20]).passed
    found = in_process(method, answer, pickle.dumps(model))
    assert found["gradient is right"]
    assert np.array_equal(found["predicted"], model.predict(X))
    assert found["digest"] == found["digest of another fit"] == model.core_.digest()
    assert pickle.loads(found["pickle"]).core_.digest() == model.core_.digest()


def answer(pickled):
    model = pickle.loads(pickled)
    again = clone(model).fit(X, targets(model))
    return {
        "predicted": model.predict(X),
        "digest": model.core_.digest(),
        "digest of another fit": again.core_.digest(),
        "pickle": pickle.dumps(again),
        "gradient is right": again.check_gradient(X[:20], targets(model)[:20]).passed,
    }


def in_process(method, function, *arguments):
    context = multiprocessing.get_context(method)
    here, there = context.Pipe()
    process = context.Process(target=send, args=(there, function, arguments))
    process.start()
    try:
        assert here.poll(60), f"no answer from a process that was made by {method}"
        return here.recv()
    finally:
        process.kill()
        process.join()


def send(pipe, function, arguments):
    pipe.send(function(*arguments))


def test_a_model_goes_on_where_it_was_in_another_process():
    here = AnnRegressor()
    for _ in range(4):
        here.partial_fit(X, VALUES)
    there = AnnRegressor().partial_fit(X, VALUES).partial_fit(X, VALUES)
    there = pickle.loads(in_process("spawn", two_more, pickle.dumps(there)))
    assert np.array_equal(there.core_.parameters(), here.core_.parameters())


def two_more(pickled):
    return pickle.dumps(pickle.loads(pickled).partial_fit(X, VALUES).partial_fit(X, VALUES))
