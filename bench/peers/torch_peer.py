"""PyTorch, eager, as users write it: modules, autograd, an optimizer, tensors in memory, no DataLoader."""

import torch

from workloads import DIFFERENCES, HISTORY, OUTPUTS, RUN, STEP, Skip

VERSION = torch.__version__

# Number of rows in a block of a large step, so that a block fits into the cache. Autograd adds up the
# gradients. This number and half of it are the fastest of 512, 1 024, … 8 192, and more than twice as fast as
# all of 100 000 rows at once.
ROWS = 2048
# Number of parameters of W4 at a time: the fastest of 8, 16, 33, 66.
PARAMETERS = 33
ACTIVATIONS = {
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "silu": torch.nn.SiLU,
}


def prepare(workload, problem, threads):
    torch.set_num_threads(threads)
    x = torch.from_numpy(problem.x)
    if workload.unit == OUTPUTS:
        return inference(network(workload, problem), x)
    y = torch.from_numpy(problem.y)
    if workload.unit == DIFFERENCES:
        return differences(workload, problem, x, y)
    if workload.optimizer == "levenberg-marquardt":
        raise Skip("it has no Levenberg–Marquardt")
    weights = None if problem.row_weights is None else torch.from_numpy(problem.row_weights)
    if workload.networks > 1:
        return many(workload, problem, x, y)
    trial = Trainer(workload, problem)
    losses = [trial.step(x, y, weights), trial.step(x, y, weights)]
    if workload.unit == RUN:
        return losses, runs(workload, problem, x, y)
    return losses, training(workload, x, y, weights, Trainer(workload, problem))


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


def training(workload, x, y, weights, trainer):
    def full_batch():
        return trainer.step(x, y, weights)

    def mini_batch(rows):
        return len(rows) * trainer.step(x[rows], y[rows], None if weights is None else weights[rows])

    def mini_batches():
        batches = torch.randperm(workload.rows).split(workload.batch)
        return sum(mini_batch(rows) for rows in batches) / workload.rows

    epoch = mini_batches if workload.batch else full_batch
    return lambda epochs: [epoch() for _ in range(epochs)]


class Trainer:
    def __init__(self, workload, problem):
        self.model = network(workload, problem)
        weights = [p for p in self.model.parameters() if p.dim() == 2]
        biases = [p for p in self.model.parameters() if p.dim() == 1]
        if workload.optimizer == "adam":
            decay = {"weight_decay": workload.decay}
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=workload.rate, fused=True, **decay)
        else:
            # `weight_decay` adds its share of W to the gradient; the gradient of λ‖W‖² is 2λ W.
            groups = [{"params": weights, "weight_decay": 2 * workload.l2}, {"params": biases}]
            self.optimizer = torch.optim.SGD(groups, lr=workload.rate, fused=True)
        self.squares = workload.loss == "squared error"
        reduction = "none" if workload.weighted else "mean"
        self.loss = (
            torch.nn.MSELoss(reduction=reduction)
            if self.squares
            else torch.nn.CrossEntropyLoss(reduction=reduction, label_smoothing=workload.smoothing)
        )

    def step(self, x, y, weights=None):
        """θ ← θ − η ∂J/∂θ; returns the mean loss before the update."""
        self.optimizer.zero_grad()
        rows, total = len(x), 0.0
        for start in range(0, rows, ROWS):
            block = slice(start, start + ROWS)
            output = self.model(x[block])
            loss = self.loss(output.squeeze(1) if self.squares else output, y[block])
            if weights is not None:
                loss = loss @ weights / weights.sum()
            if rows > ROWS:
                loss *= len(output) / rows
            loss.backward()
            total += loss.item()
        self.optimizer.step()
        return total


# Whole runs.


def runs(workload, problem, x, y):
    train = run_lbfgs if workload.optimizer == "l-bfgs" else run_steps

    def run(times):
        for _ in range(times):
            end = train(workload, Trainer(workload, problem), x, y)
        return end

    return run


def run_steps(workload, trainer, x, y):
    for epoch in range(workload.epochs):
        loss = trainer.step(x, y)
        if loss < workload.below:
            return {"epochs": epoch, "loss": loss}
    with torch.inference_mode():
        return {"epochs": workload.epochs, "loss": trainer.loss(trainer.model(x).squeeze(1), y).item()}


def run_lbfgs(workload, trainer, x, y):
    # It stops by itself when a step lowers the loss too little, and evaluates at most `max_eval` times.
    never = {"tolerance_grad": 0, "tolerance_change": 0, "max_eval": 100 * workload.epochs}
    search = {"history_size": HISTORY, "line_search_fn": "strong_wolfe"}
    # Many iterations in one call are faster than one; but a call does not stop at a loss.
    each = 1 if workload.below else workload.epochs
    optimizer = torch.optim.LBFGS(trainer.model.parameters(), lr=1, max_iter=each, **never, **search)

    def closure():
        optimizer.zero_grad()
        loss = trainer.loss(trainer.model(x).squeeze(1), y)
        loss.backward()
        return loss

    epochs = 0
    while epochs < workload.epochs:
        # The loss before the first of its iterations.
        if optimizer.step(closure).item() < workload.below:
            break
        epochs += each
    with torch.inference_mode():
        return {"epochs": epochs, "loss": trainer.loss(trainer.model(x).squeeze(1), y).item()}


# W15: the networks are one network whose matrices have one more axis.


def many(workload, problem, x, y):
    trial = Networks(workload, problem)
    losses = [trial.step(x, y).item(), trial.step(x, y).item()]

    def run(times):
        for _ in range(times):
            networks = Networks(workload, problem)
            for _ in range(workload.epochs):
                networks.step(x, y)
        return {"epochs": workload.epochs, "loss": networks.loss(x, y).item()}

    return losses, run


class Networks:
    def __init__(self, workload, problem):
        self.networks, self.activation = workload.networks, ACTIVATIONS[workload.hidden]()
        layers = [[torch.from_numpy(part) for part in layer] for layer in problem.stacked_layers]
        # Wᵀ, and b as a row.
        self.layers = [[weights.mT.clone(), bias[:, None, :].clone()] for weights, bias in layers]
        parameters = [part.requires_grad_() for layer in self.layers for part in layer]
        self.optimizer = torch.optim.SGD(parameters, lr=workload.rate, fused=True)

    def loss(self, x, y):
        """The mean of the losses of all networks."""
        a = x.expand(self.networks, *x.shape)
        for k, (weights, bias) in enumerate(self.layers):
            a = torch.baddbmm(bias, self.activation(a) if k else a, weights)
        return torch.nn.functional.cross_entropy(a.flatten(0, 1), y.repeat(self.networks))

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(x, y)
        # The gradient of each network is that of its own loss, not that of the mean.
        (loss * self.networks).backward()
        self.optimizer.step()
        return loss.detach()


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
