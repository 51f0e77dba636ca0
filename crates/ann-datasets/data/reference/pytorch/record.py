"""Records how PyTorch trains, in float64, so that a Rust program can be compared with it.

`iris_*`: the Iris network of figure 3.  It is 4-5-10-5-3 with sigmoid hidden layers and logits out; cross-entropy,
all 150 flowers in every step, learning rate η = 0.1, 300 epochs.  Every run starts from the same initial parameters.
For each λ there is

  own      what a PyTorch user would type: weight_decay = λ on weights and biases
  matched  the penalty λ‖W‖² on weights only, whose gradient is 2λW: weight_decay = 2λ on weights, 0 on biases

`cases_*`: thirty small networks on twelve rows, every activation with every loss and both gains.  Their penalty is
the matched one.

The other files are recorded by `optimizers.py`, `pairs.py` and `searches.py`.
"""

import argparse
import copy
import csv
import itertools
import json
import platform
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import scipy
import torch

sys.dont_write_bytecode = True  # this folder contains what is committed, nothing else

import optimizers
import pairs
import searches
from common import ACTIVATIONS, flat, initial_network, read_table, round_parameters, write_csv

HERE = Path(__file__).resolve().parent

WIDTHS = [4, 5, 10, 5, 3]
GAIN = 5.0
SEED = 0
LEARNING_RATE = 0.1
EPOCHS = 300
STRENGTHS = [0, 0.001, 0.01, 0.1]  # λ

# Any two settings of activation, loss, gain, number of hidden layers, and λ = 0 or not, meet in some case.
# η is 0.01 where 0.1 would diverge.  `every`: epochs that run freely before the parameters are rounded; 1 where the loss
# jumps up and down, because a longer run would amplify the last digits.
CASES = """
activation      loss                   outputs  gain  hidden   l2    learning_rate  epochs  every
sigmoid         softmax cross-entropy  3        1     4        0     0.1            20      20
sigmoid         softmax cross-entropy  3        5     3-5-4    0.01  0.1            20      20
sigmoid         mean squared error     1        1     5-3      0.01  0.1            20      20
sigmoid         mean squared error     1        5     4-3-5-3  0     0.1            20      20
sigmoid         mean squared error     3        1     3-5-4    0     0.1            20      20
sigmoid         mean squared error     3        5     5-3      0.01  0.1            20      20
tanh            softmax cross-entropy  3        1     5-3      0.01  0.1            20      20
tanh            softmax cross-entropy  3        5     4-3-5-3  0     0.1            20      20
tanh            mean squared error     1        1     3-5-4    0     0.1            20      20
tanh            mean squared error     1        5     4        0.01  0.1            20      20
tanh            mean squared error     3        1     4-3-5-3  0.01  0.1            20      20
tanh            mean squared error     3        5     3-5-4    0     0.1            5       1
ReLU            softmax cross-entropy  3        1     3-5-4    0     0.1            20      20
ReLU            softmax cross-entropy  3        5     5-3      0.01  0.1            20      20
ReLU            mean squared error     1        1     4-3-5-3  0.01  0.1            20      20
ReLU            mean squared error     1        5     4        0     0.1            20      20
ReLU            mean squared error     3        1     4        0     0.1            20      20
ReLU            mean squared error     3        5     4        0.01  0.1            20      20
leaky ReLU 0.1  softmax cross-entropy  3        1     4-3-5-3  0.01  0.1            20      20
leaky ReLU 0.1  softmax cross-entropy  3        5     5-3      0     0.1            20      20
leaky ReLU 0.1  mean squared error     1        1     4        0     0.1            20      20
leaky ReLU 0.1  mean squared error     1        5     4        0.01  0.01           20      20
leaky ReLU 0.1  mean squared error     3        1     3-5-4    0.01  0.1            20      20
leaky ReLU 0.1  mean squared error     3        5     4        0     0.1            20      20
identity        softmax cross-entropy  3        1     4        0.01  0.1            20      20
identity        softmax cross-entropy  3        5     5-3      0     0.1            5       1
identity        mean squared error     1        1     3-5-4    0     0.1            20      20
identity        mean squared error     1        5     4        0.01  0.01           20      20
identity        mean squared error     3        1     4-3-5-3  0     0.1            20      20
identity        mean squared error     3        5     4        0.01  0.01           20      20
"""

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: the script's own)")
    out = parser.parse_args().out

    # One thread and no choice of algorithm: a second run gives the same bytes.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)

    out.mkdir(parents=True, exist_ok=True)
    record_iris(out)
    record_cases(out)
    optimizers.record(out)
    pairs.record(out)
    searches.record(out)
    (out / "versions.json").write_text(json.dumps(versions(), indent=2) + "\n", newline="\n")


# ---- figure 3 ----------------------------------------------------------------------------------------------------


def record_iris(out):
    x, y = read_iris(HERE / "../../iris.csv")
    initial = initial_network(WIDTHS, torch.nn.Sigmoid, GAIN, SEED)
    losses, accuracies, finals = [], [], []
    for run, l2 in itertools.product(["own", "matched"], STRENGTHS):
        network = copy.deepcopy(initial)
        sgd = own_optimizer(network, l2) if run == "own" else matched_optimizer(network, l2, LEARNING_RATE)
        for epoch in range(EPOCHS):
            losses.append((run, l2, epoch, step(network, sgd, torch.nn.functional.cross_entropy, x, y)))
        accuracies.append((run, l2, (network(x).argmax(dim=1) == y).double().mean().item()))
        if run == "matched":
            finals += [(l2, *row) for row in parameter_rows(network)]

    place = ["layer", "kind", "row", "column", "value"]
    write_csv(out / "iris_initial_parameters.csv", place, parameter_rows(initial))
    write_csv(out / "iris_loss.csv", ["run", "l2", "epoch", "loss"], losses)
    write_csv(out / "iris_accuracy.csv", ["run", "l2", "accuracy"], accuracies)
    write_csv(out / "iris_final_parameters.csv", ["l2", *place], finals)


