"""Every installed library understands each workload, with few rows:

    target/bench/venv/bin/python bench/peers/test_runners.py
"""

import importlib
import os
import unittest
from dataclasses import replace

import runner
from problems import problem
from workloads import DIFFERENCES, OUTPUTS, WORKLOADS, Skip

# JAX reads the number of threads when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Number of rows in a test; mini-batch workloads get two batches.
FEW = 64


def small(workload):
    enough = 2 * workload.batch if workload.batch else FEW
    return replace(workload, rows=min(workload.rows, enough)) if workload.data == "drawn" else workload


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
        run(1)


if __name__ == "__main__":
    unittest.main()
