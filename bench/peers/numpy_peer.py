"""numpy with its BLAS: rows are units, columns are samples, and every large array is allocated once.

A layer is one matrix [W | b], and activations end with a row of ones, so that the matrix product adds the
biases.
"""

import numpy as np

from workloads import DIFFERENCES, OUTPUTS, RUN, STEP, Skip

VERSION = np.__version__

# Number of rows in a block of a large step, so that a block fits into the cache: a fifth faster than all of
# 100 000 rows at once.
ROWS = 2048
# Number of parameters of W4 at a time: the fastest of 6, 11, 33, 66, which divide 2 178.
PARAMETERS = 11
# Settings of Adam.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def prepare(workload, problem, threads):
    refuse(workload)
    x, layers = with_ones(problem.x), [np.column_stack(layer) for layer in problem.layers]
    if workload.unit == OUTPUTS:
        return inference(workload, x, layers)
    t = targets(workload, problem)
    if workload.unit == DIFFERENCES:
        return differences(workload, x, t, layers)
    trial = Trainer(workload, layers)
    return [trial.step(x, t), trial.step(x, t)], training(workload, x, t, Trainer(workload, layers))


def refuse(workload):
    if workload.unit == RUN:
        raise Skip("it has no optimizers; scipy's work on numpy's gradients")
    if workload.hidden not in ACTIVATE or workload.weighted or workload.smoothing:
        raise Skip("its loops are written by hand, for sigmoid, tanh and ReLU and the plain losses")


def with_ones(x):
    """(rows, inputs) → (inputs + 1, rows); in memory each sample stays contiguous."""
    return np.column_stack([x, np.ones(len(x), x.dtype)]).T


def targets(workload, problem):
    """(outputs, rows): one-hot classes, or the numbers themselves."""
    if workload.loss == "squared error":
        return problem.y[None, :]
    return np.eye(workload.widths[-1], dtype=problem.x.dtype).take(problem.y, axis=1)


def inference(workload, x, layers):
    activate, buffers = ACTIVATE[workload.hidden], hidden_buffers(layers, x.shape[1])

    def call():
        return forward(layers, x, buffers, activate)[1]

    def run(calls):
        for _ in range(calls):
            call()

    total = float(call().sum(dtype=float))
    return [total, total], run


def training(workload, x, t, trainer):
    samples, rng = x.T, np.random.default_rng()

    def full_batch():
        return trainer.step(x, t)

    def mini_batches():
        order = rng.permutation(workload.rows)
        batches = [order[start : start + workload.batch] for start in range(0, workload.rows, workload.batch)]
        return sum(len(rows) * trainer.step(samples.take(rows, axis=0).T, t.take(rows, axis=1)) for rows in batches)

    epoch = mini_batches if workload.batch else full_batch
    return lambda epochs: [epoch() for _ in range(epochs)]


