"""JAX, compiled: all epochs or steps of a run are one program, a `scan` that returns the loss of each. Optimizers
other than plain descent are those of optax.

Rows are the units of a layer, columns are samples: XLA computes narrow layers faster in this way.
"""

import os
from functools import partial

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from workloads import DIFFERENCES, HISTORY, OUTPUTS, RUN, STEP, Skip

# Registers of 512 bits if the processor has them; the default is 256. Narrow layers are a tenth faster. XLA
# reads this when the first array is made.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")
jax.config.update("jax_enable_x64", True)
# A device for each thread, so that threads can share the rows of a large step. The runner has set the
# variable.
jax.config.update("jax_num_cpu_devices", int(os.environ["OMP_NUM_THREADS"]))

VERSION = jax.__version__

# Number of rows in a block of a large step, so that a block fits into the cache: the fastest of 500, 1 000, …
# 10 000, and twice as fast as all rows at once. It divides the rows of every large step, and the share of
# each of two threads.
ROWS = 1000
# Number of steps in one iteration of a long `scan`.
UNROLL = 4


def prepare(workload, problem, threads):
    layers = [(jnp.asarray(weights), jnp.asarray(bias)[:, None]) for weights, bias in problem.layers]
    if workload.unit == OUTPUTS:
        return inference(workload, jnp.asarray(problem.x), layers)
    x, t = jnp.asarray(problem.x), targets(workload, problem)
    if workload.unit == DIFFERENCES:
        return differences(workload, x, t, layers)
    if workload.optimizer == "levenberg-marquardt":
        raise Skip("optax has no Levenberg–Marquardt")
    if workload.networks > 1:
        return many(workload, x, t, problem.stacked_layers)
    if is_shared(workload):
        x, t = jax.device_put((x, t), NamedSharding(mesh(), PartitionSpec("threads")))
        layers = jax.device_put(layers, NamedSharding(mesh(), PartitionSpec()))
    trial = jax.jit(partial(full_batch, workload, steps=2))
    losses = [float(loss) for loss in trial(start(workload, layers), x, t)[1]]
    if workload.unit == RUN:
        return losses, runs(workload, x, t, layers)
    return losses, training(workload, x, t, start(workload, layers))


def is_shared(workload):
    """Whether a step has enough rows for threads to share; each thread then takes its rows in blocks."""
    return workload.batch is None and workload.rows > ROWS


def mesh():
    return Mesh(jax.devices(), ("threads",))


def targets(workload, problem):
    """(rows, outputs): one-hot classes, whose derivative needs no scatter, or the numbers themselves.

    Classes are smoothed, and then multiplied by the weight of their row.
    """
    if workload.loss == "squared error":
        return jnp.asarray(problem.y)[:, None]
    classes = jax.nn.one_hot(problem.y, workload.widths[-1], dtype=problem.x.dtype)
    smoothed = optax.smooth_labels(classes, workload.smoothing) if workload.smoothing else classes
    return smoothed * problem.row_weights[:, None] if workload.weighted else smoothed


def forward(workload, layers, x):
    """Raw outputs, (outputs, rows)."""
    a = x.T
    *hidden, (weights, bias) = layers
    for hidden_weights, hidden_bias in hidden:
        a = ACTIVATIONS[workload.hidden](hidden_weights @ a + hidden_bias)
    return weights @ a + bias


ACTIVATIONS = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu, "silu": jax.nn.silu}


def loss_sum(workload, layers, x, t):
    z = forward(workload, layers, x)
    if workload.loss == "squared error":
        return ((z - t.T) ** 2).sum()
    return -(jax.nn.log_softmax(z, axis=0) * t.T).sum()


# Training. A model is the layers, and the state of the optimizer.


def start(workload, layers):
    return layers, optimizer(workload).init(layers) if workload.optimizer == "adam" else ()


def optimizer(workload):
    if workload.decay:
        return optax.adamw(workload.rate, weight_decay=workload.decay)
    return optax.adam(workload.rate)


