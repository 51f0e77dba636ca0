"""Times gradient checks side by side: ours, numpy, JAX and PyTorch.

The network is the largest of the report (see the project's README.md), 2-[3, 10, 50, 30, 1, 4]-2 with sigmoid
hidden layers, cross-entropy and 2 178 parameters, on the 400 rows of `squares` in float64.

  ann central  central differences, h = 1e-4; values that do not depend on the changed weight are reused
  ann exact    the exact derivatives, on dual numbers
  ann check    a whole check: both of these, at several points, with few and many rows, and a self-test
  numpy        central differences, h = 1e-4: full forward passes, several parameters at a time
  JAX          the same, compiled
  PyTorch      torch.autograd.gradcheck with its default settings: central differences against autograd

Each tool is a separate process, which is compiled and warmed up before it is timed. In each round the tools
take turns, so that a busy moment of the machine slows down all of them alike. The result is the median.
The differences of numpy and JAX must agree with the derivatives of PyTorch's backward pass.

    python3 bench/gradient_check/compare.py [--rounds 7] [--record]

installs requirements.txt into a virtual environment in the target folder, builds the Rust example, and prints
a line of JSON for each round and a table at the end. `--record` writes the table to RESULTS.md.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import venv
from datetime import date
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WIDTHS = [2, 3, 10, 50, 30, 1, 4, 2]
STEP = 1e-4
SEED = 0
# Number of parameters at a time: the fastest of 8, 32, 64, 128 and of 1, 4, 16, 64.
NUMPY_BATCH, JAX_BATCH = 32, 4
# Truncation, h²/6 of the third derivative, and rounding, 1e-16 · J / h, are both below 1e-9 here.
AGREEMENT = 1e-8


def main():
    arguments = parse_arguments()
    target = target_folder()
    enter_environment(target / "gradient-check-venv")
    if arguments.peer:
        return serve(PEERS[arguments.peer])
    contestants = {**ann(target), **{name: start(name) for name in PEERS}}
    rounds = [one_round(contestants) for _ in range(arguments.rounds)]
    table = results(rounds)
    print(table)
    if arguments.record:
        (HERE / "RESULTS.md").write_text(document(table, arguments.rounds), encoding="utf-8")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--record", action="store_true", help="write RESULTS.md")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    return parser.parse_args()


def target_folder():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    return Path(json.loads(subprocess.check_output(command, cwd=ROOT))["target_directory"])


def enter_environment(folder):
    """Starts this script again inside the virtual environment, which is created if it is missing."""
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.check_call([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"])
    sys.exit(subprocess.call([python, *sys.argv]))


def one_round(contestants):
    seconds = {name: run() for name, run in contestants.items()}
    print(json.dumps(seconds), flush=True)
    return seconds


def ann(target):
    cargo = ["cargo", "build", "--release", "-p", "ann-gradcheck", "--example", "time_differences"]
    subprocess.check_call(cargo, cwd=ROOT)
    program = target / "release/examples/time_differences"

    def run(what):
        # The first run is the warm-up.
        return float(subprocess.check_output([program, "2", what]).split()[-1])

    return {f"ann {what}": partial(run, what) for what in ["central", "exact", "check"]}


def start(name):
    """Starts a process for one peer and warms it up. Returns a function that times one run, in seconds."""
    command = [sys.executable, __file__, "--peer", name]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n", f"{name} failed"

    def run():
        print(file=process.stdin, flush=True)
        return float(process.stdout.readline())

    return run


def serve(peer):
    run = peer(*squares(), parameters())
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        run()
        print(time.perf_counter() - begin, flush=True)


# The problem.


def squares():
    import numpy as np

    rows = [line.split("\t") for line in (ROOT / "crates/ann-datasets/data/squares.tab").read_text().splitlines()[1:]]
    x = np.array([[float(cell) for cell in row[1:]] for row in rows])
    return x, np.array([int(row[0] == "C2") for row in rows])


def parameters():
    """θ = [W¹ | b¹ | W² | …], Xavier normal, biases 0."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    layers = [(rng.normal(0, (2 / (n + m)) ** 0.5, m * n), np.zeros(m)) for n, m in zip(WIDTHS, WIDTHS[1:])]
    theta = np.concatenate([part for layer in layers for part in layer])
    assert theta.size == 2178
    return theta


def layers_of(theta):
    """Views of W (out, in) and b of each layer. `theta` may be one θ or an array of many."""
    start = 0
    for n, m in zip(WIDTHS, WIDTHS[1:]):
        weights, bias = theta[..., start : start + m * n], theta[..., start + m * n : start + m * n + m]
        yield weights.reshape(*weights.shape[:-1], m, n), bias
        start += m * n + m


