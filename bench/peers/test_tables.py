"""Every installed system predicts a small table of classes and one of numbers, with words and gaps:

    target/bench/venv/bin/python bench/peers/test_tables.py
"""

import json
import os
import tempfile
import unittest

import tables

ROWS = 120
TRAIN, TEST = list(range(0, ROWS - 20)), [ROWS - 1, *range(ROWS - 20, ROWS - 1)]


def line(row, classes):
    """A table whose last rows have a word that is in no other row."""
    number = "" if row % 7 == 3 else row % 10
    word = "new" if row >= ROWS - 2 else "" if row % 11 == 4 else "NA" if row % 2 else "b"
    return f"{number},{word},{('low', 'high')[row % 10 > 4] if classes else row % 10 + 0.5}"


class Systems(unittest.TestCase):
    def test_every_system_predicts(self):
        for name, system in tables.SYSTEMS.items():
            try:
                system = system()
            except ImportError:
                # Not every library exists for every system; the harness names those that are missing.
                continue
            for classes in (True, False):
                with self.subTest(system=name, classes=classes), tempfile.TemporaryDirectory() as folder:
                    self.check(system.work(assignment(folder, classes)), classes)

    def check(self, answer, classes):
        self.assertEqual(answer["truth"], [line(row, classes).split(",")[2] for row in TEST])
        self.assertEqual(answer.get("classes"), ["high", "low"] if classes else None)
        for row in answer["values"]:
            self.assertEqual(len(row), 2 if classes else 1)
            if classes:
                self.assertAlmostEqual(sum(row), 1, places=5)
        self.assertEqual(len(answer["values"]), len(TEST))
        json.dumps(answer, allow_nan=False)


def assignment(folder, classes):
    path = os.path.join(folder, "copy.csv")
    with open(path, "w") as file:
        file.write("\n".join(["number,word,target", *(line(row, classes) for row in range(ROWS))]) + "\n")
    return tables.Assignment(
        dict(copy=path, target="target", classes=classes, words=["word"], seed=0, train=TRAIN, test=TEST)
    )


if __name__ == "__main__":
    unittest.main()
