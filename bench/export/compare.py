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
BARS = {"mixed": 1e-6, "f32": 1e-6, "f64": 1e-13}
# Labels may differ where the two largest probabilities differ by less.
TIE = 1e-6
# Rows of the runtimes that compute one operator after another in Python.
FEW_ROWS = 500


def main():
    runtime, folder = RUNTIMES[sys.argv[1]](), Path(sys.argv[2])
    rows, worst, failures, graphs = {}, {}, [], {}
    for case in json.loads((folder / "cases.json").read_text()):
        if case["rows"] not in rows:
            rows[case["rows"]] = Rows(folder / case["rows"], runtime.rows)
        for precision in case["precisions"]:
            path = folder / f"{case['name']}.{precision}.onnx"
            # A network of single precision computes in single precision, whatever the graph does.
            kind = precision if precision != "f64" or case["is_double"] else "f64 of a model in f32"
            try:
                difference = compare(runtime, path, case, rows[case["rows"]], precision)
            except Exception as error:
                failures.append(f"{path.name}: {type(error).__name__}: {str(error)[:300]}")
                continue
            worst[kind] = max(worst.get(kind, 0), difference)
            graphs[kind] = graphs.get(kind, 0) + 1
            if not difference <= BARS.get(kind, BARS["mixed"]):
                failures.append(f"{path.name}: the largest difference is {difference:.1e}")
    for kind, difference in worst.items():
        print(f"{runtime.version}, {kind}: {graphs[kind]} graphs, largest difference {difference:.1e}")
    if failures:
        sys.exit("\n".join([*failures[:20], f"{len(failures)} graphs failed in {runtime.version}"]))


class Rows:
    """The cells of each column, as a runtime takes them."""

    def __init__(self, path, most):
        self.columns = json.loads(path.read_text())
        self.count = min(len(self.columns[0]["cells"]), most or len(self.columns[0]["cells"]))

    def inputs(self, precision):
        return {column["name"]: self.cells(column, precision) for column in self.columns}

    def cells(self, column, precision):
        cells = column["cells"][: self.count]
        if column["is_word"]:
            # What is missing is empty in files, and one of these in Python.
            gaps = ["", "?", None, "nan", "None", "<NA>"]
            cells = [gaps[row % len(gaps)] if cell is None else cell for row, cell in enumerate(cells)]
            return np.array(cells, dtype=object).reshape(-1, 1)
        numbers = np.array([np.nan if cell is None else cell for cell in cells], dtype=float).reshape(-1, 1)
        return numbers.astype(np.float32) if precision == "f32" else numbers


def compare(runtime, path, case, rows, precision):
    """The largest difference. A wrong label is an infinite one."""
    outputs = runtime.run(path, rows.inputs(precision))
    expected = np.fromfile(path.with_name(f"{case['name']}.expected")).reshape(10_000, -1)[: rows.count]
    found = np.asarray(outputs[-1], dtype=float)
    if found.shape != expected.shape:
        raise ValueError(f"found shape {found.shape}, expected {expected.shape}")
    difference = np.abs(found - expected).max(axis=0) / (np.array(case["scales"]) if case["scales"] else 1)
    if case["classes"] and len(outputs) == 2:
        ordered = np.sort(expected, axis=1)
        sure = ordered[:, -1] - ordered[:, -2] > TIE
        labels = np.array(case["classes"])[expected.argmax(axis=1)]
        wrong = int((labels[sure] != np.asarray(outputs[0], dtype=str)[sure]).sum())
        if wrong:
            raise ValueError(f"{wrong} labels are wrong")
    return float(np.max(difference))


class OnnxRuntime:
    rows = None

    def __init__(self):
        import onnxruntime

        self.onnxruntime = onnxruntime
        self.version = f"onnxruntime {onnxruntime.__version__}"
        onnxruntime.set_default_logger_severity(3)

    def run(self, path, inputs):
        session = self.onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return session.run(None, inputs)


class Reference:
    rows = FEW_ROWS

    def __init__(self):
        import onnx
        from onnx.reference import ReferenceEvaluator

        self.evaluator = ReferenceEvaluator
        self.version = f"onnx.reference {onnx.__version__}"

    def run(self, path, inputs):
        # NumPy compares texts of one length, and the reference takes no missing ones.
        texts = {name: cells.astype(str) for name, cells in inputs.items() if cells.dtype == object}
        return self.evaluator(str(path)).run(None, inputs | texts)


class Checker:
    """Checks the graph instead of computing it: all of it is valid, and other programs write the same bytes."""

    rows = FEW_ROWS

    def __init__(self):
        import onnx

        self.onnx = onnx
        self.version = f"onnx.checker {onnx.__version__}"

    def run(self, path, inputs):
        model = self.onnx.load(path)
        self.onnx.checker.check_model(model, full_check=True)
        if model.SerializeToString() != path.read_bytes():
            raise ValueError("other programs write other bytes")
        return [np.fromfile(path.with_name(path.name.rsplit(".", 2)[0] + ".expected")).reshape(10_000, -1)[: self.rows]]


class Tract:
    """Its Python package takes no texts, so columns of words are left out of the comparison."""

    rows = None

    def __init__(self):
        import tract

        self.tract = tract
        self.version = f"tract {tract.version()}"

    def run(self, path, inputs):
        model = self.tract.onnx().load(str(path)).into_model()
        runnable = model.into_runnable()
        return [output.to_numpy() for output in runnable.run(list(inputs.values()))]


RUNTIMES = {"onnxruntime": OnnxRuntime, "reference": Reference, "checker": Checker, "tract": Tract}

if __name__ == "__main__":
    main()
