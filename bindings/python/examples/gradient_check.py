"""The gradient of a loss that was written by hand is checked, with its mistake and without it.

It prints:

    with the mistake: fail
    corrected: pass
"""

import numpy as np

import ann

rng = np.random.default_rng(0)
X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)


def loss(at):
    """Mean cross-entropy of a logistic regression, with a penalty on its weights but not on its bias."""
    z = X @ at["weights"] + at["bias"]
    return np.mean(np.logaddexp(0, z) - y * z) + 0.1 * np.sum(at["weights"] ** 2)


def gradient(at, penalty=0.2):
    difference = 1 / (1 + np.exp(-(X @ at["weights"] + at["bias"]))) - y
    return {"weights": X.T @ difference / len(y) + penalty * at["weights"], "bias": difference.mean()}


def wrong(at):
    """The derivative of the penalty lacks its factor 2."""
    return gradient(at, penalty=0.1)


point = {"weights": [0.5, -1.0, 0.2], "bias": 0.1}
report = ann.gradcheck(loss, wrong, point)
print("with the mistake:", report.verdict)
# The report names the entries: those of the weights, and not the bias.
assert "weights[0]" in str(report) and "bias:" not in str(report)
print("corrected:", ann.gradcheck(loss, gradient, point).verdict)
