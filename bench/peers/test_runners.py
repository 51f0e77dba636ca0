"""Every installed library understands each workload, with few rows:

    target/bench/venv/bin/python bench/peers/test_runners.py
"""

import importlib
import os
import unittest
from dataclasses import replace

import runner
from problems import problem
from workloads import DIFFERENCES, OUTPUTS, RUN, WORKLOADS, Skip

# JAX reads the number of threads when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Number of rows in a test, more than the parameters of W14, as MINPACK needs them; mini-batch workloads get two
# batches. The most epochs and networks of a run.
FEW, EPOCHS, NETWORKS = 100, 20, 2


def small(workload):
    enough = 2 * workload.batch if workload.batch else FEW
    rows = min(workload.rows, enough) if workload.data in ("drawn", "bell") else workload.rows
    epochs, networks = min(workload.epochs, EPOCHS), min(workload.networks, NETWORKS)
    return replace(workload, rows=rows, epochs=epochs, networks=networks)


class Runners(unittest.TestCase):
    def test_every_workload_is_understood(self):
        for library, module in runner.LIBRARIES.items():
            try:
                peer = importlib.import_module(module)
            except ImportError:
                # Not every library exists for every system; the harness names those that are missing.
                continue
            for workload in map(small, WORKLOADS.values()):
                with self.subTest(library=library, workload=workload.name):
                    self.check(peer, workload)

    def check(self, peer, workload):
        try:
            (before, after), run = peer.prepare(workload, problem(workload), 1)
        except Skip:
            return
        if workload.unit in (DIFFERENCES, OUTPUTS):
            self.assertEqual(before, after)
        else:
            self.assertLess(after, before)
        end = run(1)
        if workload.unit == RUN:
            self.assertLess(end["loss"], after)
            self.assertTrue(end["epochs"] == workload.epochs or end["loss"] < workload.below)


if __name__ == "__main__":
    unittest.main()
