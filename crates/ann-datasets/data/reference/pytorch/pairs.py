"""Records every activation with every loss: first outputs, first loss, first gradient, and the parameters after five
updates.

The networks are small (2-3-2-outputs) and have the same six rows.  Initial parameters are rounded to three decimals.
"""

import itertools

import numpy as np
import torch

from common import ACTIVATIONS, flat, initial_network, round_parameters, write_csv

ROWS = 6
UPDATES = 5
LEARNING_RATE = 0.1
LEVELS = [0.2, 0.7]

functions = torch.nn.functional


def pinball(outputs, y):
    """Output column · 2 + i is the quantile of level i of a target column.  ρ(e) = max(τ e, (τ − 1) e)."""
    e = y.repeat_interleave(len(LEVELS), dim=1) - outputs
    levels = torch.tensor(LEVELS).repeat(y.shape[1])
    return torch.maximum(levels * e, (levels - 1) * e).mean()


# (name, outputs, columns of the targets in `pairs_data.csv`, mean loss)
LOSSES = [
    ("softmax cross-entropy", 3, ["class"], functions.cross_entropy),
    ("softmax cross-entropy with smoothing 0.1", 3, ["class"], torch.nn.CrossEntropyLoss(label_smoothing=0.1)),
    ("binary cross-entropy", 1, ["p1"], functions.binary_cross_entropy_with_logits),
    ("binary cross-entropy", 2, ["p1", "p2"], functions.binary_cross_entropy_with_logits),
    ("mean squared error", 2, ["y1", "y2"], functions.mse_loss),
    ("absolute error", 2, ["y1", "y2"], functions.l1_loss),
    ("Huber loss with δ = 0.5", 2, ["y1", "y2"], torch.nn.HuberLoss(delta=0.5)),
    ("quantile loss of levels [0.2, 0.7]", 4, ["y1", "y2"], pinball),
    ("Poisson loss", 2, ["n1", "n2"], torch.nn.PoissonNLLLoss(log_input=True, full=False)),
]


def record(out):
    data = make_data()
    pairs, outputs, parameters = [], [], []
    for number, (activation, loss) in enumerate(itertools.product(ACTIVATIONS, LOSSES), start=1):
        first_loss, first_outputs, table = record_pair(number, activation, loss, data)
        name, count, columns, _ = loss
        pairs.append((number, activation, f'"{name}"', count, "-".join(columns), first_loss))
        outputs += [(number, *row) for row in first_outputs]
        parameters += [(number, *row) for row in table]

    header = ["pair", "activation", "loss", "outputs", "targets", "first_loss"]
    write_csv(out / "pairs.csv", header, pairs)
    write_csv(out / "pairs_data.csv", list(data), zip(*(column.tolist() for column in data.values())))
    write_csv(out / "pairs_outputs.csv", ["pair", "row", "output", "value"], outputs)
    write_csv(out / "pairs_parameters.csv", ["pair", "index", "before", "gradient", "after"], parameters)


def make_data():
    """Columns by name: inputs, classes, values, probabilities, counts.  They mean nothing."""
    n = range(ROWS)
    columns = {
        "x1": [(5 * i % 6 - 2.5) / 2 for i in n],
        "x2": [(7 * i % 4 - 1.5) / 2 for i in n],
        "class": [(i * i + i // 3) % 3 for i in n],
        "y1": [(i * i % 7 - 3) / 2 for i in n],
        "y2": [(3 * i % 5) / 2 for i in n],
        "p1": [float(i % 2) for i in n],
        "p2": [(i % 3) / 2 for i in n],
        "n1": [float(i % 4) for i in n],
        "n2": [float(i * i % 5) for i in n],
    }
    return {name: torch.tensor(column) for name, column in columns.items()}


def record_pair(number, activation, loss, data):
    """The first loss, rows of the first outputs, and rows of (index, before, gradient, after)."""
    _, outputs, columns, mean_loss = loss
    network = initial_network([2, 3, 2, outputs], ACTIVATIONS[activation], gain=1.5, seed=number, bias=0.5)
    round_parameters(network, decimals=3)
    x = torch.stack([data["x1"], data["x2"]], dim=1)
    y = data["class"] if columns == ["class"] else torch.stack([data[name] for name in columns], dim=1)

    first = network(x)
    first_loss = mean_loss(first, y)
    first_loss.backward()
    before, gradient = (flat(tensors) for tensors in zip(*((p, p.grad) for p in network.parameters())))
    sgd = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
    for _ in range(UPDATES):
        sgd.zero_grad()
        mean_loss(network(x), y).backward()
        sgd.step()
    table = zip(itertools.count(), before, gradient, flat(network.parameters()))
    return first_loss.item(), [(*at, float(z)) for at, z in np.ndenumerate(first.detach().numpy())], table
