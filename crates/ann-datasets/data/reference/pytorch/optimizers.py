"""Records 200 updates of each optimizer: with all rows and with mini-batches, with schedules of the learning rate,
with weights of rows and classes, with clipped gradients, with smoothed classes and with a penalty.

All runs have the same 24 rows.  Mini-batches take them in the order of `optimizers_order.csv`, which is this
project's: a test compares it with the one that it computes itself.
"""

import csv
import math
from pathlib import Path
from types import SimpleNamespace

import torch

from common import flat, initial_network, read_table, round_parameters, write_csv

HERE = Path(__file__).resolve().parent
ROWS = 24
UPDATES = 200
DECAY = 0.1
WARM_UP = 20
CLASS_WEIGHTS = [0.5, 2.0, 1.25]

# `batch` is the number of rows in a batch: 24 are all rows, 7 leave a smaller batch of 3 at the end of each epoch, and of
# 5 the last batch, which has 4, is dropped.
RUNS = """
optimizer          loss                                      weights  batch  schedule            clipped  l2    learning_rate
SGD                softmax cross-entropy                     none     24     constant            no       0     0.1
SGD                mean squared error                        none     7      constant            no       0     0.1
SGD                softmax cross-entropy                     classes  24     exponential         no       0.01  0.1
SGD                softmax cross-entropy                     none     7      cosine              no       0     0.1
SGD                softmax cross-entropy                     none     24     constant            exactly  0     0.1
SGD                softmax cross-entropy                     none     24     constant            nearly   0     0.1
momentum           softmax cross-entropy                     none     24     constant            no       0     0.05
momentum           mean squared error                        rows     24     constant            no       0     0.05
momentum           softmax cross-entropy with smoothing 0.1  none     7      cosine              no       0     0.05
momentum           mean squared error                        none     5      one cycle           no       0.01  0.05
Nesterov           softmax cross-entropy                     none     24     constant            no       0     0.05
Nesterov           mean squared error                        none     7      steps               no       0     0.05
Nesterov           softmax cross-entropy with smoothing 0.1  none     24     warm-up             exactly  0     0.05
Adam               softmax cross-entropy                     none     24     constant            no       0     0.01
Adam               mean squared error                        none     7      constant            no       0     0.01
Adam               softmax cross-entropy                     classes  7      one cycle           no       0     0.01
Adam               mean squared error                        rows     24     warm-up             exactly  0     0.01
Adam               softmax cross-entropy                     none     5      many steps          no       0.01  0.01
AdamW              softmax cross-entropy                     none     24     constant            no       0     0.01
AdamW              mean squared error                        none     7      constant            no       0     0.01
AdamW              softmax cross-entropy with smoothing 0.1  none     7      warm-up and cosine  no       0     0.01
AdamW              mean squared error                        rows     24     cosine              no       0     0.01
AdamW with biases  softmax cross-entropy                     none     24     constant            no       0     0.01
AdamW with biases  mean squared error                        none     5      exponential         no       0     0.01
Rprop              softmax cross-entropy                     none     24     constant            no       0     0.01
Rprop              mean squared error                        none     24     constant            no       0     0.01
Rprop              mean squared error                        rows     24     constant            no       0     0.01
Rprop              softmax cross-entropy                     classes  24     constant            no       0.01  0.01
"""
# The largest norm of a clipped gradient.
CLIPPED = 0.1


