"""The interface of the course."""

import numpy as np
import pytest

from ann.course import ANNClassification, ANNRegression

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def test_the_four_corners():
    fitted = ANNClassification(units=[3], lambda_=0.0).fit(X, [0, 1, 1, 0])
    assert np.abs(fitted.predict(X) - [[1, 0], [0, 1], [0, 1], [1, 0]]).max() < 0.01


def test_a_plane():
    fitted = ANNRegression(units=[10], lambda_=0.0).fit(X, [0, 1, 2, 3])
    assert np.abs(fitted.predict(X) - [0, 1, 2, 3]).max() < 0.01


def test_weights_have_the_biases_in_the_last_row():
    fitted = ANNClassification(units=[10, 5], activation_functions=["sigmoid", "relu"], epochs=5).fit(np.ones((4, 2)) * X, [0, 1, 1, 0])
    assert [layer.shape for layer in fitted.weights()] == [(3, 10), (11, 5), (6, 2)]
    # The forward pass by hand.
    a = X
    for layer, function in zip(fitted.weights(), [lambda z: 1 / (1 + np.exp(-z)), lambda z: np.maximum(z, 0), np.exp]):
        a = function(np.hstack([a, np.ones((4, 1))]) @ layer)
    np.testing.assert_allclose(fitted.predict(X), a / a.sum(axis=1, keepdims=True), rtol=1e-12)


def test_a_name_for_each_layer():
    with pytest.raises(ValueError, match="2 names for 1 hidden layers"):
        ANNClassification(units=[3], activation_functions=["tanh", "relu"]).fit(X, [0, 1, 1, 0])


@pytest.mark.parametrize("network", [ANNClassification, ANNRegression])
def test_wrong_inputs(network):
    y = [0, 1, 1, 0]
    for rows, wanted, words in (
        (X[:, 0], y, r"X has the shape \(4,\)"),
        (X.reshape(1, 4, 2), y, "X has the shape"),
        (None, y, "X is a NoneType"),
        (X + 1j, y, "complex"),
        (np.ma.masked_array(X, mask=X > 0), y, "masked"),
        (np.array(X, "M8[D]"), y, "dates"),
        ([["red"]] * 4, y, "red"),
        (X, None, "y is None"),
        (X, [0, None, 1, 0], "row 1 is missing"),
        (X, np.array(y) + 1j, "complex"),
        (X, [0.0, np.inf, 1.0, 0.0], "inf|float64"),
        (X, y[:3], "3 targets"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            network(epochs=3).fit(rows, wanted)
    fitted = network(epochs=3).fit(X, y)
    for rows in (X[0], None, X * np.inf, np.ones((2, 3))):
        with pytest.raises((ValueError, TypeError)), np.errstate(invalid="ignore"):
            fitted.predict(rows)


@pytest.mark.parametrize("network", [ANNClassification, ANNRegression])
def test_wrong_settings(network):
    for name, values in {
        "units": [[0], [-1], "ab", None, [2.5], [2**70], [True]],
        "lambda_": ["x", -1, np.nan, None],
        "activation_functions": ["swish", None, [None], 5],
        "learning_rate": ["x", 0, np.nan],
        "epochs": [-1, 2.5, "x", 2**70],
        "seed": [-1, 2.5, "x", None],
    }.items():
        for value in values:
            with pytest.raises(ValueError):
                network(**{"epochs": 3, name: value}).fit(X, [0, 1, 1, 0])
                pytest.fail(f"{name}={value!r} was taken")


def test_two_classes_are_needed():
    with pytest.raises(ValueError, match="only one class, 1"):
        ANNClassification(epochs=3).fit(X, [1, 1, 1, 1])
