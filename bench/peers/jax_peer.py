"""JAX, compiled: all epochs or steps of a run are one program, a `scan` that returns the loss of each.

Rows are the units of a layer, columns are samples: XLA computes narrow layers faster in this way.
"""

import os
from functools import partial

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from workloads import DIFFERENCES, OUTPUTS, STEP

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
    if is_shared(workload):
        x, t = jax.device_put((x, t), NamedSharding(mesh(), PartitionSpec("threads")))
        layers = jax.device_put(layers, NamedSharding(mesh(), PartitionSpec()))
    trial = jax.jit(partial(full_batch, workload, steps=2))
    return [float(loss) for loss in trial(layers, x, t)[1]], training(workload, x, t, layers)


def is_shared(workload):
    """Whether a step has enough rows for threads to share; each thread then takes its rows in blocks."""
    return workload.batch is None and workload.rows > ROWS


def mesh():
    return Mesh(jax.devices(), ("threads",))


def targets(workload, problem):
    """(rows, outputs): one-hot classes, whose derivative needs no scatter, or the numbers themselves."""
    if workload.loss == "squared error":
        return jnp.asarray(problem.y)[:, None]
    return jax.nn.one_hot(problem.y, workload.widths[-1], dtype=problem.x.dtype)


def forward(workload, layers, x):
    """Raw outputs, (outputs, rows)."""
    a = x.T
    *hidden, (weights, bias) = layers
    for hidden_weights, hidden_bias in hidden:
        a = ACTIVATIONS[workload.hidden](hidden_weights @ a + hidden_bias)
    return weights @ a + bias


ACTIVATIONS = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}


def loss_sum(workload, layers, x, t):
    z = forward(workload, layers, x)
    if workload.loss == "squared error":
        return ((z - t.T) ** 2).sum()
    return -(jax.nn.log_softmax(z, axis=0) * t.T).sum()


# Training.


def training(workload, x, t, layers):
    rng = np.random.default_rng()
    # Donated parameters are overwritten by the new ones, so training starts from a copy.
    layers = jax.tree.map(jnp.copy, layers)
    full_batches = jax.jit(partial(full_batch, workload), donate_argnums=0, static_argnames="steps")
    mini_batches = jax.jit(partial(shuffled_epochs, workload), donate_argnums=0)

    def run(epochs):
        nonlocal layers
        if workload.batch:
            orders = np.broadcast_to(np.arange(workload.rows, dtype=np.int32), (epochs, workload.rows))
            # numpy draws the orders: JAX would sort, which takes longer.
            layers, losses = mini_batches(layers, x, t, rng.permuted(orders, axis=1))
        else:
            layers, losses = full_batches(layers, x, t, steps=epochs)
        losses.block_until_ready()

    return run


def full_batch(workload, layers, x, t, steps):
    unroll = UNROLL if steps >= 10 * UNROLL else 1
    return jax.lax.scan(lambda layers, _: step(workload, layers, x, t), layers, length=steps, unroll=unroll)


def shuffled_epochs(workload, layers, x, t, orders):
    return jax.lax.scan(partial(shuffled_epoch, workload, x, t), layers, orders)


def shuffled_epoch(workload, x, t, layers, order):
    """One epoch in batches, the last of which may be smaller. Returns layers and mean loss."""
    whole = workload.rows // workload.batch * workload.batch

    def batch(layers, rows):
        layers, loss = step(workload, layers, x[rows], t[rows])
        return layers, loss * len(rows)

    layers, losses = jax.lax.scan(batch, layers, order[:whole].reshape(-1, workload.batch))
    total = losses.sum()
    if whole < workload.rows:
        layers, loss = batch(layers, order[whole:])
        total += loss
    return layers, total / workload.rows


def step(workload, layers, x, t):
    """θ ← θ − η ∂J/∂θ. Returns the new layers, and the mean loss before the update."""
    rows = len(x)
    loss, gradient = loss_and_gradient(workload, layers, x, t)
    # The penalty adds −η · 2λ W to the update of the weights.
    shrink = 1 - 2 * workload.rate * workload.l2
    move = workload.rate / rows
    pairs = zip(layers, gradient)
    return [(shrink * w - move * dw, b - move * db) for (w, b), (dw, db) in pairs], loss / rows


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
