"""What the recordings share: activations, initial networks, tables."""

import re

import torch

ACTIVATIONS = {
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "ReLU": torch.nn.ReLU,
    "leaky ReLU 0.1": lambda: torch.nn.LeakyReLU(0.1),
    "identity": torch.nn.Identity,
    "SiLU": torch.nn.SiLU,
    "Mish": torch.nn.Mish,
    "SELU": torch.nn.SELU,
    "ELU 1": torch.nn.ELU,
    "softplus": torch.nn.Softplus,
    "GELU": torch.nn.GELU,
}


def read_table(text):
    """The cells of a table in a string, line by line; two spaces or more end a cell."""
    return [re.split("  +", line.strip()) for line in text.strip().splitlines()]


def initial_network(widths, activation, gain, seed, bias=0.0):
    """W ~ N(0, gain² · 2 / (fan_in + fan_out)), b uniform from −bias to bias."""
    torch.manual_seed(seed)
    linears = [torch.nn.Linear(fan_in, fan_out) for fan_in, fan_out in zip(widths, widths[1:])]
    for linear in linears:
        torch.nn.init.xavier_normal_(linear.weight, gain=gain)
        if bias == 0.0:
            torch.nn.init.zeros_(linear.bias)
        else:
            torch.nn.init.uniform_(linear.bias, -bias, bias)
    hidden = [layer for linear in linears[:-1] for layer in (linear, activation())]
    return torch.nn.Sequential(*hidden, linears[-1])


def round_parameters(network, decimals=6):
    """What another processor computes differently in the last digit is the same again."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.round(parameter, decimals=decimals))


def squares_of_weights(network):
    """Σ ‖W‖², without biases."""
    return sum((layer.weight**2).sum() for layer in network[::2])


def flat(tensors):
    """All values in one list, in the order W1, b1, W2, b2, …; W is (fan_out, fan_in), row by row."""
    return torch.cat([tensor.detach().flatten() for tensor in tensors]).tolist()


def write_csv(path, header, rows):
    lines = [",".join(map(str, row)) + "\n" for row in [header, *rows]]  # str(float) reads back as the same float
    path.write_text("".join(lines), newline="\n")
