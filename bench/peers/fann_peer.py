"""FANN, the C library, in double precision (libdoublefann), if the system has it; one thread.

It trains on squared errors only. Its loop over samples is in C, so hardly any Python is timed.
"""

import ctypes
from ctypes import POINTER, c_double, c_float, c_int, c_uint, c_void_p
from ctypes.util import find_library

import numpy as np

from workloads import DIFFERENCES, OUTPUTS, Skip

LIBRARY = find_library("doublefann")
VERSION = LIBRARY or "not installed"

# Values of its enumerations.
LINEAR, SIGMOID, TRAIN_BATCH, ERRORFUNC_LINEAR = 0, 3, 1, 0
# Largest number of samples in one call of `fann_test_data`.
SAMPLES = 10_000


class Data(ctypes.Structure):
    """struct fann_train_data"""

    _fields_ = [
        ("errno_f", c_int),
        ("error_log", c_void_p),
        ("errstr", c_void_p),
        ("num_data", c_uint),
        ("num_input", c_uint),
        ("num_output", c_uint),
        ("input", POINTER(POINTER(c_double))),
        ("output", POINTER(POINTER(c_double))),
    ]


class Connection(ctypes.Structure):
    """struct fann_connection"""

    _fields_ = [("from_neuron", c_uint), ("to_neuron", c_uint), ("weight", c_double)]


def prepare(workload, problem, threads):
    refuse(workload, threads)
    fann = load()
    network = make_network(fann, workload, problem.layers)
    if workload.unit == OUTPUTS:
        return inference(fann, network, problem)
    data = make_data(fann, problem.x, problem.y[:, None])
    losses = [mean_loss(fann, network, problem)]
    fann.fann_train_epoch(network, data)
    losses.append(mean_loss(fann, network, problem))

    def run(epochs):
        for _ in range(epochs):
            fann.fann_train_epoch(network, data)

    return losses, run


def refuse(workload, threads):
    if LIBRARY is None:
        raise Skip("libdoublefann is not installed")
    if workload.hidden in ("relu", "silu"):
        raise Skip("it has no ReLU and no SiLU")
    if workload.optimizer != "descent":
        raise Skip("it has no such optimizer")
    if workload.unit == DIFFERENCES:
        raise Skip("it has no loss as a function of the parameters")
    if workload.unit != OUTPUTS and workload.loss != "squared error":
        raise Skip("it has no softmax with cross-entropy")
    if threads > 1:
        raise Skip("it computes on one thread")


def load():
    fann = ctypes.CDLL(LIBRARY)
    fann.fann_create_standard_array.restype = c_void_p
    fann.fann_create_train.restype = POINTER(Data)
    fann.fann_run.restype = POINTER(c_double)
    fann.fann_run.argtypes = [c_void_p, c_void_p]
    fann.fann_train_epoch.restype = fann.fann_test_data.restype = c_float
    fann.fann_train_epoch.argtypes = fann.fann_test_data.argtypes = [c_void_p, POINTER(Data)]
    for name, kind in SETTINGS.items():
        getattr(fann, name).argtypes = [c_void_p, kind]
    return fann


SETTINGS = {
    "fann_set_activation_function_hidden": c_int,
    "fann_set_activation_function_output": c_int,
    "fann_set_activation_steepness_hidden": c_double,
    "fann_set_activation_steepness_output": c_double,
    "fann_set_training_algorithm": c_int,
    "fann_set_train_error_function": c_int,
    "fann_set_learning_rate": c_float,
}


def make_network(fann, workload, layers):
    network = c_void_p(fann.fann_create_standard_array(len(workload.widths), (c_uint * 10)(*workload.widths)))
    # Its sigmoid is 1 / (1 + e^(−2sz)) with steepness s, its linear output s z.
    values = [SIGMOID, LINEAR, 0.5, 1.0, TRAIN_BATCH, ERRORFUNC_LINEAR]
    # Its gradient lacks the 2 of the squared error.
    for name, value in zip(SETTINGS, [*values, 2 * workload.rate]):
        getattr(fann, name)(network, value)
    # Connections are sorted by the neuron that they lead to; the last one of each neuron is its bias.
    weights = np.concatenate([np.column_stack(layer).ravel() for layer in layers])
    connections = (Connection * weights.size)()
    fann.fann_get_connection_array(network, connections)
    for connection, weight in zip(connections, weights):
        connection.weight = weight
    fann.fann_set_weight_array(network, connections, weights.size)
    return network


def make_data(fann, x, y):
    data = fann.fann_create_train(len(x), x.shape[1], y.shape[1])
    for rows, values in [(data.contents.input, x), (data.contents.output, y)]:
        # All rows are one contiguous block of memory, which begins at the first row.
        np.ctypeslib.as_array(rows[0], values.shape)[:] = values
    return data


def mean_loss(fann, network, problem):
    # FANN's own mean squared error is a sum in single precision.
    return float(np.mean([(z[0] - y) ** 2 for z, y in zip(run_each(fann, network, problem.x), problem.y)]))


def run_each(fann, network, x):
    """Yields the outputs of each sample, which are valid until the next sample."""
    x = np.ascontiguousarray(x)
    for row in range(len(x)):
        yield fann.fann_run(network, x.ctypes.data + row * x.strides[0])


def inference(fann, network, problem):
    rows, width = len(problem.x), problem.layers[-1][0].shape[0]
    x = np.tile(problem.x, (SAMPLES // rows, 1))
    # `fann_test_data` runs the samples one after the other; adding up their errors costs little.
    data = make_data(fann, x, np.zeros((len(x), width)))
    total = float(np.sum([z[:width] for z in run_each(fann, network, problem.x)]))

    def run(calls):
        whole, rest = divmod(calls * rows, SAMPLES)
        for count in [SAMPLES] * whole + [rest]:
            data.contents.num_data = count
            fann.fann_test_data(network, data)

    return [total, total], run