def training(workload, x, t, model):
    rng = np.random.default_rng()
    # Donated parameters are overwritten by the new ones, so training starts from a copy.
    model = jax.tree.map(jnp.copy, model)
    full_batches = jax.jit(partial(full_batch, workload), donate_argnums=0, static_argnames="steps")
    mini_batches = jax.jit(partial(shuffled_epochs, workload), donate_argnums=0)

    def run(epochs):
        nonlocal model
        if workload.batch:
            orders = np.broadcast_to(np.arange(workload.rows, dtype=np.int32), (epochs, workload.rows))
            # numpy draws the orders: JAX would sort, which takes longer.
            model, losses = mini_batches(model, x, t, rng.permuted(orders, axis=1))
        else:
            model, losses = full_batches(model, x, t, steps=epochs)
        losses.block_until_ready()

    return run


def full_batch(workload, model, x, t, steps):
    unroll = UNROLL if steps >= 10 * UNROLL else 1
    return jax.lax.scan(lambda model, _: step(workload, model, x, t), model, length=steps, unroll=unroll)


def shuffled_epochs(workload, model, x, t, orders):
    return jax.lax.scan(partial(shuffled_epoch, workload, x, t), model, orders)


def shuffled_epoch(workload, x, t, model, order):
    """One epoch in batches, the last of which may be smaller. Returns model and mean loss."""
    whole = workload.rows // workload.batch * workload.batch

    def batch(model, rows):
        model, loss = step(workload, model, x[rows], t[rows])
        return model, loss * len(rows)

    model, losses = jax.lax.scan(batch, model, order[:whole].reshape(-1, workload.batch))
    total = losses.sum()
    if whole < workload.rows:
        model, loss = batch(model, order[whole:])
        total += loss
    return model, total / workload.rows


def step(workload, model, x, t):
    """One update. Returns the new model, and the mean loss before the update."""
    layers, state = model
    loss, gradient = loss_and_gradient(workload, layers, x, t)
    # The targets of a row add up to its weight.
    rows = t.sum() if workload.weighted else len(x)
    if workload.optimizer == "adam":
        mean = jax.tree.map(lambda part: part / rows, gradient)
        updates, state = optimizer(workload).update(mean, state, layers)
        return (optax.apply_updates(layers, updates), state), loss / rows
    return (descend(workload, layers, gradient, rows), state), loss / rows


def descend(workload, layers, gradient, rows):
    """θ ← θ − η ∂J/∂θ, from the gradient summed over rows."""
    # The penalty adds −η · 2λ W to the update of the weights.
    shrink = 1 - 2 * workload.rate * workload.l2
    move = workload.rate / rows
    pairs = zip(layers, gradient)
    return [(shrink * w - move * dw, b - move * db) for (w, b), (dw, db) in pairs]


def loss_and_gradient(workload, layers, x, t):
    """Loss and gradient, summed over rows."""
    if not is_shared(workload):
        return of_rows(workload, layers, x, t)
    shared = PartitionSpec("threads")
    each = partial(of_blocks, workload)
    specs = {"in_specs": (PartitionSpec(), shared, shared), "out_specs": PartitionSpec()}
    return jax.shard_map(each, mesh=mesh(), **specs)(layers, x, t)


def of_rows(workload, layers, x, t):
    return jax.value_and_grad(partial(loss_sum, workload))(layers, x, t)


def of_blocks(workload, layers, x, t):
    """Loss and gradient of one thread's share of the rows, then the sum over all threads."""
    zero = jnp.zeros((), x.dtype), jax.tree.map(jnp.zeros_like, layers)
    # Each thread adds up separately until the end.
    zero, layers = jax.lax.pcast((zero, layers), "threads", to="varying")

    def add_block(total, block):
        return jax.tree.map(jnp.add, total, of_rows(workload, layers, *block)), None

    blocks = tuple(array.reshape(-1, ROWS, array.shape[1]) for array in (x, t))
    return jax.lax.psum(jax.lax.scan(add_block, zero, blocks)[0], "threads")


# Whole runs.


