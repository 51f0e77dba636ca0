"""Records how PyTorch trains the Iris network of figure 3, so that a Rust program can be compared with it.

The network is 4-5-10-5-3 with sigmoid hidden layers and logits out; cross-entropy, all 150 flowers in every step,
learning rate η = 0.1, 300 epochs, float64. Every run starts from the same initial parameters. For each λ there is

  own      what a PyTorch user would type: weight_decay = λ on weights and biases
  matched  the penalty λ‖W‖² on weights only, whose gradient is 2λW: weight_decay = 2λ on weights, 0 on biases
"""

import argparse
import copy
import csv
import itertools
import json
import platform
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
WIDTHS = [4, 5, 10, 5, 3]
GAIN = 5.0
SEED = 0
LEARNING_RATE = 0.1
EPOCHS = 300
STRENGTHS = [0, 0.001, 0.01, 0.1]  # λ


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: the script's own)")
    out = parser.parse_args().out

    # One thread and no choice of algorithm: a second run gives the same bytes.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)

    x, y = read_iris(HERE / "../../iris.csv")
    initial = initial_network()
    losses, accuracies, finals = [], [], []
    for run, l2 in itertools.product(["own", "matched"], STRENGTHS):
        network = copy.deepcopy(initial)
        losses += [(run, l2, epoch, loss) for epoch, loss in enumerate(train(network, run, l2, x, y))]
        accuracies.append((run, l2, (network(x).argmax(dim=1) == y).double().mean().item()))
        if run == "matched":
            finals += [(l2, *row) for row in parameter_rows(network)]

    out.mkdir(parents=True, exist_ok=True)
    place = ["layer", "kind", "row", "column", "value"]
    write_csv(out / "iris_initial_parameters.csv", place, parameter_rows(initial))
    write_csv(out / "iris_loss.csv", ["run", "l2", "epoch", "loss"], losses)
    write_csv(out / "iris_accuracy.csv", ["run", "l2", "accuracy"], accuracies)
    write_csv(out / "iris_final_parameters.csv", ["l2", *place], finals)
    (out / "versions.json").write_text(json.dumps(versions(), indent=2) + "\n", newline="\n")


def read_iris(path):
    """x: (150, 4) measurements in cm; y: (150,) species, numbered 0, 1, 2 in order of appearance."""
    with open(path, newline="", encoding="utf-8") as file:
        _header, *rows = csv.reader(file)
    species = list(dict.fromkeys(row[-1] for row in rows))
    x = torch.tensor([[float(cell) for cell in row[:-1]] for row in rows])
    return x, torch.tensor([species.index(row[-1]) for row in rows])


def initial_network():
    """W ~ N(0, gain² · 2 / (fan_in + fan_out)), b = 0."""
    torch.manual_seed(SEED)
    linears = [torch.nn.Linear(fan_in, fan_out) for fan_in, fan_out in zip(WIDTHS, WIDTHS[1:])]
    for linear in linears:
        torch.nn.init.xavier_normal_(linear.weight, gain=GAIN)
        torch.nn.init.zeros_(linear.bias)
    hidden = [layer for linear in linears[:-1] for layer in (linear, torch.nn.Sigmoid())]
    return torch.nn.Sequential(*hidden, linears[-1])


def optimizer(network, run, l2):
    if run == "own":  # θ ← θ − η(∇L + λθ)
        return torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, weight_decay=l2)
    # W ← W − η(∇L + 2λW),  b ← b − η∇L
    weights = {"params": [layer.weight for layer in network[::2]], "weight_decay": 2 * l2}
    biases = {"params": [layer.bias for layer in network[::2]], "weight_decay": 0}
    return torch.optim.SGD([weights, biases], lr=LEARNING_RATE)


def train(network, run, l2, x, y):
    """Yields the loss of each epoch, without the penalty and before the update: entry 0 is the untrained network."""
    sgd = optimizer(network, run, l2)
    for _ in range(EPOCHS):
        sgd.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)  # mean over the rows
        loss.backward()
        sgd.step()
        yield loss.item()


def parameter_rows(network):
    """(layer, kind, row, column, value) in the order W1, b1, W2, b2, …; W is (fan_out, fan_in), row by row."""
    for layer, linear in enumerate(network[::2], start=1):
        for kind, matrix in [("W", linear.weight), ("b", linear.bias.unsqueeze(1))]:  # b is one column, numbered 0
            for (row, column), value in np.ndenumerate(matrix.detach().numpy()):
                yield layer, kind, row, column, float(value)


def versions():
    python, system = platform.python_version(), f"{platform.machine()} {platform.system()}".lower()
    return {"python": python, "torch": torch.__version__, "numpy": np.__version__, "platform": system}


def write_csv(path, header, rows):
    lines = [",".join(map(str, row)) + "\n" for row in [header, *rows]]  # str(float) reads back as the same float
    path.write_text("".join(lines), newline="\n")


if __name__ == "__main__":
    main()
