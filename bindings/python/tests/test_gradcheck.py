"""ann.gradcheck."""

import numpy as np
import pytest

import ann

X = np.array([[1.0, 2.0], [-1.0, 0.5], [0.3, -0.7]])
Y = np.array([1.0, -1.0, 0.5])


def loss(at):
    return np.mean((X @ at["w"] + at["b"] - Y) ** 2)


def gradient(at):
    residual = 2 * (X @ at["w"] + at["b"] - Y) / len(Y)
    return {"w": X.T @ residual, "b": residual.sum()}


POINT = {"w": [0.3, -0.2], "b": 0.1}


def test_a_right_gradient_passes():
    report = ann.gradcheck(loss, gradient, POINT)
    assert report and report.verdict == "pass"
    report.raise_if_wrong()


def test_a_wrong_entry_is_named():
    def wrong(at):
        return {**gradient(at), "w": gradient(at)["w"] * [1.0, 1.00001]}

    report = ann.gradcheck(loss, wrong, POINT)
    assert report.verdict == "fail"
    assert "w[1]" in str(report) and "w[0]: analytic" not in str(report)
    assert report.to_dict()["verdict"] == "fail"
    with pytest.raises(AssertionError, match=r"w\[1\]"):
        report.raise_if_wrong()


def test_matrices_have_places():
    report = ann.gradcheck(lambda p: (p**3).sum(), lambda p: 2 * p**2, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert "θ[1, 1]" in str(report)


def test_exceptions_are_raised():
    with pytest.raises(KeyError):
        ann.gradcheck(lambda p: {}["no"], lambda p: p, [1.0])
    with pytest.raises(ValueError, match="shape"):
        ann.gradcheck(lambda p: p[0] ** 2, lambda p: [1.0, 2.0], [1.0])
    with pytest.raises(TypeError):
        ann.gradcheck(lambda p: "text", lambda p: p, [object()])


@pytest.mark.parametrize("estimator", [ann.AnnClassifier(epochs=20), ann.TabularClassifier(epochs=5, networks=2)])
def test_the_gradients_of_a_classifier_pass(estimator):
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    assert estimator.fit(X, y).check_gradient(X[::5], y[::5]).passed


@pytest.mark.parametrize("estimator", [ann.AnnRegressor(epochs=20), ann.TabularRegressor(epochs=5, networks=2)])
def test_the_gradients_of_a_regressor_pass(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    y = X @ rng.normal(size=(3, 2))
    assert estimator.fit(X, y).check_gradient(X[:20], y[:20]).passed


def square(point):
    return float(np.sum(np.square(point)))


def twice(point):
    return 2 * np.asarray(point)


@pytest.mark.parametrize(
    "arguments, options, words",
    [
        ((3, twice, [1.0]), {}, "value=3"),
        ((square, None, [1.0]), {}, "gradient=None"),
        ((square, twice, np.array([1j])), {}, "complex"),
        ((square, twice, np.ma.masked_array([1.0, 2.0], mask=[0, 1])), {}, "masked"),
        ((square, twice, None), {}, "None"),
        ((square, twice, [10**400]), {}, "too large"),
        ((square, twice, "abc"), {}, "at: θ"),
        ((lambda p: None, twice, [1.0]), {}, "the value is None"),
        ((lambda p: 1j, twice, [1.0]), {}, "the value is complex"),
        ((lambda p: [1.0, 2.0], twice, [1.0]), {}, "one number"),
        ((square, lambda p: twice(p) + 0j, [1.0]), {}, "the gradient of θ is complex"),
        ((square, lambda p: np.ma.masked_array(twice(p), mask=True), [1.0]), {}, "masked"),
        ((lambda at: 1.0, lambda at: None, {"a": 1.0}), {}, "expected a dict"),
        ((lambda at: 1.0, lambda at: {"a": 0.0, "b": 1.0}, {"a": 1.0}), {}, "entry 'b'"),
        ((square, twice, [1.0]), {"tolerance": "x"}, "tolerance="),
        ((square, twice, [1.0]), {"seed": -1}, "seed="),
        ((square, twice, [1.0]), {"seed": 2**70}, "seed="),
        ((square, twice, [1.0, 2.0]), {"names": "ab"}, "names="),
        ((square, twice, [1.0, 2.0]), {"names": ["\ud800", "b"]}, "no Unicode"),
    ],
)
def test_wrong_arguments(arguments, options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        ann.gradcheck(*arguments, **options)


def test_names_of_a_point_may_be_any():
    assert ann.gradcheck(lambda at: at[0] ** 2, lambda at: {0: 2 * at[0]}, {0: 3.0}, names=[7]).passed
    assert ann.gradcheck(lambda at: np.array([at[0] ** 2]), lambda at: {0: 2 * at[0]}, {0: 3.0}).passed