def record(out):
    data, order = make_data(), read_order()
    header, *runs = read_table(RUNS)
    losses, parameters, rates = [], [], {}
    for number, cells in enumerate(runs, start=1):
        run = SimpleNamespace(**dict(zip(header, cells)))
        epochs = train(run, data, order)
        for epoch, (loss, values, used) in enumerate(epochs):
            losses += [(number, epoch, loss)] if loss is not None else []
            parameters += [(number, epoch, *row) for row in enumerate(values)] if keeps(run, epoch) else []
            rates.setdefault(run.schedule, {}).setdefault(number, []).extend(used)

    write_csv(out / "optimizers.csv", ["run", *header], [(number, *cells) for number, cells in enumerate(runs, start=1)])
    rows = [(*x, c, *y, w) for x, c, y, w in zip(*(part.tolist() for part in vars(data).values()))]
    write_csv(out / "optimizers_data.csv", ["x1", "x2", "x3", "class", "y1", "y2", "weight"], rows)
    write_csv(out / "optimizers_order.csv", ["epoch", *(f"row{i}" for i in range(ROWS))], order_rows(order))
    write_csv(out / "optimizers_loss.csv", ["run", "epoch", "loss"], losses)
    write_csv(out / "optimizers_parameters.csv", ["run", "epoch", "index", "value"], parameters)
    first = {schedule: next(iter(of_runs.items())) for schedule, of_runs in rates.items()}
    rows = [(run, *row) for run, values in first.values() for row in enumerate(values)]
    write_csv(out / "optimizers_rates.csv", ["run", "update", "rate"], rows)