class Trainer:
    """Gradient descent on J. Parameters are one array with a view of each layer, and so are gradients."""

    def __init__(self, workload, layers):
        self.theta, self.layers = joined(layers)
        self.gradient, self.gradients = joined(layers)
        self.part, self.parts = joined(layers)
        self.rate, self.loss = workload.rate, LOSSES[workload.loss]
        self.activate, self.chain = ACTIVATE[workload.hidden], CHAIN[workload.hidden]
        self.shrink = shrink(layers, 2 * workload.rate * workload.l2) if workload.l2 else None
        self.buffers = {}
        self.update = Adam(workload, self) if workload.optimizer == "adam" else self.descend

    def step(self, x, t):
        """θ ← θ − η ∂J/∂θ; returns the mean loss before the update."""
        rows = x.shape[1]
        loss = self.backward(x[:, :ROWS], t[:, :ROWS], self.gradients)
        for start in range(ROWS, rows, ROWS):
            block = slice(start, start + ROWS)
            loss += self.backward(x[:, block], t[:, block], self.parts)
            self.gradient += self.part
        if self.shrink is not None:
            self.theta *= self.shrink
        self.update(rows)
        return float(loss) / rows

    def descend(self, rows):
        self.gradient *= self.rate / rows
        self.theta -= self.gradient

    def backward(self, x, t, gradients):
        """Returns the sum of the rows' losses, and overwrites `gradients` with its derivatives, δ aᵀ."""
        buffers, deltas = self.buffers_of(x.shape[1])
        activations, z = forward(self.layers, x, buffers, self.activate)
        loss, delta = self.loss(z, t)
        for k in range(len(self.layers) - 1, 0, -1):
            np.matmul(delta, activations[k].T, out=gradients[k])
            delta = np.matmul(self.layers[k][:, :-1].T, delta, out=deltas[k - 1])
            self.chain(activations[k][:-1], delta)
        np.matmul(delta, x.T, out=gradients[0])
        return loss

    def buffers_of(self, rows):
        if rows not in self.buffers:
            activations = hidden_buffers(self.layers, rows)
            self.buffers[rows] = activations, [np.empty_like(z) for _, z in activations]
        return self.buffers[rows]


class Adam:
    """Updates of a trainer: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← (1 − η d) θ − η m̂ / (√v̂ + ε)."""

    def __init__(self, workload, trainer):
        self.trainer, self.updates, self.keep = trainer, 0, 1 - workload.rate * workload.decay
        self.m, self.v, self.work = (np.zeros_like(trainer.theta) for _ in range(3))

    def __call__(self, rows):
        self.updates += 1
        theta, g, m, v, work = self.trainer.theta, self.trainer.gradient, self.m, self.v, self.work
        g /= rows
        m *= BETA1
        np.multiply(g, 1 - BETA1, out=work)
        m += work
        v *= BETA2
        np.multiply(g, g, out=work)
        work *= 1 - BETA2
        v += work
        np.multiply(v, 1 / (1 - BETA2**self.updates), out=work)
        np.sqrt(work, out=work)
        work += EPSILON
        np.divide(m, work, out=work)
        work *= self.trainer.rate / (1 - BETA1**self.updates)
        theta *= self.keep
        theta -= work


class Objective:
    """Mean squared error of all rows as a function of one vector, for the minimisers of scipy."""

    def __init__(self, workload, problem):
        self.x, self.t = with_ones(problem.x), targets(workload, problem)
        self.trainer = Trainer(workload, [np.column_stack(layer) for layer in problem.layers])

    def start(self):
        return self.trainer.theta.copy()

    def value_and_gradient(self, theta):
        trainer, rows = self.trainer, self.x.shape[1]
        trainer.theta[:] = theta
        loss = trainer.backward(self.x, self.t, trainer.gradients)
        # The caller may keep the gradient.
        return float(loss) / rows, trainer.gradient / rows

    def residuals(self, theta):
        return self.forward(theta)[1][0] - self.t[0]

    def jacobian(self, theta):
        """∂ŷ/∂θ, (rows, parameters), of a network with one output."""
        activations, z = self.forward(theta)
        layers, rows = self.trainer.layers, self.x.shape[1]
        delta, parts = np.ones_like(z), []
        for k in range(len(layers) - 1, -1, -1):
            # ∂ŷ/∂W = δ aᵀ for each row
            parts.append((delta.T[:, :, None] * activations[k].T[:, None, :]).reshape(rows, -1))
            if k:
                delta = layers[k][:, :-1].T @ delta
                self.trainer.chain(activations[k][:-1].copy(), delta)
        return np.concatenate(parts[::-1], axis=1)

    def forward(self, theta):
        trainer = self.trainer
        trainer.theta[:] = theta
        return forward(trainer.layers, self.x, trainer.buffers_of(self.x.shape[1])[0], trainer.activate)


def joined(layers):
    """A copy of all layers in one array, and a view of each layer in it."""
    whole = np.concatenate([layer.ravel() for layer in layers])
    return whole, split(whole, layers)


