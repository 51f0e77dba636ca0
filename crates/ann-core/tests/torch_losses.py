"""Losses of single rows and their derivatives, from PyTorch in float64: writes torch_losses.txt beside this file.

    pip install torch
    python torch_losses.py

Each line: loss, settings (or -), outputs, target, value, derivative by each output; fields are separated by
tabs, numbers by spaces. PyTorch has no pinball loss: it is written out here and differentiated by PyTorch.
"""

import pathlib

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)

CLASSES = [
    ([0.5, -1.25, 2.0], 1), ([3.0, 0.0], 0), ([-700.0, 800.0, 0.25, 1.0], 0), ([0.1, 0.1, 0.1], 2), ([4.0], 0),
]
VALUES = [
    ([0.5, -1.25, 2.0], [0.25, 1.0, 2.0]), ([3.0], [1.0]), ([-40.0, 30.0], [0.0, 1.0]), ([1e-9, -3e-5], [0.5, 0.0]),
    ([0.7, 0.2, -0.9, 1.5], [0.7, 1.0, 0.125, 0.0]),
]
COUNTS = [([0.5, -1.25, 2.0], [3.0, 0.0, 11.0]), ([-30.0], [2.0]), ([4.5, 0.0], [0.5, 7.0])]
QUANTILES = [
    ([0.5, -1.25, 2.0], [0.25], [0.1, 0.5, 0.9]), ([0.5, -1.25, 2.0, 3.0], [1.0, 2.5], [0.25, 0.8]),
    ([3.0, 2.0], [2.5, 1.0], [0.75]),
]


def pinball(outputs, target, levels):
    targets = target.repeat_interleave(len(levels))
    level = torch.tensor(levels).repeat(len(target))
    error = targets - outputs
    return torch.where(error > 0, level * error, (level - 1) * error).mean()


def of_class(smoothing):
    return lambda outputs, target: F.cross_entropy(
        outputs[None], torch.tensor([target]), label_smoothing=smoothing)


def cases():
    for smoothing in (0.0, 0.1, 0.5):
        for outputs, target in CLASSES:
            yield "cross_entropy", [smoothing], outputs, target, of_class(smoothing)
    of_values = {
        ("squared", ()): F.mse_loss,
        ("absolute", ()): F.l1_loss,
        ("huber", (0.5,)): lambda outputs, target: F.huber_loss(outputs, target, delta=0.5),
        ("huber", (2.0,)): lambda outputs, target: F.huber_loss(outputs, target, delta=2.0),
        ("binary", ()): F.binary_cross_entropy_with_logits,
    }
    for (name, settings), function in of_values.items():
        for outputs, target in VALUES:
            labels = [min(max(y, 0.0), 1.0) for y in target] if name == "binary" else target
            yield name, settings, outputs, labels, function
    for outputs, target in COUNTS:
        yield "poisson", (), outputs, target, F.poisson_nll_loss
    for outputs, target, levels in QUANTILES:
        function = lambda outputs, target, levels=levels: pinball(outputs, target, levels)
        yield "quantile", levels, outputs, target, function


def line(name, settings, outputs, target, function):
    leaf = torch.tensor(outputs, requires_grad=True)
    loss = function(leaf, target if isinstance(target, int) else torch.tensor(target))
    loss.backward()
    numbers = lambda values: " ".join(repr(float(value)) for value in values) or "-"
    truth = str(target) if isinstance(target, int) else numbers(target)
    return "\t".join([name, numbers(settings), numbers(outputs), truth, repr(loss.item()), numbers(leaf.grad)])


text = f"# torch {torch.__version__}, made by torch_losses.py\n" + "".join(line(*case) + "\n" for case in cases())
pathlib.Path(__file__).with_name("torch_losses.txt").write_text(text)
