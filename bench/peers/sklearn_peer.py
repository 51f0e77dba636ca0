"""scikit-learn's MLPClassifier and MLPRegressor, with plain gradient descent (momentum 0)."""

import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from workloads import DIFFERENCES, OUTPUTS, RUN, Skip

VERSION = sklearn.__version__
ACTIVATIONS = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}

# A run has a fixed number of epochs and is not expected to converge.
warnings.simplefilter("ignore", ConvergenceWarning)


def prepare(workload, problem, threads):
    if workload.unit == DIFFERENCES:
        raise Skip("it has no loss as a function of the parameters")
    if workload.unit == OUTPUTS:
        return inference(workload, problem)
    if workload.loss == "cross-entropy" and workload.widths[-1] == 2:
        raise Skip("for two classes it has one logistic output, another network")
    if workload.decay:
        raise Skip("its Adam has no decoupled decay")
    if workload.smoothing:
        raise Skip("it has no smoothed classes")
    if workload.below:
        raise Skip("it does not stop at a loss")
    trial = estimator(workload, problem, batch=workload.rows)
    losses = []
    for _ in range(2):
        losses.append(mean_loss(workload, problem, trial))
        trial.fit(problem.x, problem.y)
    return losses, lbfgs(workload, problem) if workload.unit == RUN else training(workload, problem)


def lbfgs(workload, problem):
    model = estimator(workload, problem, batch=workload.rows, solver="lbfgs")
    model.set_params(max_iter=workload.epochs, max_fun=100 * workload.epochs)

    def run(times):
        for _ in range(times):
            start_from(model, problem.layers)
            model.fit(problem.x, problem.y)
        # Its loss has a factor ½.
        return {"epochs": int(model.n_iter_), "loss": 2 * float(model.loss_)}

    return run


def training(workload, problem):
    model = estimator(workload, problem, batch=workload.batch or workload.rows)

    def run(epochs):
        model.set_params(max_iter=epochs).fit(problem.x, problem.y)

    return run


def inference(workload, problem):
    # A regressor's prediction is its raw output.
    targets = np.zeros((workload.rows, workload.widths[-1]), workload.dtype)
    model = estimator(workload, problem, batch=workload.rows, y=targets)
    total = float(model.predict(problem.x).sum(dtype=float))

    def run(calls):
        for _ in range(calls):
            model.predict(problem.x)

    return [total, total], run


def estimator(workload, problem, batch, y=None, solver="sgd"):
    """An estimator that starts from the workload's initial weights and continues with each `fit`."""
    regression = workload.loss == "squared error" or y is not None
    model = (MLPRegressor if regression else MLPClassifier)(
        hidden_layer_sizes=workload.widths[1:-1],
        activation=ACTIVATIONS[workload.hidden],
        solver=solver,
        momentum=0,
        # Its squared error has a factor ½, so the learning rate is doubled. It must be positive, even if
        # nothing is trained.
        learning_rate_init=(workload.rate or 0.1) * (2 if workload.loss == "squared error" else 1),
        # Its penalty is alpha / 2n ‖W‖², ours λ‖W‖².
        alpha=2 * workload.l2 * workload.rows,
        batch_size=batch,
        shuffle=bool(workload.batch) and batch < workload.rows,
        random_state=np.random.RandomState(0),
        warm_start=True,
        max_iter=1,
        tol=0,
        n_iter_no_change=np.inf,
    )
    # The first fit creates the weights, which are then replaced.
    model.fit(problem.x, problem.y if y is None else y)
    start_from(model, problem.layers)
    return model


def start_from(model, layers):
    model.coefs_ = [weights.T.copy() for weights, _ in layers]
    model.intercepts_ = [bias.copy() for _, bias in layers]


def mean_loss(workload, problem, model):
    if workload.loss == "squared error":
        return float(np.mean((model.predict(problem.x) - problem.y) ** 2))
    of_class = model.predict_proba(problem.x)[np.arange(workload.rows), problem.y]
    return float(-np.log(of_class, dtype=float).mean())
