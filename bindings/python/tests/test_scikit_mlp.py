"""scikit-learn's own tests of its multi-layer perceptrons, run with our estimators.

The tests are those of the installed scikit-learn. Its file is loaded once more, and what it imports as `MLPClassifier`
and `MLPRegressor` are two functions of this file, which make our estimators from scikit-learn's parameters.
"""

import importlib.util
from unittest import mock

import numpy as np
import pytest
import sklearn
import sklearn.neural_network

import ann

try:
    FILE = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
except ModuleNotFoundError:
    pytest.skip("scikit-learn was installed without its tests", allow_module_level=True)

# The version whose tests were sorted into the two lists below.
SORTED = (1, 9)

APPLY = {
    "test_alpha",
    "test_lbfgs_classification",
    "test_lbfgs_regression",
    "test_mlp_classifier_dtypes_casting",
    "test_mlp_loading_from_joblib_partial_fit",
    "test_mlp_param_dtypes",
    "test_mlp_regressor_dtypes_casting",
    "test_mlp_sample_weight_with_early_stopping",
    "test_mlp_vs_poisson_glm_equivalent",
    "test_multioutput_regression",
    "test_partial_fit_classes_error",
    "test_partial_fit_classification",
    "test_partial_fit_regression",
    "test_partial_fit_unseen_classes",
    "test_predict_proba_binary",
    "test_predict_proba_multiclass",
    "test_preserve_feature_names",
    "test_warm_start_full_iteration",
}

DO_NOT_APPLY = {
    "test_adaptive_learning_rate": "no rate is lowered when the loss is; it reads _optimizer",
    "test_early_stopping": "no tol; the held-out rows are recorded in history_, not in validation_scores_",
    "test_early_stopping_stratified": "too few rows are an error in other words; a class of one row is never held out",
    "test_fit": "it sets private attributes; steps from given weights: ann-train/tests/parity_cases.rs",
    "test_gradient": "it calls _loss_grad_lbfgs; our gradients are tested in test_gradcheck.py",
    "test_lbfgs_classification_maxfun": "no max_fun: epochs alone limit L-BFGS; no ConvergenceWarning, findings_ says it",
    "test_lbfgs_regression_maxfun": "as test_lbfgs_classification_maxfun",
    "test_learning_rate_warmstart": "no schedule invscaling; it reads _optimizer",
    "test_minimum_input_sample_size": "the words of the error; ours are in test_bad_input.py",
    "test_mlp_diverging_loss": "a diverging training is an ArithmeticError here, with the epoch and what to change",
    "test_mlp_early_stopping_string_labels": "the held-out rows are recorded in history_, not in validation_scores_",
    "test_mlp_partial_fit_after_fit": "partial_fit goes on after a fit that has held rows out; it holds none out",
    "test_mlp_warm_start_no_convergence": "no ConvergenceWarning, findings_ says it; no n_iter_no_change alone",
    "test_mlp_warm_start_with_early_stopping": "the held-out rows are recorded in history_, not in validation_scores_",
    "test_multilabel_classification": "several labels in a row are not learned",
    "test_n_iter_no_change": "no tol; it reads _no_improvement_count",
    "test_n_iter_no_change_inf": "no tol; it reads _no_improvement_count",
    "test_nonfinite_params": "the words of the error; ours are in test_bad_input.py",
    "test_partial_fit_errors": "partial_fit exists with every optimizer; the errors are in test_bad_input.py",
    "test_predict_proba_multilabel": "several labels in a row are not learned",
    "test_shuffle": "mini-batches are always shuffled",
    "test_sparse_matrices": "sparse matrices are an error that says how to convert them: test_bad_input.py",
    "test_tolerance": "no tol: a training ends after its epochs, or with validation or stop_below",
    "test_verbose_sgd": "no verbose: progress shows a bar, and callback sees each epoch",
    "test_warm_start": "the words of the error; ours are in test_bad_input.py",
}

# Values of parametrised tests that do not apply.
NOT_WITH = {"test_preserve_feature_names": "MLPClassifier"}  # all rows are of one class, which is an error here


def ours(estimator, parameters):
    """One of our estimators with what scikit-learn's parameters mean, and scikit-learn's defaults."""
    given = {"hidden_layer_sizes": (100,), "activation": "relu", "solver": "adam", "momentum": 0.9, **parameters}
    sgd = "nesterov" if given["momentum"] else "descent"
    own = {"loss": given.get("loss", "squared_error"), "scale_target": False} if estimator is ann.AnnRegressor else {}
    return estimator(
        hidden=np.atleast_1d(given["hidden_layer_sizes"]).tolist(),
        activation=given["activation"],
        optimizer=sgd if given["solver"] == "sgd" else given["solver"],
        learning_rate=given.get("learning_rate_init", 0.001),
        momentum=given["momentum"],
        batch_size=given.get("batch_size", "auto"),
        epochs=given.get("max_iter", 200),
        # It has no schedule by default, and no decay.
        schedule="constant",
        weight_decay=0.0,
        # scikit-learn's penalty is α / 2n, and these tests have some hundred rows.
        l2=given.get("alpha", 1e-4) / 200,
        # Its columns are learned as they are.
        scale="none",
        validation=given.get("validation_fraction", 0.1) if given.get("early_stopping") else None,
        patience=given.get("n_iter_no_change", 10),
        warm_start=given.get("warm_start", False),
        random_state=given.get("random_state"),
        **own,
    )


def MLPClassifier(**parameters):
    return ours(ann.AnnClassifier, parameters)


def MLPRegressor(**parameters):
    return ours(ann.AnnRegressor, parameters)


def loaded():
    """scikit-learn's file, for which our functions are its estimators."""
    module = importlib.util.module_from_spec(FILE)
    with mock.patch.multiple(sklearn.neural_network, MLPClassifier=MLPClassifier, MLPRegressor=MLPRegressor):
        FILE.loader.exec_module(module)
    return module


def without(test, name):
    """The test, without the parameters that are functions of this name."""
    for mark in test.pytestmark:
        names, values = mark.args
        values[:] = [value for value in values if getattr(value, "__name__", None) != name]
    return test


@pytest.fixture
def global_random_seed():
    """The seed of scikit-learn's tests, unless its own configuration says otherwise."""
    return 42


THEIRS = {name: value for name, value in vars(loaded()).items() if name.startswith("test_")}
for name in sorted(APPLY & set(THEIRS)):
    globals()[name] = without(THEIRS[name], NOT_WITH[name]) if name in NOT_WITH else THEIRS[name]


def test_every_test_of_scikit_learn_is_in_a_list():
    assert not APPLY & set(DO_NOT_APPLY)
    listed = APPLY | set(DO_NOT_APPLY)
    version = tuple(map(int, sklearn.__version__.split(".")[:2]))
    if version >= SORTED:
        assert not set(THEIRS) - listed, "tests that scikit-learn has gained: sort them into APPLY or DO_NOT_APPLY"
    if version == SORTED:
        assert not listed - set(THEIRS), "tests that scikit-learn does not have"
    # Older versions have fewer of them.
    assert len(APPLY & set(THEIRS)) >= 15
