"""Compares what a runtime of ONNX computes with what the models of ann predict.

    python3 bench/export/compare.py RUNTIME FOLDER

The folder is written by the example `cases` of ann-export. Prints one line for each precision, and fails if a
difference is above its bar. `cargo xtask onnx` runs it for every runtime.
"""

import json
import sys
from pathlib import Path

import numpy as np

# Probabilities; numbers in units of their standard deviation.
SINGLE = 1e-6
BARS = {"mixed": SINGLE, "f32": SINGLE, "f64": 1e-13}
# Labels may differ where the two largest probabilities differ by less.
TIE = 1e-6
# Number of rows, and of those for what is slow.
TOTAL, FEW = 10_000, 500


def main():
    runtime, folder = RUNTIMES[sys.argv[1]](), Path(sys.argv[2])
    rows, worst, counts, failures = {}, {}, {}, []
    for case in json.loads((folder / "cases.json").read_text()):
        if case["rows"] not in rows:
            rows[case["rows"]] = Rows(folder / case["rows"], runtime.rows)
        if rows[case["rows"]].have_words and not runtime.takes_words:
            continue
        case["expected"] = np.fromfile(folder / case["expected"]).reshape(TOTAL, -1)
        for graph in case["graphs"]:
            # A network of single precision predicts in single precision, whatever the graph does.
            is_exact = graph["precision"] != "f64" or case["is_double"]
            kind = graph["precision"] if is_exact else "f64 of a model in f32"
            try:
                difference = compare(runtime, folder / graph["file"], case, graph, rows[case["rows"]])
            except Exception as error:
                failures.append(f"{graph['file']}: {type(error).__name__}: {str(error)[:300]}")
                continue
            worst[kind], counts[kind] = max(worst.get(kind, 0), difference), counts.get(kind, 0) + 1
            if not difference <= BARS.get(kind, SINGLE):
                failures.append(f"{graph['file']}: the largest difference is {difference:.1e}")
    for kind, difference in worst.items():
        print(f"{runtime.version}, {kind}: {counts[kind]} graphs, largest difference {difference:.1e}")
    if failures or not worst:
        sys.exit("\n".join([*failures[:20], f"{len(failures)} graphs failed in {runtime.version}"]))


class Rows:
    """The cells of each column, as a runtime takes them."""

    def __init__(self, path, count):
        self.columns, self.count = json.loads(path.read_text()), count
        self.have_words = any(column["is_word"] for column in self.columns)

    def inputs(self, graph):
        columns = {column["name"]: self.cells(column, graph["precision"]) for column in self.columns}
        return {"inputs": np.hstack(list(columns.values()))} if graph["is_matrix"] else columns

    def cells(self, column, precision):
        cells = column["cells"][: self.count]
        if column["is_word"]:
            # What is missing is empty in files, and one of these in Python.
            gaps = ["", "?", None, "nan", "None", "<NA>"]
            cells = [gaps[row % len(gaps)] if cell is None else cell for row, cell in enumerate(cells)]
            return np.array(cells, dtype=object).reshape(-1, 1)
        numbers = np.array([np.nan if cell is None else cell for cell in cells], dtype=float).reshape(-1, 1)
        return numbers.astype(np.float32) if precision == "f32" else numbers


def compare(runtime, path, case, graph, rows):
    """The largest difference. A wrong label is an error."""
    expected = case["expected"][: rows.count]
    outputs = runtime.run(path, rows.inputs(graph))
    if outputs is None:
        return 0
    found = np.asarray(outputs[-1], dtype=float)
    if found.shape != expected.shape:
        raise ValueError(f"found shape {found.shape}, expected {expected.shape}")
    if len(outputs) > 1:
        labels, is_sure = expected_labels(case, expected)
        wrong = int((labels != np.asarray(outputs[0], dtype=str))[is_sure].sum())
        if wrong:
            raise ValueError(f"{wrong} labels are wrong")
    difference = np.abs(found - expected).max(axis=0)
    return float(np.max(difference / case["scales"] if case["scales"] else difference))


def expected_labels(case, probabilities):
    """The labels, and where they do not depend on the last digits."""
    if case["classes"]:
        ordered = np.sort(probabilities, axis=1)
        return np.array(case["classes"])[probabilities.argmax(axis=1)], ordered[:, -1] - ordered[:, -2] > TIE
    absent, present = np.array(case["labels"]).T
    return np.where(probabilities > 0.5, present, absent), np.abs(probabilities - 0.5) > TIE


class OnnxRuntime:
    rows, takes_words = TOTAL, True

    def __init__(self):
        import onnxruntime

        self.onnxruntime = onnxruntime
        self.version = f"onnxruntime {onnxruntime.__version__}"
        onnxruntime.set_default_logger_severity(3)

    def run(self, path, inputs):
        session = self.onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return session.run(None, inputs)


class Reference:
    rows, takes_words = FEW, True

    def __init__(self):
        import onnx
        from onnx.reference import ReferenceEvaluator

        self.evaluator = ReferenceEvaluator
        self.version = f"onnx.reference {onnx.__version__}"

    def run(self, path, inputs):
        # As ONNX Runtime does, it takes None as a text.
        texts = {name: cells.astype(str).astype(object) for name, cells in inputs.items() if cells.dtype == object}
        return self.evaluator(str(path)).run(None, inputs | texts)


class Checker:
    """Checks the graph instead of computing it: all of it is valid, and other programs write the same bytes."""

    rows, takes_words = FEW, True

    def __init__(self):
        import onnx

        self.onnx = onnx
        self.version = f"onnx.checker {onnx.__version__}"

    def run(self, path, inputs):
        model = self.onnx.load(path)
        self.onnx.checker.check_model(model, full_check=True)
        if model.SerializeToString() != path.read_bytes():
            raise ValueError("other programs write other bytes")
        return None


class Tract:
    """Its Python package takes no texts."""

    rows, takes_words = TOTAL, False

    def __init__(self):
        import tract

        self.tract = tract
        self.version = f"tract {tract.version()}"

    def run(self, path, inputs):
        model = self.tract.onnx().load(str(path)).into_model().into_runnable()
        # The first output are labels, if there are several.
        return [model.run(list(inputs.values()))[-1].to_numpy()]


RUNTIMES = {"onnxruntime": OnnxRuntime, "reference": Reference, "checker": Checker, "tract": Tract}

if __name__ == "__main__":
    main()