def split(whole, layers):
    ends = np.cumsum([layer.size for layer in layers])
    parts = np.split(whole, ends[:-1], axis=-1)
    return [part.reshape(*whole.shape[:-1], *layer.shape) for part, layer in zip(parts, layers)]


def shrink(layers, decay):
    """The factor of θ for the penalty's part of a step, −η · 2λ W: 1 − 2ηλ for weights, 1 for biases."""
    whole, parts = joined([np.ones_like(layer) for layer in layers])
    for part in parts:
        part[:, :-1] -= decay
    return whole


# Forward, backward, activations and losses. Layers are (…, fan_out, fan_in + 1), activations are
# (…, units + 1, rows).


def hidden_buffers(layers, rows):
    """For each hidden layer the activations with their row of ones, and a view without this row."""
    buffers = [np.ones((*w.shape[:-2], w.shape[-2] + 1, rows), w.dtype) for w in layers[:-1]]
    return [(a, a[..., :-1, :]) for a in buffers]


def forward(layers, x, buffers, activate):
    """[a⁰, a¹, …] and the raw outputs."""
    *hidden, output = layers
    activations = [x]
    for weights, (a, z) in zip(hidden, buffers):
        np.matmul(weights, activations[-1], out=z)
        activate(z)
        activations.append(a)
    return activations, np.matmul(output, activations[-1])


def sigmoid(z):
    """z becomes 1 / (1 + e⁻ᶻ)."""
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


def sigmoid_chain(a, delta):
    """δ becomes δ a (1 − a); `a` is overwritten."""
    delta *= a
    np.subtract(1, a, out=a)
    delta *= a


def tanh(z):
    np.tanh(z, out=z)


def tanh_chain(a, delta):
    """δ becomes δ (1 − a²); `a` is overwritten."""
    np.multiply(a, a, out=a)
    np.subtract(1, a, out=a)
    delta *= a


def relu(z):
    np.maximum(z, 0, out=z)


def relu_chain(a, delta):
    delta *= a > 0


def cross_entropy(z, t):
    """Sum over rows of ln Σ eᶻ − z of the class, and its derivative softmax(z) − t in place of z."""
    # Subtracting the maximum leaves the softmax unchanged and keeps `exp` below overflow.
    z -= z.max(axis=-2, keepdims=True)
    of_class = np.multiply(z, t).sum(axis=(-2, -1))
    np.exp(z, out=z)
    sums = z.sum(axis=-2, keepdims=True)
    z /= sums
    z -= t
    return np.log(sums).sum(axis=(-2, -1)) - of_class, z


def squared_error(z, t):
    """Sum over rows of (z − t)², and its derivative in place of z."""
    z -= t
    loss = np.vdot(z, z)
    z *= 2
    return loss, z


ACTIVATE = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu}
CHAIN = {"sigmoid": sigmoid_chain, "tanh": tanh_chain, "relu": relu_chain}
LOSSES = {"cross-entropy": cross_entropy, "squared error": squared_error}


# W4.


def differences(workload, x, t, layers):
    """(f(θ + h) − f(θ − h)) / 2h for every parameter, several parameters at a time."""
    theta, _ = joined(layers)
    steps = STEP * np.eye(theta.size).reshape(-1, PARAMETERS, theta.size)
    activate = ACTIVATE[workload.hidden]
    buffers = hidden_buffers(split(theta + steps[0], layers), workload.rows)

    def loss(thetas):
        _, z = forward(split(thetas, layers), x, buffers, activate)
        return cross_entropy(z, t)[0] / workload.rows

    def all_of_them():
        return np.concatenate([(loss(theta + step) - loss(theta - step)) / (2 * STEP) for step in steps])

    def run(times):
        for _ in range(times):
            all_of_them()

    total = float(np.abs(all_of_them()).sum())
    return [total, total], run
