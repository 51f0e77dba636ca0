"""PyTorch, eager, as users write it: modules, autograd, an optimizer, tensors in memory, no DataLoader."""

import torch

from workloads import DIFFERENCES, OUTPUTS, STEP

VERSION = torch.__version__

# Number of rows in a block of a large step, so that a block fits into the cache. Autograd adds up the
# gradients. This number and half of it are the fastest of 512, 1 024, … 8 192, and more than twice as fast as
# all of 100 000 rows at once.
ROWS = 2048
# Number of parameters of W4 at a time: the fastest of 8, 16, 33, 66.
PARAMETERS = 33
ACTIVATIONS = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}


def prepare(workload, problem, threads):
    torch.set_num_threads(threads)
    x = torch.from_numpy(problem.x)
    if workload.unit == OUTPUTS:
        return inference(network(workload, problem), x)
    y = torch.from_numpy(problem.y)
    if workload.unit == DIFFERENCES:
        return differences(workload, problem, x, y)
    trial = Trainer(workload, problem)
    return [trial.step(x, y), trial.step(x, y)], training(workload, x, y, Trainer(workload, problem))


def network(workload, problem):
    modules = []
    for weights, bias in problem.layers:
        linear = torch.nn.Linear(*reversed(weights.shape), dtype=getattr(torch, workload.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights))
            linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, ACTIVATIONS[workload.hidden]()]
    return torch.nn.Sequential(*modules[:-1])


def inference(model, x):
    @torch.inference_mode()
    def run(calls):
        for _ in range(calls):
            model(x)

    with torch.inference_mode():
        total = model(x).sum(dtype=torch.float64).item()
    return [total, total], run


def training(workload, x, y, trainer):
    def full_batch():
        return trainer.step(x, y)

    def mini_batches():
        batches = torch.randperm(workload.rows).split(workload.batch)
        return sum(len(rows) * trainer.step(x[rows], y[rows]) for rows in batches) / workload.rows

    epoch = mini_batches if workload.batch else full_batch
    return lambda epochs: [epoch() for _ in range(epochs)]


class Trainer:
    def __init__(self, workload, problem):
        self.model = network(workload, problem)
        weights = [p for p in self.model.parameters() if p.dim() == 2]
        biases = [p for p in self.model.parameters() if p.dim() == 1]
        # `weight_decay` adds its share of W to the gradient; the gradient of λ‖W‖² is 2λ W.
        groups = [{"params": weights, "weight_decay": 2 * workload.l2}, {"params": biases}]
        self.optimizer = torch.optim.SGD(groups, lr=workload.rate, fused=True)
        self.squares = workload.loss == "squared error"
        self.loss = torch.nn.MSELoss() if self.squares else torch.nn.CrossEntropyLoss()

    def step(self, x, y):
        """θ ← θ − η ∂J/∂θ; returns the mean loss before the update."""
        self.optimizer.zero_grad()
        rows, total = len(x), 0.0
        for start in range(0, rows, ROWS):
            block = slice(start, start + ROWS)
            output = self.model(x[block])
            loss = self.loss(output.squeeze(1) if self.squares else output, y[block])
            if rows > ROWS:
                loss *= len(output) / rows
            loss.backward()
            total += loss.item()
        self.optimizer.step()
        return total


# W4. torch.autograd.gradcheck returns no differences, only whether they agree, so they are computed here,
# with batched products.


def differences(workload, problem, x, y):
    """(f(θ + h) − f(θ − h)) / 2h for every parameter, several parameters at a time."""
    parts = [torch.from_numpy(part).reshape(-1) for layer in problem.layers for part in layer]
    theta = torch.cat(parts)
    steps = STEP * torch.eye(len(theta), dtype=theta.dtype)

    def losses(thetas):
        return mean_losses(workload.widths, thetas, x, y)

    @torch.inference_mode()
    def all_of_them():
        return torch.cat([(losses(theta + h) - losses(theta - h)) / (2 * STEP) for h in steps.split(PARAMETERS)])

    def run(times):
        for _ in range(times):
            all_of_them()

    total = all_of_them().abs().sum().item()
    return [total, total], run


def mean_losses(widths, thetas, x, y):
    """The mean loss of each of many parameter vectors. Activations are (vectors, rows, units)."""
    a, start = x.expand(len(thetas), *x.shape), 0
    for k, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        middle = start + fan_out * fan_in
        weights = thetas[:, start:middle].reshape(-1, fan_out, fan_in)
        bias = thetas[:, None, middle : middle + fan_out]
        a = torch.baddbmm(bias, torch.sigmoid_(a) if k else a, weights.mT)
        start = middle + fan_out
    flat = torch.nn.functional.cross_entropy(a.flatten(0, 1), y.repeat(len(thetas)), reduction="none")
    return flat.reshape(len(thetas), -1).mean(dim=1)
