"""scipy: its minimisers of a function, whose values and derivatives numpy computes.

L-BFGS is `minimize(method="L-BFGS-B")`, in C. Levenberg–Marquardt is `least_squares(method="lm")`: MINPACK.
"""

import numpy as np
import scipy
from scipy.optimize import least_squares, minimize

from numpy_peer import Objective
from workloads import HISTORY, RUN, Skip

VERSION = scipy.__version__


class Done(Exception):
    """Raised where a run ends, because MINPACK has no call-back between its steps."""


def prepare(workload, problem, threads):
    if workload.unit != RUN or not workload.searches:
        raise Skip("it has no mini-batches and no other rules of descent: it minimises functions")
    objective = Objective(workload, problem)
    start = objective.start()
    before, gradient = objective.value_and_gradient(start)
    after = objective.value_and_gradient(start - workload.rate * gradient)[0]
    minimise = {"l-bfgs": lbfgs, "levenberg-marquardt": levenberg_marquardt}[workload.optimizer]

    def run(times):
        for _ in range(times):
            end = minimise(workload, objective, start)
        return end

    return [before, after], run


def lbfgs(workload, objective, start):
    def stop(intermediate_result):
        if intermediate_result.fun < workload.below:
            raise StopIteration

    most = 100 * workload.epochs
    options = {"maxiter": workload.epochs, "maxfun": most, "maxcor": HISTORY, "ftol": 0, "gtol": 0}
    found = minimize(
        objective.value_and_gradient, start, jac=True, method="L-BFGS-B", options=options, callback=stop
    )
    return {"epochs": found.nit, "loss": float(found.fun)}


def levenberg_marquardt(workload, objective, start):
    # `least_squares` computes the first Jacobian matrix twice, and one for each step after it.
    end = {"epochs": -1, "loss": np.inf}

    def residuals(theta):
        e = objective.residuals(theta)
        end["loss"] = float(e @ e) / e.size
        if end["loss"] < workload.below:
            raise Done
        return e

    def jacobian(theta):
        if end["epochs"] == workload.epochs:
            raise Done
        end["epochs"] += 1
        return objective.jacobian(theta)

    try:
        tolerances = dict.fromkeys(["ftol", "xtol", "gtol"], np.finfo(float).eps * 2)
        least_squares(residuals, start, jacobian, method="lm", max_nfev=100 * workload.epochs, **tolerances)
    except Done:
        pass
    return end