# The peers: each prepares a function to be timed.


def numpy_differences(x, classes, theta):
    import numpy as np

    rows, x = np.arange(len(x)), np.ascontiguousarray(x.T)
    steps = STEP * np.eye(theta.size)

    def value(thetas):
        """J at many θ: W is (θ, out, in), activations are (θ, units, rows)."""
        a = x
        *hidden, output = layers_of(thetas)
        for weights, bias in hidden:
            z = weights @ a
            z += bias[..., None]
            # 1 / (1 + e⁻ᶻ) in place.
            np.negative(z, out=z)
            np.exp(z, out=z)
            z += 1
            a = np.reciprocal(z, out=z)
        z = output[0] @ a + output[1][..., None]
        z -= z.max(axis=1, keepdims=True)
        return (np.log(np.exp(z).sum(axis=1)) - z[:, classes, rows]).mean(axis=1)

    def differences():
        found = np.empty_like(theta)
        for start in range(0, theta.size, NUMPY_BATCH):
            batch = slice(start, start + NUMPY_BATCH)
            found[batch] = (value(theta + steps[batch]) - value(theta - steps[batch])) / (2 * STEP)
        return found

    return checked(differences, x.T, classes, theta)


def jax_differences(x, classes, theta):
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import numpy as np

    def value(theta):
        a = x
        *hidden, output = layers_of(theta)
        for weights, bias in hidden:
            a = jax.nn.sigmoid(a @ weights.T + bias)
        logits = a @ output[0].T + output[1]
        return -jax.nn.log_softmax(logits)[jnp.arange(len(x)), classes].mean()

    point = jnp.asarray(theta)

    def difference(i):
        return (value(point.at[i].add(STEP)) - value(point.at[i].add(-STEP))) / (2 * STEP)

    all_of_them = jax.jit(lambda: jax.lax.map(difference, jnp.arange(theta.size), batch_size=JAX_BATCH))
    return checked(lambda: np.asarray(all_of_them()), x, classes, theta)


def pytorch_gradcheck(x, classes, theta):
    import torch

    # As fast as two threads, which wait for each other for seconds if another process needs a core.
    torch.set_num_threads(1)
    value, theta = pytorch_value(x, classes, theta)
    return lambda: torch.autograd.gradcheck(value, (theta,))


def pytorch_value(x, classes, theta):
    import torch

    x, classes = torch.tensor(x), torch.tensor(classes)

    def value(theta):
        a = x
        *hidden, output = layers_of(theta)
        for weights, bias in hidden:
            a = torch.sigmoid(torch.nn.functional.linear(a, weights, bias))
        return torch.nn.functional.cross_entropy(torch.nn.functional.linear(a, *output), classes)

    return value, torch.tensor(theta, requires_grad=True)


def checked(differences, x, classes, theta):
    """Returns `differences` after a test that they agree with the gradient."""
    import torch

    value, theta = pytorch_value(x, classes, theta)
    (gradient,) = torch.autograd.grad(value(theta), theta)
    error = abs(differences() - gradient.numpy()).max()
    assert error < AGREEMENT, f"off by {error}"
    return differences


PEERS = {"numpy": numpy_differences, "JAX": jax_differences, "PyTorch": pytorch_gradcheck}


# The report.


def results(rounds):
    medians = {name: statistics.median(round[name] for round in rounds) for name in rounds[0]}
    lines = ["| tool | median s | fastest s | times `ann central` |", "|---|---|---|---|"]
    for name, median in medians.items():
        fastest = min(round[name] for round in rounds)
        lines.append(f"| {name} | {median:.3f} | {fastest:.3f} | {median / medians['ann central']:.1f} |")
    return "\n".join(lines)


def document(table, rounds):
    import jax
    import numpy
    import torch

    rust = subprocess.check_output(["rustc", "--version"], text=True).split()[1]
    versions = f"numpy {numpy.__version__}, JAX {jax.__version__}, PyTorch {torch.__version__}, Rust {rust}"
    return f"""# Gradient checks side by side

`python3 bench/gradient_check/compare.py --record`, {date.today()}: {rounds} interleaved rounds on {processor()},
{os.cpu_count()} cores; {versions}, Python {platform.python_version()}.
All 2 178 parameters of 2-[3, 10, 50, 30, 1, 4]-2, 400 rows, float64; what each tool does is described in [compare.py](compare.py).

{table}
"""


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
