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
