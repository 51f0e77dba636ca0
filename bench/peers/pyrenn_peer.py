"""pyrenn: networks in numpy that learn by the method of Levenberg and Marquardt."""

import contextlib
import io
from importlib.metadata import version

import numpy as np
import pyrenn

from workloads import RUN, Skip

VERSION = version("pyrenn")


def prepare(workload, problem, threads):
    if workload.unit != RUN or workload.optimizer != "levenberg-marquardt":
        raise Skip("it learns by Levenberg–Marquardt only")
    rows, x = workload.rows, problem.x.T
    # Its error is the sum of the squares, and its loop over rows is in Python.
    network = make_network(workload, problem.layers)
    data, network = pyrenn.prepare_data(x, problem.y, network)
    jacobian, error, residuals = pyrenn.RTRL(network, data)
    losses = [error / rows]
    network["w"] = network["w"] - workload.rate * 2 / rows * (jacobian.T @ residuals)
    losses.append(pyrenn.calc_error(network, data) / rows)

    def run(times):
        for _ in range(times):
            network = make_network(workload, problem.layers)
            # It prints how it ended.
            with contextlib.redirect_stdout(io.StringIO()):
                below = workload.below * rows
                network = pyrenn.train_LM(x, problem.y, network, k_max=workload.epochs, E_stop=below)
            data, _ = pyrenn.prepare_data(x, problem.y, network)
        return {"epochs": len(network["ErrorHistory"]), "loss": pyrenn.calc_error(network, data) / rows}

    return [float(loss) for loss in losses], run


def make_network(workload, layers):
    network = pyrenn.CreateNN(list(workload.widths))
    # Layer by layer each W column by column, then b.
    network["w"] = np.concatenate([np.concatenate([weights.ravel("F"), bias]) for weights, bias in layers])
    return network
