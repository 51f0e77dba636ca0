"""Records methods that search: the iterates of PyTorch's L-BFGS, and the minima that SciPy's Levenberg-Marquardt (MINPACK)
finds.

The rows are those of the optimizers.  The penalty λ Σ‖W‖² is part of what is minimised.
"""

import numpy as np
import torch
from scipy.optimize import least_squares

from common import flat, initial_network, round_parameters, squares_of_weights, write_csv
from optimizers import make_data

ITERATIONS = 40
L2 = 0.01


def record(out):
    record_lbfgs(out)
    record_least_squares(out)


# ---- L-BFGS ------------------------------------------------------------------------------------------------------


def record_lbfgs(out):
    """J before each iteration of two problems, and the parameters after some."""
    data = make_data()
    functions, objectives, parameters = torch.nn.functional, [], []
    for problem, outputs, loss, y in [
        ("classes", 3, functions.cross_entropy, data.classes),
        ("values", 2, functions.mse_loss, data.values),
    ]:
        network = start([3, 4, outputs], seed=outputs)
        objective = lambda: loss(network(data.x), y) + L2 * squares_of_weights(network)
        # No tolerance ends the search for a step early.
        lbfgs = torch.optim.LBFGS(
            network.parameters(), lr=1, max_iter=1, max_eval=100, history_size=10, line_search_fn="strong_wolfe",
            tolerance_grad=0, tolerance_change=0,
        )
        for iteration in range(ITERATIONS + 1):
            if iteration in [0, 1, 5, 10, 20, 40]:
                parameters += [(problem, iteration, *row) for row in enumerate(flat(network.parameters()))]
            objectives.append((problem, iteration, objective().item()))
            lbfgs.step(lambda: evaluate(lbfgs, objective))
    write_csv(out / "lbfgs_objective.csv", ["problem", "iteration", "objective"], objectives)
    write_csv(out / "lbfgs_parameters.csv", ["problem", "iteration", "index", "value"], parameters)


def start(widths, seed):
    network = initial_network(widths, torch.nn.Tanh, gain=1.0, seed=seed, bias=0.5)
    round_parameters(network)
    return network


def evaluate(optimizer, objective):
    optimizer.zero_grad()
    value = objective()
    value.backward()
    return value


# ---- Levenberg-Marquardt -----------------------------------------------------------------------------------------


def record_least_squares(out):
    """Start and minimum of J = Σ w ‖ŷ − y‖² / (m Σ w) + λ Σ‖W‖², which is the sum of squares of the residuals."""
    data, minima, parameters = make_data(), [], []
    targets = smooth_targets(data)
    for problem, hidden, outputs, weights, l2 in [
        ("one output", 1, 1, torch.ones(len(data.x)), 0.0),
        ("two outputs", 2, 2, data.weights, L2 / 10),
    ]:
        network = start([3, hidden, outputs], seed=1)
        before, y = flat(network.parameters()), targets[:, :outputs]
        found = least_squares(
            lambda theta: residuals(network, theta, data.x, y, weights, l2)[0], before,
            jac=lambda theta: residuals(network, theta, data.x, y, weights, l2)[1],
            method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=1000,
        )
        minima.append((problem, 2 * float(found.cost)))  # `cost` is half the sum of squares
        parameters += [(problem, i, *row) for i, row in enumerate(zip(before, map(float, found.x)))]
    write_csv(out / "least_squares_data.csv", ["y1", "y2"], targets.tolist())
    write_csv(out / "least_squares.csv", ["problem", "objective"], minima)
    write_csv(out / "least_squares_parameters.csv", ["problem", "index", "before", "after"], parameters)


def smooth_targets(data):
    """(24, 2): what a small network can learn, with an error of up to 0.06, so that the minimum is well determined."""
    slopes = torch.tensor([[0.8, 0.4], [-0.5, 0.6], [0.3, -0.7]])
    return torch.round(torch.tanh(data.x @ slopes + 0.2) + 0.1 * data.values, decimals=3)


def residuals(network, theta, x, y, weights, l2):
    """The residuals whose squares sum to J, and their Jacobian matrix."""
    names, shapes = zip(*((name, parameter.shape) for name, parameter in network.named_parameters()))
    roots = torch.sqrt(weights / (y.shape[1] * weights.sum())).unsqueeze(1)

    def of(theta):
        parts = torch.split(theta, [shape.numel() for shape in shapes])
        parts = dict(zip(names, (part.reshape(shape) for part, shape in zip(parts, shapes))))
        errors = roots * (torch.func.functional_call(network, parts, x) - y)
        penalty = [l2**0.5 * part.flatten() for name, part in parts.items() if name.endswith("weight")]
        return torch.cat([errors.flatten(), *penalty])

    theta = torch.from_numpy(np.asarray(theta, dtype=np.float64))
    return of(theta).numpy(), torch.func.jacrev(of)(theta).numpy()
