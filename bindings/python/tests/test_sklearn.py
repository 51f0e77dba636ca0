"""scikit-learn's own checks of estimators."""

import warnings

import pytest
from sklearn.utils.estimator_checks import check_estimator

import ann

# The recipe for tables holds rows out and makes mini-batches: there a row of weight 2 is one row, two copies
# are two. Its networks compute in single precision.
_WEIGHTS_ARE_NO_COPIES = {
    "check_sample_weight_equivalence_on_dense_data": "rows are held out by their number, whatever their weight",
}

ESTIMATORS = [
    (ann.AnnClassifier(), {}),
    (ann.AnnRegressor(), {}),
    (ann.TabularClassifier(), _WEIGHTS_ARE_NO_COPIES),
    (ann.TabularRegressor(), _WEIGHTS_ARE_NO_COPIES),
]


@pytest.mark.parametrize("estimator, expected", ESTIMATORS, ids=lambda value: type(value).__name__)
def test_checks(estimator, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert not failed, failed
    skipped = {result["check_name"] for result in results if result["status"] in ("skipped", "xfail")}
    assert skipped <= {*expected, "check_array_api_input", "check_estimators_fit_returns_self"}, skipped
    assert sum(result["status"] == "passed" for result in results) > 40