def make_data():
    """x: (24, 3), classes: (24,) of 0, 1, 2, values: (24, 2), weights: (24,), one in five is 0.  They mean nothing."""
    n = range(ROWS)
    return SimpleNamespace(
        x=torch.tensor([[(5 * i % 24 - 12) / 10, (7 * i % 11 - 5) / 5, (i * i % 13 - 6) / 6] for i in n]),
        classes=torch.tensor([(i * i + i // 3) % 3 for i in n]),
        values=torch.tensor([[(i * i % 7 - 3) / 5, (3 * i % 5) / 5] for i in n]),
        weights=torch.tensor([[0.5, 1.0, 2.0, 0.0, 3.0][i % 5] for i in n]),
    )


def read_order():
    """The rows of each epoch in the order in which mini-batches take them."""
    with open(HERE / "optimizers_order.csv", newline="", encoding="utf-8") as file:
        _header, *rows = csv.reader(file)
    return [[int(cell) for cell in row[1:]] for row in rows]


def order_rows(order):
    return [(epoch, *rows) for epoch, rows in enumerate(order)]


def train(run, data, order):
    """Yields for each epoch its loss, the parameters before it and the rates of its updates.  At the end the loss is
    None."""
    outputs = 2 if run.loss == "mean squared error" else 3
    network = initial_network([3, 4, outputs], torch.nn.Tanh, gain=1.5, seed=outputs, bias=0.5)
    round_parameters(network)
    optimizer, batch = make_optimizer(run, network), int(run.batch)
    scheduler = make_schedule(run, optimizer)
    per_epoch = {24: 1, 7: 4, 5: 4}[batch]
    for epoch in range(UPDATES // per_epoch):
        before, losses, weights, rates = flat(network.parameters()), [], [], []
        for rows in batches(order, epoch, batch):
            optimizer.zero_grad()
            loss, weight = mean_loss(run, network, data, rows)
            # A batch counts by the number of its rows times the mean weight of all rows, so that heavy batches count
            # more.
            share = 1.0 if batch == ROWS else weight / (len(rows) * mean_weight(run, data))
            (share * loss).backward()
            clip(run, network)
            losses.append(loss.item())
            weights.append(weight)
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        # The mean over the rows of the epoch.
        yield sum(l * w for l, w in zip(losses, weights)) / sum(weights), before, rates
    yield None, flat(network.parameters()), []


def keeps(run, epoch):
    """Whether the parameters before this epoch are recorded."""
    return epoch in ([0, 1, 10, 100, 200] if run.batch == "24" else [0, 1, 5, 25, 50])


def batches(order, epoch, batch):
    if batch == ROWS:
        return [list(range(ROWS))]
    rows = order[epoch]
    return [rows[start : start + batch] for start in range(0, ROWS, batch)][:4]


def mean_loss(run, network, data, rows):
    """The weighted mean over the rows, and the sum of their weights."""
    functions, outputs = torch.nn.functional, network(data.x[rows])
    if run.loss == "mean squared error":
        weights = data.weights[rows] if run.weights == "rows" else torch.ones(len(rows))
        squares = ((outputs - data.values[rows]) ** 2).mean(dim=1)
        return (weights * squares).sum() / weights.sum(), weights.sum().item()
    classes, weights = data.classes[rows], torch.tensor(CLASS_WEIGHTS)
    if run.weights == "classes":
        return functions.cross_entropy(outputs, classes, weight=weights), weights[classes].sum().item()
    smoothing = 0.1 if run.loss.endswith("smoothing 0.1") else 0.0
    return functions.cross_entropy(outputs, classes, label_smoothing=smoothing), len(rows)


def mean_weight(run, data):
    return torch.tensor(CLASS_WEIGHTS)[data.classes].mean().item() if run.weights == "classes" else 1.0


def clip(run, network):
    """Clips with the norm itself, or as PyTorch does, which adds 1e-6 to the norm."""
    if run.clipped == "nearly":
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIPPED)
    if run.clipped == "exactly":
        norm = math.sqrt(sum((parameter.grad**2).sum().item() for parameter in network.parameters()))
        for parameter in network.parameters():
            parameter.grad *= min(1.0, CLIPPED / norm)


def make_optimizer(run, network):
    """Weight decay is the penalty, whose gradient is 2λW; that of AdamW is its own."""
    l2, rate, optim = float(run.l2), float(run.learning_rate), torch.optim
    weights, biases = [layer.weight for layer in network[::2]], [layer.bias for layer in network[::2]]
    on = lambda w, b=0.0: [{"params": weights, "weight_decay": w}, {"params": biases, "weight_decay": b}]
    match run.optimizer:
        case "SGD":
            return optim.SGD(on(2 * l2), lr=rate)
        case "momentum":
            return optim.SGD(on(2 * l2), lr=rate, momentum=0.9)
        case "Nesterov":
            return optim.SGD(on(2 * l2), lr=rate, momentum=0.9, nesterov=True)
        case "Adam":
            return optim.Adam(on(2 * l2), lr=rate)
        case "AdamW":
            return optim.AdamW(on(DECAY), lr=rate)
        case "AdamW with biases":
            return optim.AdamW(on(DECAY, DECAY), lr=rate)
        case "Rprop":
            # It has no weight decay, so the penalty is in the gradient.
            for layer in network[::2]:
                layer.weight.register_hook(lambda gradient, w=layer.weight: gradient + 2 * l2 * w.detach())
            return optim.Rprop(network.parameters(), lr=rate)


def make_schedule(run, optimizer):
    schedules, peak = torch.optim.lr_scheduler, float(run.learning_rate)
    warm_up = lambda: schedules.LinearLR(optimizer, start_factor=1 / (WARM_UP + 1), total_iters=WARM_UP)
    cosine = lambda updates: schedules.CosineAnnealingLR(optimizer, T_max=updates)
    match run.schedule:
        case "constant":
            return schedules.ConstantLR(optimizer, factor=1.0)
        case "exponential":
            return schedules.ExponentialLR(optimizer, gamma=0.98)
        case "cosine":
            return cosine(UPDATES)
        case "one cycle":
            return schedules.OneCycleLR(optimizer, max_lr=peak, total_steps=UPDATES, cycle_momentum=False)
        case "steps":
            return schedules.StepLR(optimizer, step_size=50, gamma=0.1)
        case "many steps":
            return schedules.StepLR(optimizer, step_size=2, gamma=0.97)
        case "warm-up":
            return warm_up()
        case "warm-up and cosine":
            both = [warm_up(), cosine(UPDATES - WARM_UP)]
            return schedules.SequentialLR(optimizer, both, milestones=[WARM_UP])