def read_iris(path):
    """x: (150, 4) measurements in cm; y: (150,) species, numbered 0, 1, 2 in order of appearance."""
    with open(path, newline="", encoding="utf-8") as file:
        _header, *rows = csv.reader(file)
    species = list(dict.fromkeys(row[-1] for row in rows))
    x = torch.tensor([[float(cell) for cell in row[:-1]] for row in rows])
    return x, torch.tensor([species.index(row[-1]) for row in rows])


def own_optimizer(network, l2):
    """θ ← θ − η(∇L + λθ)"""
    return torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, weight_decay=l2)


def parameter_rows(network):
    """(layer, kind, row, column, value) in the order W1, b1, W2, b2, …; W is (fan_out, fan_in), row by row."""
    for layer, linear in enumerate(network[::2], start=1):
        for kind, matrix in [("W", linear.weight), ("b", linear.bias.unsqueeze(1))]:  # b is one column, numbered 0
            for (row, column), value in np.ndenumerate(matrix.detach().numpy()):
                yield layer, kind, row, column, float(value)


# ---- cases -------------------------------------------------------------------------------------------------------


def record_cases(out):
    x, classes, values = case_data()
    header, *cases = read_table(CASES)
    tables = {"outputs": [], "gradient": [], "loss": [], "parameters": []}
    for number, cells in enumerate(cases, start=1):
        case = SimpleNamespace(**dict(zip(header, cells)))
        y = classes if case.loss == "softmax cross-entropy" else values[:, : int(case.outputs)]
        for table, rows in record_case(number, case, x, y).items():
            tables[table] += [(number, *row) for row in rows]

    write_csv(out / "cases.csv", ["case", *header], [(number, *cells) for number, cells in enumerate(cases, start=1)])
    data = [(*x_n, c, *y_n) for x_n, c, y_n in zip(x.tolist(), classes.tolist(), values.tolist())]
    write_csv(out / "cases_data.csv", ["x1", "x2", "class", "y1", "y2", "y3"], data)
    write_csv(out / "cases_outputs.csv", ["case", "row", "output", "value"], tables["outputs"])
    write_csv(out / "cases_gradient.csv", ["case", "index", "value"], tables["gradient"])
    write_csv(out / "cases_loss.csv", ["case", "epoch", "loss"], tables["loss"])
    write_csv(out / "cases_parameters.csv", ["case", "epoch", "index", "before", "after"], tables["parameters"])


def case_data():
    """x: (12, 2), classes: (12,) of 0, 1, 2, values: (12, 3).  They mean nothing: only the arithmetic is compared."""
    n = range(12)
    x = torch.tensor([[(5 * i % 12 - 6) / 10, (7 * i % 13 - 6) / 10] for i in n])
    values = torch.tensor([[(i * i % 7 - 3) / 10, (3 * i % 5) / 10, (i % 4 - 2) / 10] for i in n])
    return x, torch.tensor([(i * i + i // 3) % 3 for i in n]), values


def record_case(number, case, x, y):
    """The numbers of one case, table by table, without the case's number."""
    widths = [2, *map(int, case.hidden.split("-")), int(case.outputs)]
    network = initial_network(widths, ACTIVATIONS[case.activation], float(case.gain), seed=number, bias=0.5)
    functions = torch.nn.functional
    loss = functions.cross_entropy if case.loss == "softmax cross-entropy" else functions.mse_loss

    outputs = [(*place, float(value)) for place, value in np.ndenumerate(network(x).detach().numpy())]
    loss(network(x), y).backward()
    gradient = list(enumerate(flat(parameter.grad for parameter in network.parameters())))

    sgd = matched_optimizer(network, float(case.l2), float(case.learning_rate))
    losses, parameters = [], []
    every = int(case.every)
    for start in range(0, int(case.epochs), every):
        if start > 0:
            round_parameters(network)
        before = flat(network.parameters())
        losses += [(epoch, step(network, sgd, loss, x, y)) for epoch in range(start, start + every)]
        parameters += [(start, *row) for row in zip(itertools.count(), before, flat(network.parameters()))]
    return {"outputs": outputs, "gradient": gradient, "loss": losses, "parameters": parameters}


# ---- both --------------------------------------------------------------------------------------------------------


def matched_optimizer(network, l2, learning_rate):
    """W ← W − η(∇L + 2λW),  b ← b − η∇L"""
    weights = {"params": [layer.weight for layer in network[::2]], "weight_decay": 2 * l2}
    biases = {"params": [layer.bias for layer in network[::2]], "weight_decay": 0}
    return torch.optim.SGD([weights, biases], lr=learning_rate)


def step(network, sgd, loss, x, y):
    """One update on all rows; gives back the mean loss without the penalty, before the update."""
    sgd.zero_grad()
    value = loss(network(x), y)  # mean over the rows, of the squared error also over the outputs
    value.backward()
    sgd.step()
    return value.item()


def versions():
    python, system = platform.python_version(), f"{platform.machine()} {platform.system()}".lower()
    libraries = {"torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__}
    return {"python": python, **libraries, "platform": system}


if __name__ == "__main__":
    main()