def runs(workload, x, t, layers):
    train = jax.jit(partial(lbfgs_run if workload.optimizer == "l-bfgs" else step_run, workload))

    def run(times):
        for _ in range(times):
            loss, epochs = jax.block_until_ready(train(layers, x, t))
        return {"epochs": int(epochs), "loss": float(loss)}

    return run


def lbfgs_run(workload, layers, x, t):
    rule = optax.lbfgs(memory_size=HISTORY)

    def mean_loss(layers):
        return loss_sum(workload, layers, x, t) / len(x)

    value_and_gradient = optax.value_and_grad_from_state(mean_loss)

    def iteration(model):
        layers, state = model
        # The line search has computed them already.
        value, gradient = value_and_gradient(layers, state=state)
        known = {"value": value, "grad": gradient, "value_fn": mean_loss}
        updates, state = rule.update(gradient, state, layers, **known)
        return (optax.apply_updates(layers, updates), state), optax.tree.get(state, "value")

    return until_low(workload, iteration, (layers, rule.init(layers)))[1:]


def step_run(workload, layers, x, t):
    iteration = partial(step, workload, x=x, t=t)
    (layers, _), loss, epochs = until_low(workload, iteration, start(workload, layers))
    # A step returns the loss before its update; training does not make the update after a loss that is low enough.
    is_low = loss < workload.below
    at_the_limit = loss_sum(workload, layers, x, t) / len(x)
    return jnp.where(is_low, loss, at_the_limit), epochs - is_low


def until_low(workload, iteration, model):
    """Iterates until the loss is low enough. Returns model, loss and the number of iterations."""

    def goes_on(carry):
        _, loss, epochs = carry
        return (loss >= workload.below) & (epochs < workload.epochs)

    def body(carry):
        model, _, epochs = carry
        model, loss = iteration(model)
        return model, loss, epochs + 1

    return jax.lax.while_loop(goes_on, body, (model, jnp.asarray(jnp.inf, workload.dtype), 0))


# W15.


def many(workload, x, t, layers):
    """Networks side by side by `vmap`; each thread trains its share of them."""
    shared = NamedSharding(mesh(), PartitionSpec("threads"))
    layers = jax.device_put([(weights, bias[..., None]) for weights, bias in layers], shared)
    x, t = jax.device_put((x, t), NamedSharding(mesh(), PartitionSpec()))

    @partial(jax.jit, static_argnames="steps")
    def train(layers, steps):
        each = jax.vmap(lambda layers: full_batch(workload, (layers, ()), x, t, steps))
        (layers, _), losses = each(layers)
        return layers, losses.mean(axis=0)

    mean_loss = jax.jit(jax.vmap(lambda layers: loss_sum(workload, layers, x, t) / len(x)))

    def run(times):
        for _ in range(times):
            trained, _ = jax.block_until_ready(train(layers, workload.epochs))
        return {"epochs": workload.epochs, "loss": float(mean_loss(trained).mean())}

    return [float(loss) for loss in train(layers, 2)[1]], run


# Inference and W4.


def inference(workload, x, layers):
    call = jax.jit(lambda x: forward(workload, layers, x))

    def run(calls):
        for _ in range(calls):
            call(x).block_until_ready()

    total = float(call(x).sum(dtype=float))
    return [total, total], run


def differences(workload, x, t, layers):
    """(f(θ + h) − f(θ − h)) / 2h for one parameter after another: faster than several at a time."""
    theta, layers_of = jax.flatten_util.ravel_pytree(layers)

    def mean_loss(theta):
        return loss_sum(workload, layers_of(theta), x, t) / len(x)

    def difference(i):
        return (mean_loss(theta.at[i].add(STEP)) - mean_loss(theta.at[i].add(-STEP))) / (2 * STEP)

    threads = PartitionSpec("threads")
    share = jax.shard_map(partial(jax.lax.map, difference), mesh=mesh(), in_specs=threads, out_specs=threads)
    all_of_them = jax.jit(lambda: share(jnp.arange(theta.size)))

    def run(times):
        for _ in range(times):
            all_of_them().block_until_ready()

    total = float(jnp.abs(all_of_them()).sum())
    return [total, total], run
