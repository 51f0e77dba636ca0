"""Runs the benchmark's workloads in one Python library; README.md describes the protocol.

    python3 bench/peers/runner.py LIBRARY THREADS

reads requests from standard input and answers each with one line of JSON:

    prepare W5/f32   →  {"loss": [2.50, 2.49]}   or   {"skip": "why it cannot do that"}
    run              →  {"us": 12.4}
"""

import argparse
import gc
import importlib
import json
import os
import sys
import time

# A module for each library, named so that it does not hide the library itself.
LIBRARIES = {
    "numpy": "numpy_peer",
    "scikit-learn": "sklearn_peer",
    "jax": "jax_peer",
    "pytorch": "torch_peer",
    "onnxruntime": "onnx_peer",
    "fann": "fann_peer",
    "scipy": "scipy_peer",
    "pyrenn": "pyrenn_peer",
}
# Duration of a timed run. A first unit that takes longer than WARM_UP_SECONDS is warm-up enough.
RUN_SECONDS, WARM_UP_SECONDS = 0.2, 5


def main():
    arguments = parse_arguments()
    pin(arguments.threads)
    peer = importlib.import_module(LIBRARIES[arguments.library])
    answer({"peer": arguments.library, "version": peer.VERSION, "threads": arguments.threads})
    run = None
    for line in sys.stdin:
        command, *name = line.split()
        if command == "prepare":
            # The memory of the last workload is freed before the next one is prepared.
            run = None
            gc.collect()
            run = prepare(peer, name[0], arguments.threads)
        elif command == "run" and run:
            answer({"us": run()})
        else:
            sys.exit(f"found {line!r}, expected `prepare WORKLOAD`, or `run` after one that was not skipped")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("threads", type=int)
    return parser.parse_args()


def pin(threads):
    """Restricts this process to one core for each thread, and sets the variables that libraries read.

    Call it before a library is imported.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
        os.environ[variable] = str(threads)


def answer(message):
    print(json.dumps(message), flush=True)


def prepare(peer, name, threads):
    """Answers with the losses, and with the end of training if a unit is a whole run of training. Returns a
    function that does a timed run and returns microseconds per unit.
    """
    from problems import problem
    from workloads import RUN, WORKLOADS, Skip

    workload = WORKLOADS[name]
    try:
        losses, work = peer.prepare(workload, problem(workload), threads)
    except Skip as skip:
        return answer({"skip": str(skip)})
    answer({"loss": losses, "end": work(1)} if workload.unit == RUN else {"loss": losses})
    units = warm_up(work)
    return lambda: seconds(work, units) / units * 1e6


def seconds(work, units):
    begin = time.perf_counter()
    work(units)
    return time.perf_counter() - begin


def warm_up(work):
    """Returns the number of units in a run.

    JAX compiles for each number of units, so the chosen number runs once here.
    """
    if seconds(work, 1) > WARM_UP_SECONDS:
        return 1
    units = 1
    while (taken := seconds(work, units)) < RUN_SECONDS / 10:
        units *= 10
        work(units)
    chosen = max(1, round(units * RUN_SECONDS / taken))
    if chosen != units:
        work(chosen)
    return chosen


if __name__ == "__main__":
    main()
